{# Calendar day of a UTC timestamp in the reporting zone; daylight saving follows the zone's rules. #}
{% macro reporting_date(column) -%}
    cast(timezone('{{ var("reporting_time_zone") }}', timezone('UTC', {{ column }})) as date)
{%- endmacro %}
