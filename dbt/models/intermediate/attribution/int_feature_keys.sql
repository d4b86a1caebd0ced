{{ config(materialized='table') }}
-- grain: one row per channel, account, day and attribution key that a feature rule decides
-- A call's own feature wins; then its API key, its project or workspace, its prompt template.
with usage_rows as (select * from {{ ref('int_usage_rows') }} where feature is null or team is null),

rules as (select * from {{ ref('int_feature_rules') }}),

-- one pass over the usage rows for all three kinds of key
seen as (

    select channel, account, usage_date, api_key_id, sub_account, prompt_template
    from usage_rows
    group by all

),

keys as (

    select distinct channel, account, usage_date, match_type, match_value
    from seen
    unpivot (match_value for match_type in (api_key_id, sub_account, prompt_template))

)

select
    keys.*,
    rules.feature,
    rules.team
from keys
inner join rules
    on keys.match_type = rules.match_type
    and keys.match_value = rules.match_value
    and (rules.channel is null or keys.channel = rules.channel)
    and (rules.account is null or keys.account = rules.account)
    and keys.usage_date >= rules.valid_from
    and keys.usage_date < rules.valid_to
qualify row_number() over (
    partition by keys.channel, keys.account, keys.usage_date, keys.match_type, keys.match_value
    order by rules.specificity desc, rules.row_number
) = 1
