-- grain: one row per calendar month with spend or outcomes: all spend of the ledger in that month
-- month_rank 1 is the latest month. A month is full when usage reaches its last day.
with features as (select * from {{ ref('cost_per_feature') }} where period_grain = 'month'),

ledger_end as (select max(usage_date) as last_usage_date from {{ ref('fct_llm_calls') }}),

months as (

    select
        period_start as month,
        cast(sum(computed_cost_usd) as decimal(38, 18)) as computed_cost_usd,
        cast(sum(trued_up_cost_usd) as decimal(38, 18)) as trued_up_cost_usd,
        cast(sum(trued_up_cost_usd) - sum(computed_cost_usd) as decimal(38, 18)) as true_up_usd,
        cast(coalesce(sum(trued_up_cost_usd) filter (where feature = 'unattributed'), {{ zero_money() }})
            as decimal(38, 18)) as unattributed_cost_usd,
        case
            when count(distinct trued_up_status) = 1 then min(trued_up_status)
            else 'partly_accrued'
        end as trued_up_status,
        cast(sum(requests) as bigint) as requests,
        cast(sum(unpriced_requests) as bigint) as unpriced_requests,
        bool_or(is_lower_bound) as is_lower_bound,
        bool_or(is_provisional) as is_provisional
    from features
    group by period_start

)

select
    months.*,
    cast(row_number() over (order by months.month desc) as bigint) as month_rank,
    coalesce(last_day(months.month) <= ledger_end.last_usage_date, false) as is_full_month
from months
cross join ledger_end
