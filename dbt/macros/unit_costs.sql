{# Scope of a cost row for one unit: the first named rule of scope_rules.csv that fits, else in scope.
   Nothing leaves the scope for want of a match. #}
{% macro scope_rule(unit) -%}
    {%- for match_type in ['feature', 'team', 'environment'] %}
    left join {{ ref('int_scope_rules') }} as {{ match_type }}_scope
        on {{ match_type }}_scope.unit = '{{ unit }}'
        and {{ match_type }}_scope.match_type = '{{ match_type }}'
        and cost_rows.{{ match_type }} = {{ match_type }}_scope.match_value
    {%- endfor %}
{%- endmacro %}

{# A sum that is not known when one of its parts is not. #}
{% macro complete_sum(column) -%}
    case when count({{ column }}) = count(*) then sum({{ column }}) end
{%- endmacro %}

{# Sums of cost rows that every unit mart needs, by day and class. #}
{% macro cost_sums() -%}
    sum(cost_rows.usage_rows) as usage_rows,
    sum(cost_rows.unpriced_usage_rows) as unpriced_usage_rows,
    sum(cost_rows.requests) as requests,
    sum(cost_rows.unpriced_requests) as unpriced_requests,
    sum(cost_rows.computed_cost_usd) as computed_cost_usd,
    sum(cost_rows.trued_up_cost_usd) as trued_up_cost_usd,
    sum(if(cost_rows.is_accrued, cost_rows.usage_rows, 0)) as accrued_usage_rows
{%- endmacro %}

{# What a unit cost may be cut by. A task, ticket, conversion or user belongs to one value of each: that
   of its dearest call, so that the outcomes of a cut add up to those of the whole. #}
{% macro cuts() -%}
    {{ return(['team', 'tenant', 'cohort', 'provider', 'model_key', 'prompt_template', 'prompt_version', 'agent']) }}
{%- endmacro %}

{# One row per subject of linked cost rows: what it cost over all its life and which value of each cut it
   belongs to. The dearest call decides; of equally dear ones the last in the alphabet. With a unit also
   whether all of its spend is out of that unit's scope by name. #}
{% macro subject_profiles(linked, subject='subject_id', unit=none) -%}
select
    {{ subject }} as subject_id,
    count(*) as calls,
    sum(requests) as requests,
    cast(sum(computed_cost_usd) as decimal(38, 18)) as computed_cost_usd,
    cast(sum(trued_up_cost_usd) as decimal(38, 18)) as trued_up_cost_usd,
    sum(unpriced_usage_rows) as unpriced_usage_rows,
    count(distinct attempt_no) as attempts,
    min(usage_date) as first_usage_date,
    max(usage_date) as last_usage_date,
    {%- if unit %}
    bool_and(
        coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) is not null
    ) as is_out_of_scope,
    {%- endif %}
    max_by(user_key, (computed_cost_usd, user_key)) as user_key,
    max_by(feature, (computed_cost_usd, feature)) filter (where feature <> 'unattributed') as feature,
    max_by(team, (computed_cost_usd, team)) filter (where team <> 'unattributed') as team,
    {%- for column in ['tenant', 'provider', 'model_key', 'prompt_template', 'prompt_version', 'agent'] %}
    max_by({{ column }}, (computed_cost_usd, {{ column }})) filter (where {{ column }} is not null) as {{ column }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
from {{ linked }} as cost_rows
{%- if unit %}
{{ scope_rule(unit) }}
{%- endif %}
where {{ subject }} is not null
group by {{ subject }}
{%- endmacro %}

{# The cut columns of a cost row that serves a subject: the subject's; of one that serves none: its own. #}
{% macro cost_cuts(profile, row, cohort) -%}
    {%- for column in cuts() %}
    {%- if column == 'cohort' %}
    coalesce({{ cohort }}, 'unattributed') as cohort,
    {%- else %}
    coalesce(if({{ profile }}.subject_id is null, {{ row }}.{{ column }}, {{ profile }}.{{ column }}), 'unattributed')
        as {{ column }},
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# The cut columns of an outcome: those of its subject; an outcome that no spend serves belongs to none. #}
{% macro outcome_cuts(profile, cohort) -%}
    {%- for column in cuts() %}
    {%- if column == 'cohort' %}
    coalesce({{ cohort }}, 'unattributed') as cohort,
    {%- else %}
    if({{ profile }}.subject_id is null, 'none', coalesce({{ profile }}.{{ column }}, 'unattributed')) as {{ column }},
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# Counts of outcomes by calendar period, class and cut; the caller writes the counts. #}
{% macro outcomes_by_period(outcomes, day, class='class') -%}
{% for grain in ['day', 'week', 'month'] -%}
select
    '{{ grain }}' as period_grain,
    {{ period_start("'" ~ grain ~ "'", day) }} as period_start,
    {{ class }} as class,
    {%- for column in cuts() %}
    {{ column }},
    {%- endfor %}
    {{ caller() }}
from {{ outcomes }}
group by all
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endmacro %}

{# One unit-cost mart. daily_costs: usage_date, class, is_matched, scope_rule (NULL in scope) and the
   cost_sums. outcomes: period_grain, period_start, class, denominator, provisional and the extra
   columns. by_cut: both have cut, cut_parent and cut_value too, and each cut is a whole mart of its own. as_of: one row, as_of_at is the moment up to which the denominators are known; a period
   that ends later is provisional.
   Unit costs: direct = matched spend of the class / denominator; loaded = that spend plus its share of the in-scope spend that stands beside every denominator, so that over the classes
   loaded unit cost times denominator is all in-scope spend. Shares follow direct cost in whole
   units of 10^-12 USD, the rest to the largest class; classes without cost share by denominator. #}
{% macro unit_cost_mart(daily_costs, outcomes, class_column, extra_columns, as_of, by_cut=false) -%}
{%- set cut = ['cut', 'cut_parent', 'cut_value'] if by_cut else [] -%}
{%- set period = 'partition by period_grain, period_start' ~ (', cut' if by_cut else '') -%}
{%- if by_cut %}
with whole_costs as (select * from {{ daily_costs }}),

whole_outcomes as materialized (select * from {{ outcomes }}),

-- few rows from here on: the values of one cut, not of all of them together
daily_costs as materialized (

    {%- for column in cuts() %}
    select
        usage_date,
        class,
        {{ cut_columns(column) }}
        is_matched,
        scope_rule,
        {%- for sum in ['usage_rows', 'unpriced_usage_rows', 'requests', 'unpriced_requests', 'computed_cost_usd',
            'trued_up_cost_usd', 'accrued_usage_rows'] %}
        sum({{ sum }}) as {{ sum }}{{ ',' if not loop.last }}
        {%- endfor %}
    from whole_costs
    group by all
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

outcomes as (

    {%- for column in cuts() %}
    select
        period_grain,
        period_start,
        class,
        {{ cut_columns(column) }}
        {%- for extra in extra_columns %}
        {{ complete_sum(extra) }} as {{ extra }},
        {%- endfor %}
        {{ complete_sum('denominator') }} as denominator,
        sum(provisional) as provisional
    from whole_outcomes
    group by all
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),
{%- else %}
with daily_costs as (select * from {{ daily_costs }}),

outcomes as (

    select
        period_grain,
        period_start,
        class,
        {%- for column in extra_columns %}
        {{ complete_sum(column) }} as {{ column }},
        {%- endfor %}
        {{ complete_sum('denominator') }} as denominator,
        sum(provisional) as provisional
    from {{ outcomes }}
    group by all

),
{%- endif %}

as_of as (select * from {{ as_of }}),

costs as (

    {% for grain in ['day', 'week', 'month'] -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start("'" ~ grain ~ "'", 'usage_date') }} as period_start,
        class,
        {%- for column in cut %}
        {{ column }},
        {%- endfor %}
        scope_rule,
        bool_or(is_matched) as is_matched,
        sum(usage_rows) as usage_rows,
        sum(unpriced_usage_rows) as unpriced_usage_rows,
        sum(requests) as requests,
        sum(unpriced_requests) as unpriced_requests,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd,
        sum(accrued_usage_rows) as accrued_usage_rows
    from daily_costs
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- spend without outcome and outcome without spend are rows both
joined as (

    select
        coalesce(costs.period_grain, outcomes.period_grain) as period_grain,
        coalesce(costs.period_start, outcomes.period_start) as period_start,
        coalesce(costs.class, outcomes.class) as class,
        {%- for column in cut %}
        coalesce(costs.{{ column }}, outcomes.{{ column }}) as {{ column }},
        {%- endfor %}
        costs.scope_rule,
        costs.scope_rule is null as in_scope,
        coalesce(costs.is_matched, true) as is_matched,
        coalesce(costs.usage_rows, 0) as usage_rows,
        coalesce(costs.unpriced_usage_rows, 0) as unpriced_usage_rows,
        coalesce(costs.requests, 0) as requests,
        coalesce(costs.unpriced_requests, 0) as unpriced_requests,
        coalesce(costs.computed_cost_usd, 0) as computed_cost_usd,
        coalesce(costs.trued_up_cost_usd, 0) as trued_up_cost_usd,
        coalesce(costs.accrued_usage_rows, 0) as accrued_usage_rows,
        {%- for column in extra_columns %}
        -- no outcome is zero; an outcome whose count is not known stays unknown
        if(outcomes.class is null, 0, outcomes.{{ column }}) as {{ column }},
        {%- endfor %}
        coalesce(outcomes.denominator, 0) as denominator,
        coalesce(outcomes.provisional, 0) as provisional
    from costs
    full outer join outcomes
        on costs.period_grain = outcomes.period_grain
        and costs.period_start = outcomes.period_start
        and costs.class = outcomes.class
        {%- for column in cut %}
        and costs.{{ column }} = outcomes.{{ column }}
        {%- endfor %}
        and costs.scope_rule is null

),

pooled as (

    select
        *,
        {%- for basis in ['computed', 'trued_up'] %}
        sum(if(in_scope and denominator = 0, {{ basis }}_cost_usd, 0)) over period as {{ basis }}_pool_usd,
        {%- endfor %}
        case
            when not in_scope or denominator = 0 then 0
            when max(if(in_scope and denominator > 0, computed_cost_usd, 0)) over period > 0
                -- at least 1 where there is cost: spend too small to weigh must not lose the pool
                then if(
                    computed_cost_usd > 0,
                    greatest(cast(cast(computed_cost_usd * 1000000000 as decimal(38, 0)) as hugeint), 1), 0
                )
            else cast(denominator as hugeint)
        end as weight,
        sum(if(in_scope and is_matched, computed_cost_usd, 0)) over period as matched_usd,
        sum(if(in_scope, computed_cost_usd, 0)) over period as in_scope_usd,
        sum(if(in_scope and denominator = 0, unpriced_usage_rows, 0)) over period as pool_unpriced_rows
    from joined
    window period as ({{ period }})

),

weighed as (

    select
        *,
        sum(weight) over period as total_weight,
        row_number() over ({{ period }} order by weight desc, class{{ ', cut_parent, cut_value' if by_cut }}) as weight_rank
    from pooled
    window period as ({{ period }})

),

shared as (

    select
        *,
        {%- for basis in ['computed', 'trued_up'] %}
        case when weight > 0 then
            cast(
                cast(
                    sign({{ basis }}_pool_usd)::hugeint
                    * (cast(cast(abs({{ basis }}_pool_usd) * 1000000000000 as decimal(38, 0)) as hugeint) * weight
                        // total_weight)
                    as decimal(38, 0)
                ) * 0.000000000001 as decimal(38, 18)
            )
        else {{ zero_money() }} end as {{ basis }}_floor_share_usd{{ ',' if not loop.last }}
        {%- endfor %}
    from weighed

),

loaded as (

    select
        *,
        {%- for basis in ['computed', 'trued_up'] %}
        case
            when not in_scope or denominator = 0 or total_weight = 0 then null
            else
                {{ basis }}_cost_usd + {{ basis }}_floor_share_usd
                + if(weight_rank = 1, {{ basis }}_pool_usd - sum({{ basis }}_floor_share_usd) over period, 0)
        end as {{ basis }}_loaded_cost_usd{{ ',' if not loop.last }}
        {%- endfor %}
    from shared
    window period as ({{ period }})

)

select
    period_grain,
    period_start,
    class as {{ class_column }},
    {%- for column in cut %}
    {{ column }},
    {%- endfor %}
    in_scope,
    scope_rule,
    cast(computed_cost_usd as decimal(38, 18)) as computed_cost_usd,
    cast(trued_up_cost_usd as decimal(38, 18)) as trued_up_cost_usd,
    case
        when accrued_usage_rows = 0 then 'trued_up'
        when accrued_usage_rows < usage_rows then 'partly_accrued'
        else 'accrued'
    end as trued_up_status,
    {%- for column in extra_columns %}
    cast({{ column }} as bigint) as {{ column }},
    {%- endfor %}
    {%- for basis in ['computed', 'trued_up'] %}
    {{ exact_div('if(in_scope and is_matched, ' ~ basis ~ '_cost_usd, null)', 'denominator') }}
        as {{ basis }}_direct_unit_cost_usd,
    {{ exact_div(basis ~ '_loaded_cost_usd', 'denominator') }} as {{ basis }}_loaded_unit_cost_usd,
    {%- endfor %}
    cast(computed_loaded_cost_usd as decimal(38, 18)) as computed_loaded_cost_usd,
    cast(trued_up_loaded_cost_usd as decimal(38, 18)) as trued_up_loaded_cost_usd,
    {{ ratio('matched_usd', 'in_scope_usd') }} as match_coverage_ratio,
    {{ ratio('usage_rows - unpriced_usage_rows', 'usage_rows') }} as price_coverage_ratio,
    cast(requests as bigint) as requests,
    cast(unpriced_requests as bigint) as unpriced_requests,
    unpriced_usage_rows > 0 or (denominator > 0 and pool_unpriced_rows > 0) as is_lower_bound,
    provisional > 0
        or period_start
        + case period_grain when 'day' then interval 1 day when 'week' then interval 7 day else interval 1 month end
        > coalesce(as_of.as_of_at, timestamp '1970-01-01') as is_provisional
from loaded
cross join as_of
{%- endmacro %}

{# The name and the value of a cut; a prompt version stands below its template. #}
{% macro cut_columns(column) -%}
    '{{ column }}' as cut,
        {{ 'prompt_template' if column == 'prompt_version' else "''" }} as cut_parent,
        {{ column }} as cut_value,
{%- endmacro %}

{# One cut of a unit's costs as a mart of its own: the columns of the unit's mart and those of the cut. #}
{% macro cut_mart(relation, class_column, cut, extra_columns) -%}
select
    period_grain,
    period_start,
    {{ class_column }},
    {%- if cut == 'prompt_version' %}
    cut_parent as prompt_template,
    {%- endif %}
    cut_value as {{ cut }},
    in_scope,
    scope_rule,
    computed_cost_usd,
    trued_up_cost_usd,
    trued_up_status,
    {%- for column in extra_columns %}
    {{ column }},
    {%- endfor %}
    computed_direct_unit_cost_usd,
    computed_loaded_unit_cost_usd,
    trued_up_direct_unit_cost_usd,
    trued_up_loaded_unit_cost_usd,
    computed_loaded_cost_usd,
    trued_up_loaded_cost_usd,
    match_coverage_ratio,
    price_coverage_ratio,
    requests,
    unpriced_requests,
    is_lower_bound,
    is_provisional
from {{ relation }}
where cut = '{{ cut }}'
{%- endmacro %}
