{{ config(materialized='table') }}
-- grain: one row per compared pair: the parts that its difference falls into, the code of the count and of the rest
-- Each step takes only what its evidence proves; what is left is `unexplained`.
with balances as (select * from {{ ref('int_pair_balances') }}),

rate_causes as (select * from {{ ref('int_rate_causes') }}),

kinds as (

    select * from (values
        ('tax', 'tax'), ('credit', 'credit'), ('refund', 'refund'), ('purchase', 'prepaid'), ('drawdown', 'prepaid'),
        ('fee', 'fee'), ('commitment', 'commitment')
    ) as kinds(charge_kind, residual_code)

),

usage_days as (

    select distinct channel, account, usage_date from {{ ref('int_ledger_days') }}

),

-- the band in which the dated rates of the currency moved while the invoice was made
bands as (

    select
        balances.pair_id,
        min(rates.usd_per_unit) as lowest_usd,
        max(rates.usd_per_unit) as highest_usd
    from balances
    inner join {{ ref('stg_reference__fx_rates') }} as rates
        on balances.foreign_currency = rates.currency
        and rates.rate_date >= balances.period_start
        and rates.rate_date <= balances.issued_on + interval 31 days
    where balances.is_open
    group by balances.pair_id

),

-- one rate of exchange turns every line of the invoice into what it costs at the card
exchanged_months as (

    select
        balances.channel,
        balances.account,
        balances.billing_month,
        balances.foreign_currency,
        sum(balances.foreign_amount) as foreign_amount,
        -- against cost reports in USD the month's total is what those reports add up to
        sum(if(
            balances.is_month_total, balances.used_usd - balances.billed_usd + foreign_usd.amount_usd,
            balances.net_used_usd + balances.count_usd
        )) as expected_usd
    from balances
    inner join (
        select channel, account, billing_month, sum(billed_usd) as amount_usd
        from {{ ref('int_billed_lines') }}
        where document_type = 'invoice' and charge_kind in ('usage', 'adjustment') and billed_currency <> 'USD'
        group by channel, account, billing_month
    ) as foreign_usd
        on balances.channel = foreign_usd.channel
        and balances.account = foreign_usd.account
        and balances.billing_month = foreign_usd.billing_month
    where balances.foreign_amount is not null and balances.charge_kind = 'usage'
    group by balances.channel, balances.account, balances.billing_month, balances.foreign_currency

),

exchanged as (

    select balances.pair_id
    from balances
    inner join bands on balances.pair_id = bands.pair_id
    inner join exchanged_months as months
        on balances.channel = months.channel
        and balances.account = months.account
        and balances.billing_month = months.billing_month
        and balances.foreign_currency = months.foreign_currency
    where months.foreign_amount > 0
        and months.expected_usd >= cast(months.foreign_amount as decimal(20, 6)) * cast(bands.lowest_usd as decimal(18, 12))
        and months.expected_usd <= cast(months.foreign_amount as decimal(20, 6)) * cast(bands.highest_usd as decimal(18, 12))
        and (
            balances.is_month_total
            or abs(
                cast(balances.foreign_amount as decimal(18, 4)) * cast(months.expected_usd as decimal(18, 4))
                - cast(balances.net_used_usd + balances.count_usd as decimal(18, 4))
                * cast(months.foreign_amount as decimal(18, 4))
            ) <= cast(months.foreign_amount + months.expected_usd as decimal(18, 4)) * cast(0.01 as decimal(18, 4))
        )

),

-- the invoice cuts the month some days earlier or later than the daily reports
report_days as (

    select channel, account, usage_date, sum(billed_usd) as billed_usd
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record and document_type = 'cost_report' and charge_kind in ('usage', 'adjustment')
    group by channel, account, usage_date

),

cuts as (

    select
        report_days.channel,
        report_days.account,
        cast(date_trunc('month', report_days.usage_date) as date) as month,
        spans.days,
        sum(report_days.billed_usd) filter (
            where report_days.usage_date > last_day(report_days.usage_date) - spans.days
        ) as tail_usd,
        sum(report_days.billed_usd) filter (where day(report_days.usage_date) <= spans.days) as head_usd
    from report_days
    cross join (select cast(unnest(range(1, 4)) as integer) as days) as spans
    group by report_days.channel, report_days.account, month, spans.days

),

cut_totals as (

    select distinct balances.pair_id
    from balances
    inner join cuts
        on balances.channel = cuts.channel
        and balances.account = cuts.account
        and (
            cuts.month = balances.billing_month
            or cuts.month = balances.billing_month + interval 1 month
            or cuts.month = balances.billing_month - interval 1 month
        )
    where balances.is_month_total and balances.is_open
        and (
            (
                cuts.month = balances.billing_month
                and (
                    abs(balances.target_usd + cuts.tail_usd) <= balances.rounding_allowance_usd
                    or abs(balances.target_usd + cuts.head_usd) <= balances.rounding_allowance_usd
                )
            )
            or (
                cuts.month > balances.billing_month
                and abs(balances.target_usd - cuts.head_usd) <= balances.rounding_allowance_usd
            )
            or (
                cuts.month < balances.billing_month
                and abs(balances.target_usd - cuts.tail_usd) <= balances.rounding_allowance_usd
            )
        )

),

-- what the unlogged usage may cost more, had all its prompts been long ones
bands_of_unlogged as (

    select pair_id, max(delta_usd) as most_usd, min(delta_usd) as least_usd
    from (
        select pair_id, price_name, sum(unlogged_delta_usd) as delta_usd
        from {{ ref('int_price_alternatives') }}
        group by pair_id, price_name
    )
    group by pair_id

),

named as (

    select
        balances.*,
        coalesce(bands_of_unlogged.most_usd, {{ zero_money() }}) as most_unlogged_usd,
        coalesce(bands_of_unlogged.least_usd, {{ zero_money() }}) as least_unlogged_usd,
        kinds.residual_code as outside_code,
        case
            when exchanged.pair_id is not null then 'currency'
            when cut_totals.pair_id is not null then 'timing_month'
            else rate_causes.residual_code
        end as cause_code,
        rate_causes.price_name,
        rate_causes.other_price_usd,
        case
            when exchanged.pair_id is not null or cut_totals.pair_id is not null
                then balances.target_usd
            else coalesce(rate_causes.delta_usd, {{ zero_money() }})
        end as cause_usd,
        usage_days.channel is not null as has_usage_day
    from balances
    left join kinds on balances.charge_kind = kinds.charge_kind
    left join rate_causes on balances.pair_id = rate_causes.pair_id
    left join exchanged on balances.pair_id = exchanged.pair_id and balances.is_open
    left join cut_totals on balances.pair_id = cut_totals.pair_id
    left join bands_of_unlogged on balances.pair_id = bands_of_unlogged.pair_id
    left join usage_days
        on balances.channel = usage_days.channel
        and balances.account = usage_days.account
        and balances.usage_date = usage_days.usage_date

),

rounded as (

    select
        *,
        case
            when bill = 'none' or is_outside or not has_bill_row then {{ zero_money() }}
            -- a difference far beyond rounding is not rounding in part
            when abs(target_usd - cause_usd) > rounding_allowance_usd * 2 then {{ zero_money() }}
            else least(greatest(target_usd - cause_usd, -rounding_allowance_usd), rounding_allowance_usd)
        end as rounding_usd,
        case when bill = 'none' then billed_usd - computed_cost_usd else {{ zero_money() }} end as not_billed_usd,
        case when is_outside then gap_usd else {{ zero_money() }} end as outside_usd
    from named

),

-- rounded rows: the hundredths of a percent of the card that each amount may stand for
ratioed as (

    select
        *,
        case
            when
                rounding_allowance_usd > 0 and (has_control or not is_logged) and is_open and cause_code is null
                and model_key is not null and meter is not null and net_used_usd > 0
                and billed_usd > rounding_allowance_usd and abs(target_usd) > rounding_allowance_usd
                then
                    ({{ units_of('billed_usd - rounding_allowance_usd') }} * 10000 + {{ units_of('net_used_usd') }} - 1)
                    // {{ units_of('net_used_usd') }}
        end as least_ratio,
        {{ units_of('billed_usd + rounding_allowance_usd') }} * 10000
        // nullif({{ units_of('net_used_usd') }}, 0) as most_ratio
    from rounded

),

-- one ratio that all rows of a model and meter can stand for, at three of them or more, is a price
shared as (

    select
        *,
        coalesce(
            count(least_ratio) over model_rows >= 3
            and max(least_ratio) over model_rows <= min(if(least_ratio is not null, most_ratio, null)) over model_rows,
            false
        ) and least_ratio is not null as has_shared_ratio
    from ratioed
    window model_rows as (partition by channel, account, billing_month, bill, model_key, meter, processing)

)

select
    *,
    case
        when bill = 'none' or is_outside or not has_bill_row then {{ zero_money() }}
        else target_usd - cause_usd - rounding_usd
    end as rest_usd,
    case
        when not has_bill_row then if(is_excluded, 'tier_not_reported', 'used_not_billed')
        when meter = 'unmapped' then 'unmapped'
        when model_key is not null and has_unknown_model then 'unknown_model'
        when not is_token and count_usd > 0 then 'tool_fee'
        -- a line that names no model claims no usage that could be looked for
        when model_key is null and meter is null then 'unexplained'
        when has_control then if(count_usd > 0, 'billed_not_used', 'used_not_billed')
        when not is_logged and used_quantity = 0 and not has_usage_day then 'unexplained'
        when is_logged then if(count_usd > 0, 'unlogged', 'over_logged')
        else if(count_usd > 0, 'billed_not_used', 'used_not_billed')
    end as count_code,
    case
        when model_key is not null and has_unknown_model then 'unknown_model'
        -- usage without a price is billed, so it can only add
        when model_key is not null and has_unpriced_usage and rest_usd > 0 then 'unknown_model'
        when meter = 'unmapped' then 'unmapped'
        when model_key is null or used_quantity = 0 then 'unexplained'
        -- nobody knows the prompt lengths of what the log does not hold, or holds too much
        when rest_usd > 0 and rest_usd <= most_unlogged_usd then 'unlogged'
        when rest_usd < 0 and rest_usd >= least_unlogged_usd then 'unlogged'
        when
            net_quantity > net_used_quantity and rest_usd > 0
            and rest_usd <= (net_quantity - net_used_quantity) * list_max(unit_prices)
            and rest_usd >= (net_quantity - net_used_quantity) * list_min(unit_prices)
            then if(is_logged, 'unlogged', 'billed_not_used')
        when
            net_quantity < net_used_quantity and rest_usd < 0
            and -rest_usd <= (net_used_quantity - net_quantity) * list_max(unit_prices)
            and -rest_usd >= (net_used_quantity - net_quantity) * list_min(unit_prices)
            then if(is_logged, 'over_logged', 'used_not_billed')
        -- the bill states its own count: only the price can differ
        when net_quantity is not null and (unit_price_usd is not null or net_quantity = net_used_quantity) then 'rate'
        -- the provider's count is known and the amount is that count times a price with at most four
        -- decimals per million tokens, to the last digit
        when
            rounding_allowance_usd = 0 and used_quantity > 0
            and (
                (has_control or not is_logged) and cast(used_quantity as hugeint) > 0
                and {{ units_of('billed_usd') }} % (cast(used_quantity as hugeint) * 100000000) = 0
                -- or one or several prices by a whole number of hundredths of a percent
                or net_used_usd > 0 and {{ units_of('billed_usd') }} * 10000 % {{ units_of('net_used_usd') }} = 0
            )
            then 'rate'
        when has_shared_ratio then 'rate'
        else 'unexplained'
    end as rest_code
from shared
