{# Predicate of the days that this run recomputes; true for every day when no window is given. #}
{% macro in_window(day_expression) -%}
    {%- if var('window_first_day') and is_incremental() -%}
        {{ day_expression }} between cast('{{ var("window_first_day") }}' as date)
            and cast('{{ var("window_last_day") }}' as date)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# First day of the calendar period that holds the day; weeks start on Monday (ISO 8601). #}
{% macro period_start(period_grain, day_expression) -%}
    cast(date_trunc({{ period_grain }}, {{ day_expression }}) as date)
{%- endmacro %}
