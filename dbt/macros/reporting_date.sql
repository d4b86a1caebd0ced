{# Calendar day of a UTC timestamp in the reporting zone; daylight saving follows the zone's rules. #}
{% macro reporting_date(column) -%}
    cast(timezone('{{ env_var('TRUEUP_REPORTING_TIME_ZONE', 'UTC') }}', timezone('UTC', {{ column }})) as date)
{%- endmacro %}
