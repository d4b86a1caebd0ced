-- grain: one row per pricing pass and usage row, priced: list cost, contracted cost and, where the channel's own
-- report decides, the reported cost
with matched as (select * from {{ ref('int_usage_matched') }}),

other_costs as (select * from {{ ref('int_usage_other_costs') }}),

list_price_sets as (select * from {{ ref('int_list_price_sets') }}),

name_reasons as (select * from {{ ref('unknown_model_reasons') }}),

{% set folded = modality_meters() -%}
{% set modal = folded.values() | sum(start=[]) -%}
{% set five, thirty = 'input_cache_write_5m_tokens', 'input_cache_write_30m_tokens' -%}
joined as (

    select
        matched.* exclude (
            has_contract_price, has_unconfirmed_price, {{ folded.keys() | join(', ') }}, {{ modal | join(', ') }},
            input_cache_write_5m_tokens, input_cache_write_30m_tokens
        ),
        -- judged before buckets are put together, or one part would hide that another is below zero
        {% for meter in priced_meters() -%}
        matched.{{ meter }} < 0{{ ' or ' if not loop.last }}
        {%- endfor %} as is_contradictory,
        -- a modality without a price of its own is billed as text
        {%- for text_meter, modal_meters in folded.items() %}
        matched.{{ text_meter }}
        {%- for meter in modal_meters %} + if(matched.{{ meter }}_price_usd is null, matched.{{ meter }}, 0){% endfor %}
            as {{ text_meter }},
        {%- for meter in modal_meters %}
        if(matched.{{ meter }}_price_usd is null, 0, matched.{{ meter }}) as {{ meter }},
        {%- endfor %}
        {%- endfor %}
        -- a write without a lifetime is staged as the shortest one; OpenAI's models sell 30 minutes
        if(matched.{{ five }}_price_usd is null and matched.{{ thirty }}_price_usd is not null, 0, matched.{{ five }})
            as {{ five }},
        matched.{{ thirty }}
            + if(matched.{{ five }}_price_usd is null and matched.{{ thirty }}_price_usd is not null, matched.{{ five }}, 0)
            as {{ thirty }},
        matched.has_contract_price or coalesce(other_costs.has_contract_price, false) as has_contract_price,
        matched.has_unconfirmed_price or coalesce(other_costs.has_unconfirmed_price, false) as has_unconfirmed_price,
        list_price_sets.* exclude (price_set_id),
        other_costs.list_cost_usd as other_list_cost_usd,
        other_costs.cost_usd as other_cost_usd,
        coalesce(other_costs.has_unpriced_meter, false) as has_unpriced_meter,
        coalesce(other_costs.has_unlisted_meter, false) as has_unlisted_meter,
        matched.states_its_charge and matched.reported_cost_basis = 'provider'
            and matched.reported_cost_usd is not null as has_decisive_report
    from matched
    left join other_costs
        on case when matched.other_meters is not null then
            hash(matched.source, matched.account_label, matched.file_id, matched.row_number, matched.part_number)
        end = other_costs.usage_row_hash
        and matched.pricing_pass = other_costs.pricing_pass
        and matched.pass_number = other_costs.pass_number
        and matched.source = other_costs.source
        and matched.account_label = other_costs.account_label
        and matched.file_id = other_costs.file_id
        and matched.row_number = other_costs.row_number
        and matched.part_number = other_costs.part_number
    left join list_price_sets
        on case when matched.has_contract_price then matched.price_set_id end = list_price_sets.price_set_id

),

judged as (

    select
        *,
        (
            price_set_id is null
            {%- for meter in priced_meters() %}
            or ({{ meter }} > 0 and {{ meter }}_price_usd is null)
            {%- endfor %}
            or has_unpriced_meter
        ) as has_no_rate
    from joined

),

{% set is_empty -%}
    (other_meters is null {%- for meter in priced_meters() %} and {{ meter }} = 0{% endfor %})
{%- endset %}
reasoned as (

    select
        judged.*,
        case
            when judged.invalid_reason is not null then judged.invalid_reason
            when judged.has_decisive_report then null
            when judged.input_uncached_tokens is null then 'usage_missing'
            when judged.is_contradictory then 'cached_exceeds_input'
            when judged.has_no_rate and {{ is_empty }} then null
            when judged.model_served is null then 'model_missing'
            when judged.model_key is null then coalesce(name_reasons.unpriced_reason, 'unknown_model')
            -- no contract on tokens prices what is paid by the hour of capacity
            when judged.tier_unpriced_reason = 'capacity_billed' then judged.tier_unpriced_reason
            when judged.tier_unpriced_reason is not null and (judged.has_no_rate or not judged.has_contract_price)
                then judged.tier_unpriced_reason
            when judged.has_no_rate then 'no_published_rate'
        end as unpriced_reason
    from judged
    left join name_reasons
        -- a known name has no key here, so that no pattern is tried on it
        on case when judged.model_key is null then judged.channel end = name_reasons.channel
        and regexp_full_match(judged.model_served, name_reasons.name_pattern)

),

costed as (

    select
        *,
        case
            when is_contradictory then null
            when not has_no_rate then {{ cost_of_meters('price_usd', 'other_cost_usd') }}
            when {{ is_empty }} then cast(0 as decimal(38, 18))
        end as card_cost_usd,
        -- a contract's own price may have no list price beside it
        case
            when not has_contract_price or is_contradictory or has_no_rate then null
            when
                has_unlisted_meter
                {%- for meter in priced_meters() %}
                or ({{ meter }} > 0 and {{ meter }}_list_price_usd is null)
                {%- endfor %}
                then null
            else {{ cost_of_meters('list_price_usd', 'other_list_cost_usd') }}
        end as contract_list_cost_usd
    from reasoned

)

select
    * exclude (card_cost_usd, contract_list_cost_usd),
    case when unpriced_reason is null then
        case when has_decisive_report then 'provider_reported' when has_contract_price then 'contract' else 'rate_card' end
    end as cost_basis,
    case
        when unpriced_reason is not null then null
        when has_contract_price then contract_list_cost_usd
        else card_cost_usd
    end as list_cost_usd,
    case
        when unpriced_reason is not null then null
        when has_decisive_report then reported_cost_usd
        else card_cost_usd
    end as cost_usd
from costed
