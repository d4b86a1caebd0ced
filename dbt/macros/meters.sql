{# The meters that a usage row carries, in the order of every table. One vocabulary for the usage
   model, the rate card, the charge lines and the billed lines. #}
{% macro priced_meters() -%}
    {{ return([
        'input_uncached_tokens',
        'input_cache_read_tokens',
        'input_cache_write_5m_tokens',
        'input_cache_write_30m_tokens',
        'input_cache_write_1h_tokens',
        'input_cache_write_12h_tokens',
        'output_tokens',
        'web_search_calls',
    ]) }}
{%- endmacro %}

{# Long form of usage rows: sums every meter by the given columns, then one row per meter above zero
   with its exact cost (NULL where the rows are unpriced). Ends an open `with` list: the caller reads
   from `meter_lines`. Needs columns price_set_id and unpriced_reason among the given ones. #}
{% macro meter_lines(relation, columns) -%}
    summed as (

        select
            {{ columns | join(', ') }},
            {%- for meter in priced_meters() %}
            sum({{ meter }}) as {{ meter }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
        group by all

    ),

    long_form as (

        select * from summed
        unpivot (quantity for meter in ({{ priced_meters() | join(', ') }}))
        where quantity > 0

    ),

    meter_lines as (

        select
            long_form.*,
            case when long_form.unpriced_reason is null then price_lines.unit_price_usd end as unit_price_usd,
            case when long_form.unpriced_reason is null
                then cast(cast(long_form.quantity as decimal(20, 0)) * price_lines.unit_price_usd as decimal(38, 18))
            end as cost_usd
        from long_form
        left join {{ ref('int_price_lines') }} as price_lines
            on long_form.price_set_id = price_lines.price_set_id
            and long_form.meter = price_lines.meter

    )
{%- endmacro %}
