{# One vocabulary for call results: success, error (the provider refused or failed, nothing billed
   unless tokens are logged), aborted (cut by the client, so the usage may be missing), unknown. #}
{% macro call_status(raw_status) -%}
    case
        when {{ raw_status }} is null then 'unknown'
        when lower({{ raw_status }}) in ('success', 'succeeded', 'ok', 'completed', '200') then 'success'
        when lower({{ raw_status }}) in ('failure', 'failed', 'error', 'rate_limited', 'rejected', '429', '500', '503')
            then 'error'
        when lower({{ raw_status }}) in ('aborted', 'cancelled', 'canceled') then 'aborted'
        else 'unknown'
    end
{%- endmacro %}
