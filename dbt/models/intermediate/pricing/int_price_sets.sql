{{ config(materialized='table') }}
-- grain: one row per price set: every meter price of one model in one processing mode, service tier,
-- geography, context band and price period. A call joins one set, so pricing is one range join.
with card as (

    select
        provider,
        channel,
        model_key,
        meter,
        processing,
        service_tier,
        geo,
        cast(ctx_min_tokens as bigint) as ctx_min_tokens,
        cast(ctx_max_tokens as bigint) as ctx_max_tokens,
        cast(unit_price as decimal(28, 18)) as unit_price_usd,
        cast(cast(valid_from as timestamptz) as timestamp) as valid_from_at,
        cast(cast(valid_to as timestamptz) as timestamp) as valid_to_at,
        status
    from {{ ref('rate_card') }}

),

versions as (select * from {{ ref('rate_card_versions') }} where is_current),

bounds as (

    select channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens, valid_from_at as bound_at
    from card
    union
    select channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens, valid_to_at as bound_at
    from card
    where valid_to_at is not null

),

periods as (

    select
        *,
        lead(bound_at) over (
            partition by channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens
            order by bound_at
        ) as next_bound_at
    from bounds

),

pivoted as (

    select
        card.provider,
        periods.channel,
        periods.model_key,
        periods.processing,
        periods.service_tier,
        periods.geo,
        periods.ctx_min_tokens,
        periods.ctx_max_tokens,
        periods.bound_at as valid_from_at,
        periods.next_bound_at as valid_to_at,
        {%- for meter in priced_meters() %}
        max(case when card.meter = '{{ meter }}' then card.unit_price_usd end) as {{ meter }}_price_usd,
        {%- endfor %}
        bool_or(card.status <> 'confirmed') as has_unconfirmed_price
    from periods
    inner join card
        on periods.channel = card.channel
        and periods.model_key = card.model_key
        and periods.processing = card.processing
        and periods.service_tier = card.service_tier
        and periods.geo = card.geo
        and periods.ctx_min_tokens = card.ctx_min_tokens
        and periods.ctx_max_tokens is not distinct from card.ctx_max_tokens
        and card.valid_from_at <= periods.bound_at
        and (card.valid_to_at is null or periods.bound_at < card.valid_to_at)
    group by all

)

select
    left(
        md5(concat_ws(
            '|', channel, model_key, processing, service_tier, geo, ctx_min_tokens, valid_from_at
        )),
        16
    ) as price_set_id,
    versions.rate_card_version,
    pivoted.*
from pivoted
cross join versions
