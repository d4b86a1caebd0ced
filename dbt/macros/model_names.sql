{# The part of a reported model name that the alias table lists. Anchored rules only: a fine-tune
   without the organisation's suffix, the model inside an ARN that names one, and (none) for a
   charge without a model, which price lists write in parentheses. #}
{% macro listed_model_name(raw_model) -%}
    case
        when starts_with({{ raw_model }}, 'ft:') then 'ft:' || split_part({{ raw_model }}, ':', 2)
        when starts_with({{ raw_model }}, 'arn:') then
            coalesce(
                nullif(regexp_extract(
                    {{ raw_model }}, '^arn:aws[a-z-]*:bedrock:[^:]*:[^:]*:(foundation-model|inference-profile)/(.+)$', 2
                ), ''),
                {{ raw_model }}
            )
        when starts_with({{ raw_model }}, '(') and ends_with({{ raw_model }}, ')') then '(none)'
        else {{ raw_model }}
    end
{%- endmacro %}
