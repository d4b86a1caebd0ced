{{ config(materialized='table') }}
-- grain: one row per channel, account and month whose other side counts its days in another zone
-- Proof: at one offset of the log's own times at least three more days agree than as they stand, and more than
-- half of the inner ones, to the last token or the last digit billed. The nearest offset wins.
with computed as (select * from {{ ref('int_computed_lines') }}),

comparison_days as (select * from {{ ref('int_comparison_days') }}),

is_token as (select meter from {{ ref('meters') }} where is_token),

ledger_totals as (

    select
        computed.channel,
        computed.account,
        computed.usage_date,
        sum(computed.quantity) filter (where computed.meter in (select is_token.meter from is_token)) as tokens,
        sum(computed.cost_usd) as cost_usd
    from computed
    group by computed.channel, computed.account, computed.usage_date

),

other_totals as (

    select
        channel,
        account,
        usage_date,
        'usage' as reference,
        sum(quantity) filter (where meter in (select is_token.meter from is_token)) as tokens,
        cast(null as decimal(38, 18)) as amount_usd,
        cast(0 as decimal(38, 18)) as allowance_usd
    from {{ ref('int_provider_usage_lines') }}
    semi join comparison_days
        on int_provider_usage_lines.channel = comparison_days.channel
        and int_provider_usage_lines.account = comparison_days.account
        and int_provider_usage_lines.usage_date = comparison_days.usage_date
        and comparison_days.has_control
    group by channel, account, usage_date

    union all by name

    select
        channel,
        account,
        usage_date,
        'bill' as reference,
        sum(billed_usd) as amount_usd,
        sum(rounding_allowance_usd) as allowance_usd
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record and document_type = 'cost_report' and charge_kind = 'usage' and billed_usd is not null
    group by channel, account, usage_date

),

-- a day of either side without the other is a day that does not agree
compared as (

    select
        coalesce(ledger_totals.channel, other_totals.channel) as channel,
        coalesce(ledger_totals.account, other_totals.account) as account,
        coalesce(ledger_totals.usage_date, other_totals.usage_date) as usage_date,
        other_totals.* exclude (channel, account, usage_date),
        coalesce(case
            when other_totals.reference = 'usage' then ledger_totals.tokens = other_totals.tokens
            else abs(ledger_totals.cost_usd - other_totals.amount_usd) <= other_totals.allowance_usd
        end, false) as is_equal
    from ledger_totals
    inner join other_totals
        on ledger_totals.channel = other_totals.channel
        and ledger_totals.account = other_totals.account
        and ledger_totals.usage_date = other_totals.usage_date

),

suspects as (

    select
        channel,
        account,
        reference,
        cast(date_trunc('month', usage_date) as date) as month,
        min(usage_date) as first_day,
        max(usage_date) as last_day
    from compared
    group by channel, account, reference, cast(date_trunc('month', usage_date) as date)
    having count(*) filter (where not is_equal) >= 3

),

-- a month that an invoice alone bills, by the tokens that its lines count
invoiced as (

    select
        lines.channel,
        lines.account,
        lines.billing_month as month,
        sum(lines.quantity) filter (where lines.meter in (select is_token.meter from is_token)) as tokens
    from {{ ref('int_billed_lines') }} as lines
    where lines.document_type = 'invoice' and lines.charge_kind = 'usage'
    group by lines.channel, lines.account, lines.billing_month
    having bool_and(lines.quantity is not null or lines.model_key is null)

),

invoice_suspects as (

    select invoiced.*
    from invoiced
    inner join (
        select channel, account, cast(date_trunc('month', usage_date) as date) as month, sum(tokens) as tokens
        from ledger_totals
        group by all
    ) as logged
        on invoiced.channel = logged.channel
        and invoiced.account = logged.account
        and invoiced.month = logged.month
    anti join comparison_days
        on invoiced.channel = comparison_days.channel
        and invoiced.account = comparison_days.account
        and invoiced.month = date_trunc('month', comparison_days.usage_date)
        and (comparison_days.has_bill or comparison_days.has_control)
    where invoiced.tokens > 0 and invoiced.tokens <> logged.tokens

),

suspect_months as (

    select channel, account, month from suspects
    union
    select channel, account, month from invoice_suspects

),

half_hours as (

    select
        calls.channel,
        calls.account,
        time_bucket(interval 30 minutes, calls.requested_at) as half_hour,
        sum(
            {%- for meter in priced_meters() if meter != 'web_search_calls' %}
            calls.{{ meter }}{{ ' +' if not loop.last }}
            {%- endfor %}
        ) as tokens,
        sum(calls.cost_usd) as cost_usd
    from {{ ref('fct_llm_calls') }} as calls
    semi join suspect_months
        on calls.channel = suspect_months.channel
        and calls.account = suspect_months.account
        and calls.usage_date >= suspect_months.month - interval 1 day
        and calls.usage_date <= last_day(suspect_months.month) + interval 1 day
    group by calls.channel, calls.account, half_hour

),

offsets as (select unnest(range(-28, 29)) * 30 as offset_minutes),

shifted as (

    select
        half_hours.channel,
        half_hours.account,
        offsets.offset_minutes,
        cast(half_hours.half_hour + to_minutes(offsets.offset_minutes) as date) as usage_date,
        sum(half_hours.tokens) as tokens,
        sum(half_hours.cost_usd) as cost_usd
    from half_hours
    cross join offsets
    where offsets.offset_minutes <> 0
    group by all

),

-- the first and the last day of the log are cut off by any shift
scored as (

    select
        suspects.channel,
        suspects.account,
        suspects.reference,
        suspects.month,
        shifted.offset_minutes,
        count(*) as inner_days,
        count(*) filter (where compared.is_equal) as equal_days,
        count(*) filter (
            where case
                when compared.reference = 'usage' then shifted.tokens = compared.tokens
                else abs(shifted.cost_usd - compared.amount_usd) <= compared.allowance_usd
            end
        ) as matched_days
    from suspects
    inner join compared
        on suspects.channel = compared.channel
        and suspects.account = compared.account
        and suspects.reference = compared.reference
        and compared.usage_date > suspects.first_day
        and compared.usage_date < suspects.last_day
    inner join shifted
        on compared.channel = shifted.channel
        and compared.account = shifted.account
        and compared.usage_date = shifted.usage_date
    group by all

),

proved as (

    select channel, account, month, reference, offset_minutes, matched_days, inner_days
    from scored
    where matched_days >= equal_days + 3 and matched_days * 2 > inner_days

    union all by name

    -- the month's tokens to the last one
    select
        invoice_suspects.channel,
        invoice_suspects.account,
        invoice_suspects.month,
        'bill' as reference,
        months.offset_minutes,
        1 as matched_days,
        1 as inner_days
    from invoice_suspects
    inner join (
        select
            channel, account, offset_minutes, cast(date_trunc('month', usage_date) as date) as month,
            sum(tokens) as tokens
        from shifted
        group by all
    ) as months
        on invoice_suspects.channel = months.channel
        and invoice_suspects.account = months.account
        and invoice_suspects.month = months.month
        and invoice_suspects.tokens = months.tokens

)

select channel, account, month, reference, offset_minutes, matched_days, inner_days
from proved
-- a log that both others contradict alike is shifted once
qualify row_number() over (
    partition by channel, account, month
    order by reference = 'bill', matched_days desc, abs(offset_minutes), offset_minutes
) = 1
