{{ config(materialized='table') }}
-- grain: one row per contract term, its model and channel in the house vocabulary
-- A model is named by any name that the alias table knows; `specificity` counts the scope columns
-- that are filled, so that the closest term wins.
with contracts as (select * from {{ ref('stg_reference__contracts') }}),

channels as (select * from {{ ref('channel_aliases') }}),

aliases as (select distinct channel, raw_model, model_key from {{ ref('int_model_aliases') }})

select
    contracts.* exclude (model, channel, meter),
    coalesce(channels.channel, contracts.channel) as channel,
    coalesce(aliases.model_key, contracts.model) as model_key,
    case contracts.meter when 'tokens' then null else contracts.meter end as meter,
    contracts.meter is not distinct from 'tokens' as is_tokens_only,
    (
        {%- for column in ['account', 'provider', 'channel', 'model', 'meter', 'processing', 'service_tier', 'geo'] %}
        if(contracts.{{ column }} is null, 0, 1){{ ' +' if not loop.last }}
        {%- endfor %}
    ) as specificity
from contracts
left join channels on contracts.channel = channels.raw_channel
left join aliases
    on coalesce(channels.channel, contracts.channel) = aliases.channel
    and contracts.model = aliases.raw_model
qualify row_number() over (partition by contracts.term_number order by aliases.model_key) = 1
