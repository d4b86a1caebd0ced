{{ config(materialized='table') }}
-- grain: one row per channel, account (NULL: every account), model name as reported and period
-- Exact names only. The user's own lines (Azure deployments, application profiles) are matched with
-- the whole name as reported, and win over the reviewed table on the days they cover; a later line ends an earlier one of the same name.
with channels as (select * from {{ ref('channel_aliases') }}),

own as (

    select aliases.* exclude (channel), coalesce(channels.channel, aliases.channel) as channel
    from {{ ref('stg_reference__model_aliases') }} as aliases
    left join channels on aliases.channel = channels.raw_channel

),

reviewed as (select * from {{ ref('model_aliases') }}),

-- the user may name any spelling of the model that the reviewed table knows
targets as (

    select channel, raw_model, model_key, provider, geo
    from reviewed
    qualify row_number() over (partition by channel, raw_model order by valid_from desc nulls last) = 1

)

select
    own.channel,
    own.account,
    own.raw_model,
    coalesce(targets.model_key, own.model_key) as model_key,
    targets.provider,
    coalesce(own.geo, targets.geo) as geo,
    own.valid_from,
    least(
        own.valid_to,
        coalesce(
            lead(own.valid_from) over (partition by own.channel, own.account, own.raw_model order by own.valid_from),
            own.valid_to
        )
    ) as valid_to,
    true as is_own
from own
left join targets
    on own.channel = targets.channel
    and own.model_key = targets.raw_model

union all by name

select
    channel,
    cast(null as varchar) as account,
    raw_model,
    model_key,
    provider,
    geo,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to,
    false as is_own
from reviewed
