{# Predicate of the days that this run recomputes; true for every day when no window is given. #}
{% macro in_window(day_expression) -%}
    {%- if env_var('TRUEUP_WINDOW_FIRST_DAY', '') and is_incremental() -%}
        {{ day_expression }} between cast('{{ env_var('TRUEUP_WINDOW_FIRST_DAY', '') }}' as date)
            and cast('{{ env_var('TRUEUP_WINDOW_LAST_DAY', '') }}' as date)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# First day of the calendar period that holds the day; weeks start on Monday (ISO 8601). #}
{% macro period_start(period_grain, day_expression) -%}
    cast(date_trunc({{ period_grain }}, {{ day_expression }}) as date)
{%- endmacro %}

{# Days without a reopen after which a resolution is final. #}
{% macro maturity_days() -%}
    {{ env_var('TRUEUP_RESOLUTION_MATURITY_DAYS', '7') | int }}
{%- endmacro %}
