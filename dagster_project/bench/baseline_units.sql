-- The second half of baseline.sql: outcomes, and the four unit-cost marts from one pass over the calls.

-- numerator and denominator in whole units of 10^-18 USD; half away from zero at 10^-12
create macro unit_cost(amount, number) as
    case when number > 0 then
        cast(
            (2 * cast(replace(cast(amount as varchar), '.', '') as hugeint) + cast(number as hugeint) * 1000000)
            // (2 * cast(number as hugeint) * 1000000) as decimal(38, 0)
        ) * 0.000000000001
    end;

---------- outcomes

create table tasks as
select
    task_id,
    max(task_type) as task_type,
    coalesce(
        min(cast(occurred_at as date)) filter (where outcome_type = 'task_succeeded'), max(cast(occurred_at as date))
    ) as concluded_date,
    bool_or(outcome_type = 'task_succeeded') as is_success
from raw_events
where outcome_type in ('task_succeeded', 'task_failed')
group by task_id;

create table tickets as
select
    ticket_id,
    min(cast(occurred_at as date)) as resolved_date,
    max_by(resolution_kind, (occurred_at, resolution_kind)) as resolution_kind
from raw_events
where outcome_type = 'ticket_resolved'
group by ticket_id;

create table active_days as
select distinct user_key, cast(occurred_at as date) as day
from raw_events
where outcome_type = 'user_active' and user_key not in (select user_key from internal_users);

-- a task that only the build machines called leaves with its spend
create table ci_tasks as
select task_id from calls where task_id is not null group by task_id having bool_and(environment = 'ci');

---------- unit costs

-- one pass over the calls for the classes of all four units
create table daily_costs as
select
    calls.usage_date,
    calls.feature,
    case
        when calls.user_key is null then 'unattributed' when calls.is_internal_user then 'internal_user' else 'end_user'
    end as user_class,
    coalesce(tickets.resolution_kind, 'unattributed') as resolution_kind,
    coalesce(tasks.task_type, 'unattributed') as task_type,
    if(calls.environment = 'ci', 'continuous_integration', null) as scope_rule,
    count(*) as requests,
    count(calls.unpriced_reason) as unpriced_requests,
    coalesce(sum(calls.cost_usd), 0) as computed_cost_usd
from calls
left join tasks on calls.task_id = tasks.task_id
left join tickets on calls.ticket_id = tickets.ticket_id
group by all;

create macro costs_by_period(grain) as table
select
    grain as period_grain,
    cast(date_trunc(grain, usage_date) as date) as period_start,
    unit,
    class,
    if(unit = 'active_user' and class = 'internal_user', 'internal_user', scope_rule) as scope_rule,
    sum(requests) as requests,
    sum(unpriced_requests) as unpriced_requests,
    sum(computed_cost_usd) as computed_cost_usd
from daily_costs
unpivot (
    class for unit in (
        feature, user_class as 'active_user', resolution_kind as 'resolved_ticket', task_type as 'successful_task'
    )
)
group by all;

create macro outcomes_by_period(grain) as table
select
    grain as period_grain,
    cast(date_trunc(grain, usage_date) as date) as period_start,
    'feature' as unit,
    feature as class,
    sum(requests) as denominator
from daily_costs
where feature <> 'unattributed' and scope_rule is null
group by all
union all
select grain, cast(date_trunc(grain, day) as date), 'active_user', 'end_user', count(distinct user_key)
from active_days
group by all
union all
select
    grain, cast(date_trunc(grain, concluded_date) as date), 'successful_task', task_type,
    count(*) filter (where is_success)
from tasks
anti join ci_tasks on tasks.task_id = ci_tasks.task_id
group by all
union all
select grain, cast(date_trunc(grain, resolved_date) as date), 'resolved_ticket', resolution_kind, count(*)
from tickets
group by all;

create table unit_costs as
with costs as (

    from costs_by_period('day') union all from costs_by_period('week') union all from costs_by_period('month')

),

outcomes as (

    from outcomes_by_period('day') union all from outcomes_by_period('week') union all from outcomes_by_period('month')

)

select
    coalesce(costs.unit, outcomes.unit) as unit,
    coalesce(costs.period_grain, outcomes.period_grain) as period_grain,
    coalesce(costs.period_start, outcomes.period_start) as period_start,
    coalesce(costs.class, outcomes.class) as class,
    costs.scope_rule,
    coalesce(costs.requests, 0) as requests,
    coalesce(costs.unpriced_requests, 0) as unpriced_requests,
    cast(coalesce(costs.computed_cost_usd, 0) as decimal(38, 18)) as computed_cost_usd,
    coalesce(outcomes.denominator, 0) as denominator,
    if(
        costs.class = 'unattributed', null,
        unit_cost(cast(coalesce(costs.computed_cost_usd, 0) as decimal(38, 18)), outcomes.denominator)
    ) as computed_direct_unit_cost_usd
from costs
full outer join outcomes
    on costs.unit = outcomes.unit
    and costs.period_grain = outcomes.period_grain
    and costs.period_start = outcomes.period_start
    and costs.class = outcomes.class
    and costs.scope_rule is null;

create table cost_per_feature as from unit_costs where unit = 'feature';

create table cost_per_active_user as from unit_costs where unit = 'active_user';

create table cost_per_resolved_ticket as from unit_costs where unit = 'resolved_ticket';

create table cost_per_successful_task as from unit_costs where unit = 'successful_task';

drop table unit_costs;
