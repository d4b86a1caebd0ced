{{ config(materialized='table') }}
-- grain: one row per compared pair and residual code with an amount; a pair without any residual has
-- one row `matched`. The parts of a pair add up to billed minus computed, exactly.
-- Each step takes only what its evidence proves; what is left is `unexplained`.
with pairs as (select * from {{ ref('int_reconciliation_pairs') }}),

ledger_days as (select * from {{ ref('int_ledger_days') }}),

-- whether the account is metered by a call log at all, for days that no usage row names
ledger_kinds as (

    select channel, account, bool_or(ledger = 'call_log') as has_call_log
    from ledger_days
    group by channel, account

),

evidenced as (

    select
        pairs.*,
        coalesce(ledger_days.ledger = 'call_log' and ledger_days.has_provider_usage, false) as has_control,
        coalesce(ledger_days.ledger = 'call_log', ledger_kinds.has_call_log, true) as is_logged,
        pairs.billed_rows > 0 as has_bill_row,
        pairs.billed_usd - pairs.computed_cost_usd as difference_usd
    from pairs
    left join ledger_days
        on pairs.channel = ledger_days.channel
        and pairs.account = ledger_days.account
        and pairs.usage_date = ledger_days.usage_date
    left join ledger_kinds
        on pairs.channel = ledger_kinds.channel
        and pairs.account = ledger_kinds.account

),

-- used: what the provider's own count costs at the card; expected: what the billed count costs
costed as (

    select
        *,
        if(has_control, usage_cost_usd, computed_cost_usd) as used_usd,
        if(has_control, coalesce(usage_quantity, 0), coalesce(computed_quantity, 0)) as used_quantity,
        case
            when billed_quantity is not null and unit_price_usd is not null and not has_unpriced_usage
                -- 6 + 18 decimals leave 14 digits for whole USD; 18 + 18 would overflow at 100 USD
                then cast(cast(billed_quantity as decimal(38, 6)) * unit_price_usd as decimal(38, 18))
        end as expected_usd
    from evidenced

),

covered as (

    select
        *,
        if(has_control and bill <> 'none', used_usd - computed_cost_usd, 0) as coverage_usd,
        case
            when bill = 'none' then 0
            when not has_bill_row then -used_usd
            when expected_usd is not null then expected_usd - used_usd
            -- a month total has no usage of its own to stand beside: there rounding comes first
            when used_quantity = 0 and not is_month_total then billed_usd
            else 0
        end as count_usd
    from costed

),

-- rounding is bounded by half a unit of the last published place, per billed row
rounded as (

    select
        *,
        case
            when bill = 'none' or not has_bill_row then 0
            else least(
                greatest(difference_usd - coverage_usd - count_usd, -rounding_allowance_usd), rounding_allowance_usd
            )
        end as rounding_usd
    from covered

),

rested as (

    select
        *,
        case when bill = 'none' then difference_usd else 0 end as not_billed_usd,
        case
            when bill = 'none' then 0
            else difference_usd - coverage_usd - count_usd - rounding_usd
        end as rest_usd
    from rounded

),

named as (

    select
        *,
        case
            when has_unpriced_usage then 'unmapped'
            when meter = 'unmapped' then 'unmapped'
            when model_key is null or used_quantity = 0 then 'unexplained'
            -- the bill states its own count: only the price can differ
            when expected_usd is not null then 'rate'
            -- the provider's count is known and the amount is that count times a price with at most
            -- four decimals per million tokens, to the last digit
            when
                has_control and rounding_allowance_usd = 0 and used_quantity > 0
                and replace(cast(billed_usd as varchar), '.', '')::hugeint
                % (cast(used_quantity as hugeint) * 100000000) = 0
                then 'rate'
            else 'unexplained'
        end as rest_code,
        case
            when count_usd = 0 then 'matched'
            when not has_bill_row then 'used_not_billed'
            when meter = 'unmapped' then 'unmapped'
            -- an invoice line that names no model claims no usage that could be looked for
            when bill = 'invoice' and model_key is null then 'unexplained'
            when has_control and count_usd > 0 then 'billed_not_used'
            when has_control then 'used_not_billed'
            when not is_logged and used_quantity = 0 then 'unexplained'
            when count_usd > 0 then if(is_logged, 'unlogged', 'billed_not_used')
            else if(is_logged, 'over_logged', 'used_not_billed')
        end as count_code
    from rested

),

parts as (

    select *, if(coverage_usd > 0, 'unlogged', 'over_logged') as residual_code, coverage_usd as residual_usd
    from named
    where coverage_usd <> 0
    union all
    select *, count_code as residual_code, count_usd as residual_usd
    from named
    where count_usd <> 0
    union all
    select *, 'rounding' as residual_code, rounding_usd as residual_usd
    from named
    where rounding_usd <> 0
    union all
    select *, rest_code as residual_code, rest_usd as residual_usd
    from named
    where rest_usd <> 0
    union all
    select *, 'not_billed' as residual_code, not_billed_usd as residual_usd
    from named
    where not_billed_usd <> 0
    union all
    select *, 'matched' as residual_code, {{ zero_money() }} as residual_usd
    from named
    where coverage_usd = 0 and count_usd = 0 and rounding_usd = 0 and rest_usd = 0 and not_billed_usd = 0

)

select * exclude (residual_usd), cast(residual_usd as decimal(38, 18)) as residual_usd from parts
