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

{# Days after which an outcome is final: a resolution without a reopen; a task's success, or a
   conversion, after it was known. #}
{% macro maturity_days(outcome='resolution') -%}
    {{ env_var('TRUEUP_' ~ outcome | upper ~ '_MATURITY_DAYS', '7' if outcome == 'resolution' else '0') | int }}
{%- endmacro %}
