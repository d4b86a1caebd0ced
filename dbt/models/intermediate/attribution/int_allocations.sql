{{ config(materialized='table') }}
-- grain: one row per month, feature that gives its in-scope cost away and feature that receives a part
-- Proportional follows the receivers' own computed cost of the month; even counts receivers with any.
-- Where no receiver has a basis, the cost stays where it is.
with features as (

    select period_start, feature, computed_cost_usd, trued_up_cost_usd
    from {{ ref('cost_per_feature') }}
    where period_grain = 'month' and in_scope

),

rules as (select * from {{ ref('stg_reference__allocation_rules') }}),

givers as (select distinct source_feature from rules),

receivers as (

    select
        sources.period_start,
        rules.allocation_rule,
        rules.method,
        sources.feature as source_feature,
        coalesce(rules.target_feature, targets.feature) as target_feature,
        sources.computed_cost_usd,
        sources.trued_up_cost_usd,
        case rules.method
            when 'proportional'
                then cast(cast(greatest(coalesce(targets.computed_cost_usd, 0), 0) * 1000000000 as decimal(38, 0)) as hugeint)
            when 'fixed' then cast(cast(rules.percent * 1000000 as decimal(18, 0)) as hugeint)
            when 'even' then cast(if(targets.feature is null, 0, 1) as hugeint)
            else 1::hugeint
        end as weight
    from features as sources
    inner join rules
        on sources.feature = rules.source_feature
        and sources.period_start >= rules.valid_from
        and sources.period_start < rules.valid_to
    left join features as targets
        on sources.period_start = targets.period_start
        and (
            rules.target_feature = targets.feature
            or (
                rules.target_feature is null
                and targets.feature <> 'unattributed'
                and targets.feature not in (select source_feature from givers)
            )
        )
    where coalesce(rules.target_feature, targets.feature) is not null

),

amounts as (

    {% for basis in ['computed', 'trued_up'] -%}
    select
        *,
        '{{ basis }}' as basis,
        concat_ws('|', '{{ basis }}', period_start, source_feature) as part_of,
        target_feature as part_key,
        {{ basis }}_cost_usd as amount
    from receivers
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

{{ largest_remainder('amounts', 'allocated') }}

select
    period_start,
    source_feature,
    target_feature,
    allocation_rule,
    method,
    {%- for basis in ['computed', 'trued_up'] %}
    cast(sum(if(basis = '{{ basis }}', part, 0)) as decimal(38, 18)) as {{ basis }}_allocated_usd{{ ',' if not loop.last }}
    {%- endfor %}
from allocated_parts
group by period_start, source_feature, target_feature, allocation_rule, method
