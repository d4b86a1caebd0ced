{{ config(materialized='table') }}
-- grain: one row per compared pair with what its own figures prove, step by step, and the rest
-- target: what is left after tokens billed at nothing, lines billed twice, calls logged twice and the count
-- that the bill states; a price or a neighbouring day has to explain it.
with pairs as (select * from {{ ref('int_reconciliation_pairs') }}),

days as (select * from {{ ref('int_comparison_days') }}),

ledger_days as (select * from {{ ref('int_ledger_days') }}),

-- whether the account is metered by a call log at all, for days that no usage row names
ledger_kinds as (

    select channel, account, bool_or(ledger = 'call_log') as has_call_log
    from ledger_days
    group by channel, account

),

-- a month compared as a whole has the control that all its days with usage have
control_months as (

    select
        days.channel,
        days.account,
        cast(date_trunc('month', days.usage_date) as date) as month,
        bool_and(days.has_control) as has_control
    from days
    inner join ledger_days
        on days.channel = ledger_days.channel
        and days.account = ledger_days.account
        and days.usage_date = ledger_days.usage_date
    group by days.channel, days.account, cast(date_trunc('month', days.usage_date) as date)

),

duplicates as (

    select keys.pair_id, sum(lines.quantity) as quantity, sum(lines.cost_usd) as cost_usd
    from {{ ref('int_duplicate_lines') }} as lines
    inner join (
        select distinct pair_id, channel, account, usage_date, api_key_id, price_set_id, meter
        from {{ ref('int_usage_keys') }}
        where side = 'computed'
    ) as keys
        on lines.channel = keys.channel
        and lines.account = keys.account
        and lines.usage_date = keys.usage_date
        and lines.api_key_id is not distinct from keys.api_key_id
        and lines.price_set_id = keys.price_set_id
        and lines.meter = keys.meter
    group by keys.pair_id

),

evidenced as (

    select
        pairs.*,
        coalesce(days.has_control, control_months.has_control, false) as has_control,
        coalesce(ledger_days.ledger = 'call_log', ledger_kinds.has_call_log, true) as is_logged,
        pairs.billed_rows > 0 or pairs.billed_usd <> 0 as has_bill_row,
        coalesce(duplicates.quantity, 0) as repeated_quantity,
        coalesce(duplicates.cost_usd, {{ zero_money() }}) as repeated_usd,
        pairs.billed_usd - pairs.used_usd as gap_usd,
        coalesce(meters.is_token, true) as is_token
    from pairs
    left join days
        on pairs.channel = days.channel
        and pairs.account = days.account
        and pairs.usage_date = days.usage_date
    left join ledger_days
        on pairs.channel = ledger_days.channel
        and pairs.account = ledger_days.account
        and pairs.usage_date = ledger_days.usage_date
    left join ledger_kinds
        on pairs.channel = ledger_kinds.channel
        and pairs.account = ledger_kinds.account
    left join control_months
        on pairs.usage_date is null
        and pairs.channel = control_months.channel
        and pairs.account = control_months.account
        and pairs.billing_month = control_months.month
    left join duplicates
        on pairs.pair_id = duplicates.pair_id
        and not coalesce(days.has_control, control_months.has_control, false)
    left join {{ ref('meters') }} as meters on pairs.meter = meters.meter

),

-- nothing is looked for where the amounts agree, whatever else the bill states
steps as (

    select
        *,
        charge_kind <> 'usage' and bill <> 'none' as is_outside,
        abs(gap_usd) <= rounding_allowance_usd and has_bill_row as is_equal,
        not is_outside and not is_equal and has_bill_row and bill <> 'none' as is_open
    from evidenced

),

freed as (

    select
        *,
        case
            when is_open and free_quantity > 0 and unit_price_usd is not null
                then -cast(cast(free_quantity as decimal(38, 6)) * unit_price_usd as decimal(38, 18))
            else {{ zero_money() }}
        end as free_usd,
        -- the copies are proved where the rest of the pair agrees without them
        -- small rows in whole cents may be equal by chance
        is_open and abs(copied_usd) > rounding_allowance_usd * 10 and free_quantity = 0
        and (
            abs(gap_usd - copied_usd) <= rounding_allowance_usd
            or (billed_quantity - copied_quantity = used_quantity and copied_quantity > 0)
        ) as is_copied,
        is_open and repeated_usd > 0
        and (
            abs(gap_usd + repeated_usd) <= rounding_allowance_usd
            or (billed_quantity = used_quantity - repeated_quantity)
        ) as is_repeated
    from steps

),

counted as (

    select
        *,
        if(is_copied, copied_usd, {{ zero_money() }}) as copy_usd,
        if(is_repeated, -repeated_usd, {{ zero_money() }}) as repeat_usd,
        case
            when billed_quantity is null then null
            else billed_quantity - if(is_copied, copied_quantity, 0)
        end as net_quantity,
        used_quantity - if(is_repeated, repeated_quantity, 0) as net_used_quantity,
        used_usd - if(is_repeated, repeated_usd, 0) as net_used_usd
    from freed

),

-- a bill may state its quantity in thousands or millions of the meter
scaled as (

    select
        * exclude (net_quantity),
        case
            when net_quantity * 1000 = net_used_quantity or net_quantity * 1000000 = net_used_quantity
                then net_used_quantity
            else net_quantity
        end as net_quantity,
        gap_usd - free_usd - copy_usd - repeat_usd as open_usd
    from counted

),

-- without a stated count: whether the difference is a whole number of units at the card price, and no price of
-- four decimals a million, nor a percentage, makes the bill of the logged count
whole as (

    select
        *,
        case
            when is_open and net_quantity is null and not has_control and unit_price_usd > 0
                and rounding_allowance_usd = 0 and not has_unpriced_usage and net_used_quantity >= 1 and open_usd <> 0
                then {{ units_of('open_usd') }} % {{ units_of('unit_price_usd') }} = 0
                and {{ units_of('billed_usd') }} % (cast(net_used_quantity as hugeint) * 100000000) <> 0
                and {{ units_of('billed_usd') }} * 10000 % {{ units_of('net_used_usd') }} <> 0
        end as is_whole
    from scaled

),

priced as (

    select
        *,
        case
            when not is_open and not (not has_bill_row and bill <> 'none' and not is_outside) then {{ zero_money() }}
            when not has_bill_row then -used_usd
            when net_quantity is not null and unit_price_usd is not null and not has_unpriced_usage
                then cast(
                    cast(net_quantity - net_used_quantity as decimal(38, 6)) * unit_price_usd as decimal(38, 18)
                )
            -- several prices: the count is proved where one of them makes the whole difference of it
            when
                net_quantity <> net_used_quantity
                and list_contains(
                    list_transform(
                        unit_prices,
                        lambda price: cast(
                            cast(net_quantity - net_used_quantity as decimal(38, 6)) * price as decimal(38, 18)
                        )
                    ),
                    cast(open_usd as decimal(38, 18))
                )
                then open_usd
            -- a month total has no usage of its own to stand beside: there rounding comes first
            when used_quantity = 0 and used_usd = 0 and not is_month_total then open_usd
            -- one whole number may be chance: all open meters of the model and day must be
            when
                is_whole
                and bool_and(coalesce(is_whole, true)) over (
                    partition by channel, account, bill, billing_month, usage_date, model_key, processing
                )
                then open_usd
            else {{ zero_money() }}
        end as count_usd
    from whole

)

select
    *,
    -- the count behind it, where the bill states one or the amount is a whole number of units
    case
        when count_usd = 0 then null
        when has_bill_row and net_quantity is not null then cast(net_quantity - net_used_quantity as decimal(38, 6))
        when has_bill_row and unit_price_usd > 0 and {{ units_of('count_usd') }} % {{ units_of('unit_price_usd') }} = 0
            then cast({{ units_of('count_usd') }} // {{ units_of('unit_price_usd') }} as decimal(38, 6))
    end as count_quantity,
    cast(open_usd - count_usd as decimal(38, 18)) as target_usd,
    -- the count that a price has to be applied to
    coalesce(net_quantity, net_used_quantity) as priced_quantity
from priced
