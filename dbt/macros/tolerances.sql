{# Whether an amount is over its limit: the larger of a share of the bill and a floor in USD. Where a limit in
   tokens is set and the tokens are known, they decide instead. Without any limit nothing is over it. #}
{% macro over_limit(amount, tokens, billed, all_tokens) -%}
    case
        when tolerance_tokens is not null and {{ tokens }} is not null
            then {{ tokens }} > greatest(
                cast({{ all_tokens }} as decimal(38, 6)) * coalesce(tolerance_pct, 0) * 0.01, tolerance_tokens
            )
        when coalesce(tolerance_pct, tolerance_usd) is null then false
        else {{ amount }} > greatest(abs({{ billed }}) * tolerance_pct * 0.01, tolerance_usd)
    end
{%- endmacro %}
