-- grain: one row per month and shown person, and one row `not_shown` per month for all other spend
-- A group is a month and tenant (no tenant is one group). Groups of fewer people than
-- TRUEUP_MINIMUM_GROUP_SIZE are not shown; were they too few people together, the smallest other
-- groups go with them, or a total minus the shown rows would be one person's spend.
with spend as (select * from {{ ref('int_person_spend') }}),

as_of as (select * from {{ ref('int_usage_as_of') }}),

months as (

    select
        period_start,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd,
        sum(unpriced_usage_rows) as unpriced_usage_rows
    from spend
    group by period_start

),

cells as (

    select
        period_start,
        tenant,
        person_key,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd,
        sum(unpriced_usage_rows) as unpriced_usage_rows
    from spend
    where person_key is not null and exclusion_kind is null
    group by period_start, tenant, person_key

),

groups as (

    select
        period_start,
        tenant,
        count(*) as persons,
        row_number() over (partition by period_start order by count(*), tenant nulls first) as group_no
    from cells
    group by period_start, tenant

),

-- a person of two groups is one person
group_members as (

    select
        cells.*,
        groups.group_no,
        groups.persons,
        min(groups.group_no) over (partition by cells.period_start, cells.person_key) as first_group_no
    from cells
    inner join groups
        on cells.period_start = groups.period_start
        and cells.tenant is not distinct from groups.tenant

),

pooled as (

    select
        period_start,
        group_no,
        any_value(persons) as persons,
        coalesce(
            sum(count(*) filter (where group_no = first_group_no)) over (
                partition by period_start order by group_no
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as persons_of_smaller_groups,
        coalesce(
            min(any_value(persons)) over (partition by period_start) < {{ minimum_group_size() }}, false
        ) as has_small_group
    from group_members
    group by period_start, group_no

),

persons as (

    select
        group_members.period_start,
        group_members.person_key,
        bool_and(is_shown) as is_whole,
        bool_or(is_shown) as is_shown,
        sum(if(is_shown, group_members.computed_cost_usd, 0)) as computed_cost_usd,
        sum(if(is_shown, group_members.trued_up_cost_usd, 0)) as trued_up_cost_usd,
        sum(if(is_shown, group_members.unpriced_usage_rows, 0)) as unpriced_usage_rows
    from group_members
    inner join (
        select
            period_start,
            group_no,
            persons >= {{ minimum_group_size() }}
            and not (has_small_group and persons_of_smaller_groups < {{ minimum_group_size() }}) as is_shown
        from pooled
    ) as shown_groups
        on group_members.period_start = shown_groups.period_start
        and group_members.group_no = shown_groups.group_no
    group by group_members.period_start, group_members.person_key

),

-- the month before, where there is one; who left has a row without spend
compared as (

    select
        coalesce(persons.period_start, cast(earlier.period_start + interval 1 month as date)) as period_start,
        coalesce(persons.person_key, earlier.person_key) as person_key,
        coalesce(persons.is_shown, earlier.is_whole) as is_shown,
        coalesce(persons.computed_cost_usd, 0) as computed_cost_usd,
        coalesce(persons.trued_up_cost_usd, 0) as trued_up_cost_usd,
        coalesce(persons.unpriced_usage_rows, 0) as unpriced_usage_rows,
        -- part of either month is not shown, so the difference of the shown parts is no growth
        coalesce(persons.is_whole, true) and coalesce(earlier.is_whole, true) as is_comparable,
        coalesce(earlier.trued_up_cost_usd, 0) as earlier_cost_usd
    from persons
    full outer join persons as earlier
        on persons.person_key = earlier.person_key
        and persons.period_start = earlier.period_start + interval 1 month

),

shown as (

    select
        compared.period_start,
        compared.person_key,
        compared.computed_cost_usd,
        compared.trued_up_cost_usd,
        compared.unpriced_usage_rows,
        if(is_comparable and months_before.period_start is not null, earlier_cost_usd, null)
            as previous_trued_up_cost_usd
    from compared
    inner join months on compared.period_start = months.period_start
    left join months as months_before
        on compared.period_start = months_before.period_start + interval 1 month
    where compared.is_shown

),

not_shown as (

    select
        months.period_start,
        'not_shown' as person_key,
        months.computed_cost_usd - coalesce(sum(shown.computed_cost_usd), 0) as computed_cost_usd,
        months.trued_up_cost_usd - coalesce(sum(shown.trued_up_cost_usd), 0) as trued_up_cost_usd,
        months.unpriced_usage_rows - coalesce(sum(shown.unpriced_usage_rows), 0) as unpriced_usage_rows,
        months_before.trued_up_cost_usd - coalesce(sum(shown.previous_trued_up_cost_usd), 0)
            as previous_trued_up_cost_usd,
        months.trued_up_cost_usd - months_before.trued_up_cost_usd
        - coalesce(
            sum(shown.trued_up_cost_usd - shown.previous_trued_up_cost_usd), 0
        ) as growth_usd
    from months
    left join months as months_before
        on months.period_start = months_before.period_start + interval 1 month
    left join shown on months.period_start = shown.period_start
    group by
        months.period_start,
        months.computed_cost_usd,
        months.trued_up_cost_usd,
        months.unpriced_usage_rows,
        months_before.trued_up_cost_usd

),

ranked as (

    select
        *,
        trued_up_cost_usd - previous_trued_up_cost_usd as growth_usd,
        row_number() over by_spend as spend_rank,
        sum(trued_up_cost_usd) over (by_spend rows between unbounded preceding and current row)
            as cumulative_trued_up_cost_usd,
        sum(trued_up_cost_usd) over (partition by period_start) as shown_cost_usd
    from shown
    window by_spend as (partition by period_start order by trued_up_cost_usd desc, person_key)

),

unioned as (

    select
        *,
        -- who is needed to reach 80 %: those before carry less
        trued_up_cost_usd > 0
        and 5 * (cumulative_trued_up_cost_usd - trued_up_cost_usd) < 4 * shown_cost_usd as is_in_top_80
    from ranked
    union all by name
    select * from not_shown

)

select
    unioned.period_start,
    unioned.person_key,
    cast(unioned.spend_rank as bigint) as spend_rank,
    cast(unioned.computed_cost_usd as decimal(38, 18)) as computed_cost_usd,
    cast(unioned.trued_up_cost_usd as decimal(38, 18)) as trued_up_cost_usd,
    cast(unioned.cumulative_trued_up_cost_usd as decimal(38, 18)) as cumulative_trued_up_cost_usd,
    {{ ratio('unioned.cumulative_trued_up_cost_usd', 'unioned.shown_cost_usd') }} as cumulative_ratio,
    cast(unioned.previous_trued_up_cost_usd as decimal(38, 18)) as previous_trued_up_cost_usd,
    cast(unioned.growth_usd as decimal(38, 18)) as growth_usd,
    {{ ratio('unioned.growth_usd', '(months.trued_up_cost_usd - months_before.trued_up_cost_usd)') }}
        as growth_ratio,
    unioned.is_in_top_80,
    unioned.unpriced_usage_rows > 0 as is_lower_bound,
    unioned.period_start + interval 1 month > coalesce(as_of.as_of_at, timestamp '1970-01-01') as is_provisional
from unioned
cross join as_of
inner join months on unioned.period_start = months.period_start
left join months as months_before
    on unioned.period_start = months_before.period_start + interval 1 month
