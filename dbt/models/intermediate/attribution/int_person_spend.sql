{{ config(materialized='table') }}
-- grain: one row per month, person, kind of exclusion, tenant, feature, team, model and prompt template
-- A NULL person is spend that names no user. Scope rules do not apply: this is all spend.
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

user_persons as (select * from {{ ref('int_user_persons') }}),

excluded_persons as (select * from {{ ref('int_excluded_persons') }})

select
    cast(date_trunc('month', cost_rows.usage_date) as date) as period_start,
    {{ person_of('cost_rows') }} as person_key,
    excluded_persons.exclusion_kind,
    cost_rows.tenant,
    cost_rows.feature,
    cost_rows.team,
    cost_rows.model_key,
    cost_rows.prompt_template,
    sum(cost_rows.computed_cost_usd) as computed_cost_usd,
    sum(cost_rows.trued_up_cost_usd) as trued_up_cost_usd,
    sum(cost_rows.unpriced_usage_rows) as unpriced_usage_rows
from cost_rows
left join user_persons on cost_rows.user_key = user_persons.user_key
left join excluded_persons
    on {{ person_of('cost_rows') }} = excluded_persons.person_key
    and cost_rows.usage_date >= excluded_persons.valid_from
    and cost_rows.usage_date < excluded_persons.valid_to
group by all
