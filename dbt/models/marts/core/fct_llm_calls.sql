{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where {{ in_window('usage_date') }}{% endif %}",
) }}
-- grain: one row per logged call of the ledger, or per provider usage bucket row where no log exists
-- The days of the window are replaced whole, so a second run changes nothing.
with priced as (

    select *
    from {{ ref('int_usage_priced') }}
    where is_ledger and pricing_pass = 'booked' and not is_period_charge and {{ in_window('usage_date') }}

),

feature_keys as (select * from {{ ref('int_feature_keys') }}),

internal_users as (select * from {{ ref('stg_reference__internal_users') }})

select
    ---------- ids
    -- the same content may lie under two accounts, so the file alone does not name the row
    concat_ws(':', priced.source, priced.account_label, priced.file_id, priced.row_number)
        || if(priced.part_number = 1, '', '#' || priced.part_number) as usage_row_id,
    priced.grain,
    priced.source,
    priced.account_label || '/' || coalesce(priced.call_id, cast(priced.row_number as varchar)) as source_call_id,
    priced.channel,
    priced.account,
    priced.sub_account,
    priced.api_key_id,
    priced.provider,

    ---------- what answered
    priced.model_requested,
    priced.model_served,
    priced.model_key,
    priced.service_tier,
    priced.processing,
    priced.geo,

    ---------- disjoint token buckets
    priced.requests,
    {%- for meter in priced_meters() %}
    priced.{{ meter }},
    {%- endfor %}
    priced.other_meters,
    priced.reasoning_tokens,
    priced.gateway_cached_tokens,
    priced.prompt_tokens,

    ---------- money
    priced.list_cost_usd,
    priced.cost_usd,
    priced.cost_basis,
    priced.reported_cost_usd,
    case when priced.reported_cost_usd is not null then priced.reported_cost_basis end as reported_cost_basis,
    case
        when priced.unpriced_reason is null then 'priced'
        when priced.unpriced_reason in ('cached_exceeds_input', 'reasoning_exceeds_output', 'not_a_count')
            then 'invalid_usage'
        else 'unpriced'
    end as price_status,
    priced.unpriced_reason,
    priced.price_set_id,
    priced.rate_card_version,
    priced.ctx_min_tokens,
    priced.price_valid_from_at,
    coalesce(priced.has_unconfirmed_price, false) as has_unconfirmed_price,

    ---------- attribution
    coalesce(priced.feature, by_key.feature, by_project.feature, by_template.feature, 'unattributed') as feature,
    coalesce(priced.team, by_key.team, by_project.team, by_template.team, 'unattributed') as team,
    priced.prompt_template,
    priced.prompt_version,
    priced.agent,
    coalesce(priced.environment, 'unknown') as environment,
    priced.user_key,
    internal_users.user_key is not null as is_internal_user,
    priced.tenant,
    priced.session_id,
    priced.trace_id,
    priced.task_id,
    priced.ticket_id,
    priced.attempt_no,
    priced.tags,

    ---------- result
    priced.status,
    priced.finish_reason,
    priced.latency_ms,
    priced.is_retry,
    priced.is_fallback,
    priced.is_cache_hit,
    priced.prompt_hash,

    ---------- dates and times
    priced.usage_date,
    priced.requested_at
from priced
left join feature_keys as by_key
    on by_key.match_type = 'api_key_id'
    and priced.api_key_id = by_key.match_value
    and priced.channel = by_key.channel
    and priced.account = by_key.account
    and priced.usage_date = by_key.usage_date
left join feature_keys as by_project
    on by_project.match_type = 'sub_account'
    and priced.sub_account = by_project.match_value
    and priced.channel = by_project.channel
    and priced.account = by_project.account
    and priced.usage_date = by_project.usage_date
left join feature_keys as by_template
    on by_template.match_type = 'prompt_template'
    and priced.prompt_template = by_template.match_value
    and priced.channel = by_template.channel
    and priced.account = by_template.account
    and priced.usage_date = by_template.usage_date
left join internal_users
    on priced.user_key = internal_users.user_key
    and priced.usage_date >= internal_users.valid_from
    and priced.usage_date < internal_users.valid_to
