-- grain: one row per month and dimension (user, feature, team, tenant, model,
-- prompt_template)
-- Members are whoever or whatever had spend; the rest of the ledger stands beside them. Users are the
-- shown people of user_spend, and without enough of them the row says nothing of users.
with spend as (select * from {{ ref('int_person_spend') }}),

as_of as (select * from {{ ref('int_usage_as_of') }}),

months as (

    select
        period_start,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd,
        sum(unpriced_usage_rows) > 0 as is_lower_bound
    from spend
    group by period_start

),

named as (

    select period_start, 'user' as dimension, person_key as member, computed_cost_usd, trued_up_cost_usd
    from {{ ref('user_spend') }}
    where person_key <> 'not_shown'
    {%- for dimension, column in [
        ('feature', 'feature'), ('team', 'team'), ('tenant', 'tenant'), ('model', 'model_key'),
        ('prompt_template', 'prompt_template'),
    ] %}
    union all
    select
        period_start,
        '{{ dimension }}' as dimension,
        {{ column }} as member,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from spend
    where {{ column }} <> 'unattributed'
    group by period_start, {{ column }}
    {%- endfor %}

),

members as (

    select *
    from named
    where trued_up_cost_usd > 0
    qualify dimension <> 'user' or count(*) over (partition by period_start, dimension) >= {{ minimum_group_size() }}

),

ranked as (

    select
        *,
        row_number() over by_spend as spend_rank,
        sum(trued_up_cost_usd) over (by_spend rows between unbounded preceding and current row) as cumulative_usd,
        sum(trued_up_cost_usd) over (partition by period_start, dimension) as total_usd,
        count(*) over (partition by period_start, dimension) as members
    from members
    window by_spend as (partition by period_start, dimension order by trued_up_cost_usd desc, member)

),

measured as (

    select
        period_start,
        dimension,
        count(*) as members,
        -- the first that reaches 80 %, in whole units of 10^-18
        min(spend_rank) filter (where 5 * cumulative_usd >= 4 * total_usd) as members_carrying_80_pct,
        -- a fifth of the members, rounded up
        (count(*) + 4) // 5 as top_20_pct_members,
        sum(trued_up_cost_usd) filter (where spend_rank <= (members + 4) // 5) as top_20_pct_usd,
        max(trued_up_cost_usd) as top_member_usd,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from ranked
    group by period_start, dimension

),

dimensions as (select unnest(['user', 'feature', 'team', 'tenant', 'model', 'prompt_template']) as dimension)

select
    months.period_start,
    dimensions.dimension,
    if(dimensions.dimension = 'user', measured.members, coalesce(measured.members, 0)) as members,
    measured.members_carrying_80_pct,
    {{ ratio('measured.members_carrying_80_pct', 'measured.members') }} as members_carrying_80_pct_ratio,
    measured.top_20_pct_members,
    {{ ratio('measured.top_20_pct_usd', 'measured.trued_up_cost_usd') }} as top_20_pct_cost_ratio,
    {{ ratio('measured.top_member_usd', 'measured.trued_up_cost_usd') }} as top_member_cost_ratio,
    cast(coalesce(measured.computed_cost_usd, 0) as decimal(38, 18)) as computed_cost_usd,
    cast(coalesce(measured.trued_up_cost_usd, 0) as decimal(38, 18)) as trued_up_cost_usd,
    cast(months.computed_cost_usd - coalesce(measured.computed_cost_usd, 0) as decimal(38, 18))
        as unattributed_computed_cost_usd,
    cast(months.trued_up_cost_usd - coalesce(measured.trued_up_cost_usd, 0) as decimal(38, 18))
        as unattributed_trued_up_cost_usd,
    months.is_lower_bound,
    months.period_start + interval 1 month > coalesce(as_of.as_of_at, timestamp '1970-01-01') as is_provisional
from months
cross join dimensions
cross join as_of
left join measured
    on months.period_start = measured.period_start
    and dimensions.dimension = measured.dimension
