-- grain: one row per calendar period (day, week, month), tag view and tag
-- full: each tag of a call has its whole cost, and `counted_more_than_once` takes the surplus back; split:
-- a call's tags share its cost evenly. Filter to one view and one period_grain; both sum to the ledger.
with cost_rows as (

    select
        usage_date,
        coalesce(if(len(tags) > 0, tags, null), ['untagged']) as tags,
        requests,
        computed_cost_usd,
        trued_up_cost_usd
    from {{ ref('int_cost_rows') }}

),

tagged as (

    select
        usage_date,
        unnest(tags) as tag,
        generate_subscripts(tags, 1) as tag_no,
        len(tags) as tag_count,
        requests,
        computed_cost_usd,
        trued_up_cost_usd
    from cost_rows

),

views as (

    select usage_date, 'full' as tag_view, tag, requests, computed_cost_usd, trued_up_cost_usd
    from tagged
    union all
    select
        usage_date, 'full' as tag_view, 'counted_more_than_once' as tag, -requests, -computed_cost_usd, -trued_up_cost_usd
    from tagged
    where tag_no > 1
    union all
    select
        usage_date,
        'split' as tag_view,
        tag,
        if(tag_no = 1, requests, 0) as requests,
        {{ even_part('computed_cost_usd', 'tag_no', 'tag_count') }} as computed_cost_usd,
        {{ even_part('trued_up_cost_usd', 'tag_no', 'tag_count') }} as trued_up_cost_usd
    from tagged

),

days as (

    select
        usage_date,
        tag_view,
        tag,
        sum(requests) as requests,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from views
    group by usage_date, tag_view, tag

)

{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", 'usage_date') }} as period_start,
    tag_view,
    tag,
    cast(sum(requests) as bigint) as requests,
    cast(sum(computed_cost_usd) as decimal(38, 18)) as computed_cost_usd,
    cast(sum(trued_up_cost_usd) as decimal(38, 18)) as trued_up_cost_usd
from days
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
