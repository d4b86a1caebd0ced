{# One name for a thing compared, from the same key on the side of usage and on the side of the bill. #}
{% macro pair_id(usage_date, api_key_id, model, meter, processing) -%}
    md5(concat_ws(
        '|', channel, account, billing_month, coalesce(cast({{ usage_date }} as varchar), ''), bill, charge_kind,
        is_excluded, is_month_total, coalesce({{ api_key_id }}, ''), coalesce({{ model }}, ''),
        coalesce({{ meter }}, ''), coalesce({{ processing }}, '')
    ))
{%- endmacro %}

{# Name of a reconciliation line: a pair has one line for each code. #}
{% macro reconciliation_line_id(relation='') -%}
    md5(concat_ws('|', {{ relation }}pair_id, {{ relation }}residual_code))
{%- endmacro %}
