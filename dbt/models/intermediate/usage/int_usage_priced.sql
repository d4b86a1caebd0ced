-- grain: one row per usage row, priced: what answered, at the tier and geography that served it, at
-- the price in force when it was requested
with usage_rows as (select * from {{ ref('int_usage_rows') }}),

ledger_days as (select * from {{ ref('int_ledger_days') }}),

aliases as (

    select
        channel,
        raw_model,
        model_key,
        provider,
        coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
        coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
    from {{ ref('model_aliases') }}

),

price_sets as (select * from {{ ref('int_price_sets') }}),

joined as (

    select
        usage_rows.*,
        ledger_days.ledger = if(usage_rows.grain = 'call', 'call_log', 'provider_usage')
            and coalesce(ledger_days.ledger_source = usage_rows.source, true) as is_ledger,
        aliases.model_key,
        coalesce(aliases.provider, usage_rows.channel_provider) as provider,
        price_sets.price_set_id,
        price_sets.rate_card_version,
        price_sets.ctx_min_tokens,
        price_sets.valid_from_at as price_valid_from_at,
        price_sets.has_unconfirmed_price,
        {%- for meter in priced_meters() %}
        price_sets.{{ meter }}_price_usd,
        {%- endfor %}
        {% for meter in priced_meters() -%}
        usage_rows.{{ meter }} < 0{{ ' or ' if not loop.last }}
        {%- endfor %} as is_contradictory,
        {% for meter in priced_meters() -%}
        usage_rows.{{ meter }} = 0{{ ' and ' if not loop.last }}
        {%- endfor %} as is_empty
    from usage_rows
    inner join ledger_days
        on usage_rows.channel = ledger_days.channel
        and usage_rows.account = ledger_days.account
        and usage_rows.usage_date = ledger_days.usage_date
    left join aliases
        on usage_rows.channel = aliases.channel
        and usage_rows.model_served = aliases.raw_model
        and usage_rows.usage_date >= aliases.valid_from
        and usage_rows.usage_date < aliases.valid_to
    left join price_sets
        on usage_rows.channel = price_sets.channel
        and aliases.model_key = price_sets.model_key
        and usage_rows.processing = price_sets.processing
        and usage_rows.service_tier = price_sets.service_tier
        and usage_rows.geo = price_sets.geo
        and usage_rows.prompt_tokens >= price_sets.ctx_min_tokens
        and (price_sets.ctx_max_tokens is null or usage_rows.prompt_tokens < price_sets.ctx_max_tokens)
        and usage_rows.requested_at >= price_sets.valid_from_at
        and (price_sets.valid_to_at is null or usage_rows.requested_at < price_sets.valid_to_at)

),

reasoned as (

    select
        *,
        case
            when input_uncached_tokens is null then 'usage_missing'
            when is_contradictory then 'invalid_usage'
            when is_empty then null
            when model_served is null then 'model_missing'
            when model_key is null then 'unknown_model'
            when
                price_set_id is null
                {%- for meter in priced_meters() %}
                or ({{ meter }} > 0 and {{ meter }}_price_usd is null)
                {%- endfor %}
                then 'no_published_rate'
        end as unpriced_reason
    from joined

)

select
    *,
    case when unpriced_reason is null then
        cast(
            {%- for meter in priced_meters() %}
            {{ meter }} * coalesce({{ meter }}_price_usd, 0){{ ' +' if not loop.last }}
            {%- endfor %}
        as decimal(38, 18))
    end as list_cost_usd
from reasoned
