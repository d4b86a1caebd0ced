-- grain: one row per channel, account, month and currency
-- status: not_billed (no bill reaches the month), no_usage (a bill without any usage), drift (a
-- residual above its tolerance), provisional (some days are not billed yet), matched (equal but for
-- rounding), explained (every residual named or within tolerance).
with lines as (select * from {{ ref('reconciliation_lines') }}),

by_code as (select * from {{ ref('int_tolerance_codes') }}),

tolerances as (select * from {{ ref('reconciliation_tolerances') }}),

billed_lines as (select * from {{ ref('fct_billed_lines') }}),

totals as (

    select
        channel,
        account,
        month,
        currency,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(billed_usd) as billed_usd,
        sum(residual_usd) as difference_usd,
        sum(if(is_explained, residual_usd, {{ zero_money() }})) as explained_usd,
        sum(if(is_explained, {{ zero_money() }}, residual_usd)) as unexplained_usd,
        sum(if(family = 'rate', abs(residual_usd), {{ zero_money() }})) as rate_error_usd,
        sum(if(is_explained, {{ zero_money() }}, abs(residual_usd))) as unexplained_moved_usd,
        sum(if(is_usage, residual_usd, {{ zero_money() }})) as usage_difference_usd,
        sum(computed_quantity) > 0 as has_usage,
        bool_or(bill <> 'none') as has_bill,
        bool_or(bill = 'none') as has_unbilled_days,
        bool_or(is_lower_bound) as is_lower_bound
    from lines
    group by channel, account, month, currency

),

-- a code is over its own limit, or in a tolerance whose sum is over the limit
breaches as (

    select
        by_code.*,
        coalesce(
            list_contains(string_split(tolerances.breached_codes, ', '), by_code.residual_code), by_code.is_over_limit
        ) as is_breached
    from by_code
    left join tolerances
        on by_code.channel = tolerances.channel
        and by_code.account = tolerances.account
        and by_code.month = tolerances.month
        and by_code.currency = tolerances.currency
        and by_code.tolerance = tolerances.tolerance

),

verdicts as (

    select
        channel,
        account,
        month,
        currency,
        bool_or(is_breached) as has_drift,
        max(moved_usd) filter (where is_usage and family <> 'match') as other_moved_usd,
        list(residual_code order by moved_usd desc, residual_code) filter (where is_breached) as breached_codes
    from breaches
    group by channel, account, month, currency

),

payables as (

    select
        channel,
        account,
        billing_month as month,
        -- a line in a currency without a rate leaves the whole unknown
        case when count(billed_usd) = count(*) then sum(billed_usd) end as payable_usd,
        case
            when count(billed_usd) = count(*)
                then sum(billed_usd) filter (where charge_kind in ('usage', 'adjustment', 'fee', 'commitment'))
        end as payable_usage_usd
    from billed_lines
    where document_type = 'invoice' and charge_kind <> 'expiry'
    group by channel, account, billing_month

),

largest as (

    select
        channel,
        account,
        month,
        currency,
        reconciliation_line_id,
        residual_code,
        concat_ws(
            ' ', residual_code, coalesce(cast(usage_date as varchar), 'the month'), model_key, meter, processing,
            api_key_id
        ) as largest_line,
        residual_usd as largest_line_usd
    from lines
    where is_usage and family <> 'match'
    qualify row_number() over (
        partition by channel, account, month, currency order by abs(residual_usd) desc, reconciliation_line_id
    ) = 1

)

select
    totals.channel,
    totals.account,
    totals.month,
    totals.currency,
    cast(totals.computed_cost_usd as decimal(38, 18)) as computed_cost_usd,
    case when totals.has_bill then cast(totals.billed_usd as decimal(38, 18)) end as billed_usd,
    case when totals.has_bill then cast(totals.computed_cost_usd + totals.usage_difference_usd as decimal(38, 18)) end
        as billed_usage_usd,
    cast(payables.payable_usd as decimal(38, 18)) as payable_usd,
    cast(payables.payable_usage_usd as decimal(38, 18)) as payable_usage_usd,
    cast(totals.difference_usd as decimal(38, 18)) as difference_usd,
    cast(totals.explained_usd as decimal(38, 18)) as explained_usd,
    cast(totals.unexplained_usd as decimal(38, 18)) as unexplained_usd,
    cast(totals.unexplained_moved_usd as decimal(38, 18)) as unexplained_moved_usd,
    cast(totals.rate_error_usd as decimal(38, 18)) as rate_error_usd,
    {{ ratio('totals.difference_usd', 'totals.billed_usd') }} as difference_ratio,
    case
        when not totals.has_bill then 'not_billed'
        when not totals.has_usage and totals.billed_usd <> 0 then 'no_usage'
        when verdicts.has_drift then 'drift'
        when totals.has_unbilled_days then 'provisional'
        when coalesce(verdicts.other_moved_usd, 0) = 0 then 'matched'
        else 'explained'
    end as status,
    array_to_string(verdicts.breached_codes, ', ') as breached_codes,
    largest.largest_line,
    cast(largest.largest_line_usd as decimal(38, 18)) as largest_line_usd,
    totals.is_lower_bound
from totals
inner join verdicts
    on totals.channel = verdicts.channel
    and totals.account = verdicts.account
    and totals.month = verdicts.month
    and totals.currency = verdicts.currency
left join payables
    on totals.channel = payables.channel
    and totals.account = payables.account
    and totals.month = payables.month
left join largest
    on totals.channel = largest.channel
    and totals.account = largest.account
    and totals.month = largest.month
    and totals.currency = largest.currency
