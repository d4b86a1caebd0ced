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
    semi join suspects
        on calls.channel = suspects.channel
        and calls.account = suspects.account
        and calls.usage_date >= suspects.month - interval 1 day
        and calls.usage_date <= last_day(suspects.month) + interval 1 day
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

)

select channel, account, month, reference, offset_minutes, matched_days, inner_days
from scored
where matched_days >= equal_days + 3 and matched_days * 2 > inner_days
-- a log that both others contradict alike is shifted once
qualify row_number() over (
    partition by channel, account, month
    order by reference = 'bill', matched_days desc, abs(offset_minutes), offset_minutes
) = 1
