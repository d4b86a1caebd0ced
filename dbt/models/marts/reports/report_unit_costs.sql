-- grain: one row per unit, calendar period (week, month), outcome class and scope rule
-- The five unit-cost marts under common names. Filter to one unit and one period_grain before
-- summing spend; denominators of different units or classes are never summed.
with features as (

    select
        *,
        'feature' as unit,
        1 as unit_order,
        feature as class,
        'requests' as denominator_name,
        feature_requests as denominator
    from {{ ref('cost_per_feature') }}

),

users as (

    select
        *,
        'active_user' as unit,
        2 as unit_order,
        user_class as class,
        'active users' as denominator_name,
        active_users as denominator
    from {{ ref('cost_per_active_user') }}

),

tickets as (

    select
        *,
        'resolved_ticket' as unit,
        3 as unit_order,
        resolution_kind as class,
        'resolved tickets' as denominator_name,
        resolved_final + resolved_provisional as denominator,
        resolved_provisional as provisional_outcomes
    from {{ ref('cost_per_resolved_ticket') }}

),

tasks as (

    select
        *,
        'successful_task' as unit,
        4 as unit_order,
        task_type as class,
        'successful tasks' as denominator_name,
        successful_tasks as denominator,
        concluded_tasks as concluded_outcomes,
        task_success_ratio as success_ratio
    from {{ ref('cost_per_successful_task') }}

),

conversions as (

    select
        *,
        'conversion' as unit,
        5 as unit_order,
        conversion_type as class,
        'conversions' as denominator_name,
        conversions_final + conversions_provisional as denominator,
        conversions_provisional as provisional_outcomes
    from {{ ref('cost_per_conversion') }}

),

unioned as (

    select * from features
    union all by name
    select * from users
    union all by name
    select * from tickets
    union all by name
    select * from tasks
    union all by name
    -- a company that counts no conversions has no such unit
    select * from conversions where exists (select 1 from conversions where denominator > 0)

),

ledger_end as (select max(usage_date) as last_usage_date from {{ ref('fct_llm_calls') }}),

dated as (

    select
        unioned.*,
        case period_grain when 'week' then period_start + 6 else last_day(period_start) end as period_last_day
    from unioned
    where period_grain in ('week', 'month')

)

select
    ---------- ids
    dated.unit,
    dated.class,
    dated.period_grain,
    dated.scope_rule,

    ---------- numerics
    cast(dated.unit_order as bigint) as unit_order,
    dated.denominator_name,
    -- unknown, not zero: nothing is counted out of scope, for unmatched spend, or where a source
    -- states no request counts
    case
        when not dated.in_scope or dated.class = 'unattributed' then null
        when dated.unit = 'feature' and dated.denominator = 0 then null
        else cast(dated.denominator as bigint)
    end as denominator,
    cast(dated.provisional_outcomes as bigint) as provisional_outcomes,
    cast(dated.concluded_outcomes as bigint) as concluded_outcomes,
    dated.success_ratio,
    dated.computed_cost_usd,
    dated.trued_up_cost_usd,
    dated.computed_direct_unit_cost_usd,
    dated.trued_up_direct_unit_cost_usd,
    dated.computed_loaded_unit_cost_usd,
    dated.trued_up_loaded_unit_cost_usd,
    dated.match_coverage_ratio,
    dated.price_coverage_ratio,
    dated.requests,
    dated.unpriced_requests,

    ---------- what a reader must know of the figures
    dated.trued_up_status,
    case
        when not dated.in_scope then 'out of scope by the rule ' || dated.scope_rule
        when dated.class = 'unattributed' then 'matched nothing; shared over the loaded unit costs'
        when dated.class = 'anonymous_user' and dated.computed_loaded_unit_cost_usd is null
            then 'known by a device alone; what they cost matched nothing'
        when dated.denominator = 0 and dated.unit = 'feature'
            then 'no request counts; shared over the loaded unit costs'
        when dated.denominator = 0 then 'no ' || dated.denominator_name || '; shared over the loaded unit costs'
    end as no_unit_cost_reason,

    ---------- booleans
    dated.in_scope,
    dated.is_lower_bound,
    dated.is_provisional,
    coalesce(dated.period_last_day <= ledger_end.last_usage_date, false) as is_full_period,

    ---------- dates
    dated.period_start,
    dated.period_last_day
from dated
cross join ledger_end
