{# The meters that a usage row carries as columns, in the order of every table: the token buckets and
   web searches. One vocabulary for the usage model, the rate card, the charge lines and the billed
   lines; every other meter of dbt/seeds/meters.csv stands in the list `other_meters`. #}
{% macro priced_meters() -%}
    {{ return([
        'input_uncached_tokens',
        'input_cache_read_tokens',
        'input_cache_write_5m_tokens',
        'input_cache_write_30m_tokens',
        'input_cache_write_1h_tokens',
        'input_cache_write_12h_tokens',
        'output_tokens',
        'input_audio_tokens',
        'input_audio_cache_read_tokens',
        'input_image_tokens',
        'input_image_cache_read_tokens',
        'output_audio_tokens',
        'output_image_tokens',
        'web_search_calls',
    ]) }}
{%- endmacro %}

{# Quantity that a usage row, or a sum of such rows, carries of the meter that a column names; NULL for a
   meter without a column of its own. #}
{% macro meter_quantity(relation, meter) -%}
    case {{ meter }}
        {%- for name in priced_meters() %}
        when '{{ name }}' then {{ relation }}.{{ name }}
        {%- endfor %}
    end
{%- endmacro %}

{# Meter of a modality and the meter it is billed as where a model names no price of its own. #}
{% macro modality_meters() -%}
    {{ return({
        'input_uncached_tokens': ['input_audio_tokens', 'input_image_tokens'],
        'input_cache_read_tokens': ['input_audio_cache_read_tokens', 'input_image_cache_read_tokens'],
        'output_tokens': ['output_audio_tokens', 'output_image_tokens'],
    }) }}
{%- endmacro %}

{# Exact cost of a quantity with up to six decimals: price times quantity, by `priced_per` units of
   the meter. Only a duration has priced_per <> 1 (a price per minute has no finite price per
   second); it is rounded once, half away from zero, at 10^-18. #}
{% macro meter_cost(quantity, unit_price, priced_per) -%}
    case when {{ priced_per }} = 1
        then cast(cast({{ quantity }} as decimal(19, 6)) * cast({{ unit_price }} as decimal(28, 18)) as decimal(38, 18))
        else {{ exact_share(
            'cast(cast(' ~ quantity ~ ' as decimal(19, 6)) * cast(' ~ unit_price ~ ' as decimal(28, 18)) as decimal(38, 18))',
            priced_per
        ) }}
    end
{%- endmacro %}

{# Exact cost of the meters that are columns, and what the others cost. Most rows have only text
   tokens: a branch that no row takes costs nothing. #}
{% macro cost_of_meters(suffix, other) -%}
    {%- set core = ['input_uncached_tokens', 'input_cache_read_tokens', 'output_tokens'] -%}
    cast(
        {%- for meter in core %}
        {{ meter }} * coalesce({{ meter }}_{{ suffix }}, 0) +
        {%- endfor %}
        {%- for meter in priced_meters() if meter not in core %}
        case when {{ meter }} > 0 then {{ meter }} * {{ meter }}_{{ suffix }} else 0 end +
        {%- endfor %}
        coalesce({{ other }}, 0)
    as decimal(38, 18))
{%- endmacro %}

{# Long form of usage rows: sums every meter by the given columns, then one row per meter above zero
   with its exact list and contracted cost (NULL where the rows are unpriced). Rows whose cost the
   provider reported have one line `reported_usd` instead, its quantity the number of requests. Ends
   an open `with` list: the caller reads from `meter_lines`. Needs columns price_set_id,
   unpriced_reason and cost_basis among the given ones. #}
{% macro meter_lines(relation, columns) -%}
    summed as (

        select
            {{ columns | join(', ') }},
            {%- for meter in priced_meters() %}
            sum({{ meter }}) as {{ meter }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
        where cost_basis is distinct from 'provider_reported'
        group by all

    ),

    -- a duration is rounded call by call, so equal quantities are counted and not summed
    other_quantities as (

        select
            {{ columns | join(', ') }},
            other.meter,
            other.quantity,
            count(*) as times
        from (
            select {{ columns | join(', ') }}, unnest(other_meters) as other
            from {{ relation }}
            where other_meters is not null and cost_basis is distinct from 'provider_reported'
        ) as listed
        group by all

    ),

    priced_lines as (

        select
            summed.*,
            price_lines.rate_id,
            price_lines.contract_id,
            price_lines.rate_status,
            price_lines.priced_per,
            price_lines.list_unit_price_usd,
            price_lines.unit_price_usd,
            cast(summed.quantity as decimal(38, 6)) as total_quantity,
            cast(cast(summed.quantity as decimal(20, 0)) * price_lines.list_unit_price_usd as decimal(38, 18)) as list_usd,
            cast(cast(summed.quantity as decimal(20, 0)) * price_lines.unit_price_usd as decimal(38, 18)) as contracted_usd
        from (
            select * from summed
            unpivot (quantity for meter in ({{ priced_meters() | join(', ') }}))
            where quantity > 0
        ) as summed
        left join {{ ref('int_price_lines') }} as price_lines
            on summed.price_set_id = price_lines.price_set_id
            and summed.meter = price_lines.meter

        union all by name

        select
            other_quantities.* exclude (quantity, times),
            any_value(price_lines.rate_id) as rate_id,
            any_value(price_lines.contract_id) as contract_id,
            any_value(price_lines.rate_status) as rate_status,
            any_value(price_lines.priced_per) as priced_per,
            any_value(price_lines.list_unit_price_usd) as list_unit_price_usd,
            any_value(price_lines.unit_price_usd) as unit_price_usd,
            cast(sum(other_quantities.quantity * other_quantities.times) as decimal(38, 6)) as total_quantity,
            cast(sum(
                {{ meter_cost('other_quantities.quantity', 'price_lines.list_unit_price_usd', 'price_lines.priced_per') }}
                * cast(other_quantities.times as decimal(19, 0))
            ) as decimal(38, 18)) as list_usd,
            cast(sum(
                {{ meter_cost('other_quantities.quantity', 'price_lines.unit_price_usd', 'price_lines.priced_per') }}
                * cast(other_quantities.times as decimal(19, 0))
            ) as decimal(38, 18)) as contracted_usd
        from other_quantities
        left join {{ ref('int_price_lines') }} as price_lines
            on other_quantities.price_set_id = price_lines.price_set_id
            and other_quantities.meter = price_lines.meter
        group by all

    ),

    meter_lines as (

        select
            {{ columns | join(', ') }},
            meter,
            total_quantity as quantity,
            case when unpriced_reason is null then rate_id end as rate_id,
            case when unpriced_reason is null then contract_id end as contract_id,
            case when unpriced_reason is null then rate_status end as rate_status,
            case when unpriced_reason is null then priced_per end as priced_per,
            case when unpriced_reason is null then list_unit_price_usd end as list_unit_price_usd,
            case when unpriced_reason is null then unit_price_usd end as unit_price_usd,
            case when unpriced_reason is null then list_usd end as list_cost_usd,
            case when unpriced_reason is null then contracted_usd end as cost_usd
        from priced_lines

        union all by name

        select
            {{ columns | join(', ') }},
            'reported_usd' as meter,
            cast(sum(coalesce(requests, 1)) as decimal(38, 6)) as quantity,
            case when count(list_cost_usd) = count(*) then sum(list_cost_usd) end as list_cost_usd,
            sum(cost_usd) as cost_usd
        from {{ relation }}
        where cost_basis = 'provider_reported'
        group by all

    )
{%- endmacro %}
