{# How sure a rate is, and whether two rates differ. DOUBLE, for display: no amount is multiplied by
   one of these, and no figure is computed from one. Their names begin with ratio, since the rule
   against floats lets no other macro divide.
   Arguments are counts: successes of trials that do not depend on one another (tasks, not the
   attempts of a task). Counts that contradict each other have no rate: NULL. #}

{# Quantile 0.975 of the standard normal distribution: intervals hold 95 %. #}
{% macro ratio_quantile() -%}
    1.959963984540054
{%- endmacro %}

{# Fewest trials on each side of a comparison. At 30 the interval of a rate of one half still spans
   34 points (33 % to 67 %), and two such rates are told apart from 27 points on. Lower, and whoever
   looks at many small classes reads noise as findings; higher, and rare classes stay without a
   verdict. At 100 trials the span is 19 points, at 400 it is 10. #}
{% macro fewest_trials() -%}
    30
{%- endmacro %}

{# A bound of the Wilson score interval, unrounded: the rate p at which the seen rate lies exactly one
   quantile from p. It stays within 0 and 1 and is no point where all or none succeeded. #}
{% macro ratio_bound(successes, trials, side) -%}
    case
        when ({{ successes }}) = {{ 0 if side == 'lower' else '(' ~ trials ~ ')' }}
            then cast({{ 0 if side == 'lower' else 1 }} as double)
        else
            (
                2 * cast({{ successes }} as double) + {{ ratio_quantile() }} * {{ ratio_quantile() }}
                {{ '-' if side == 'lower' else '+' }} {{ ratio_quantile() }} * sqrt(
                    {{ ratio_quantile() }} * {{ ratio_quantile() }}
                    + 4 * cast({{ successes }} as double)
                    * (cast({{ trials }} as double) - cast({{ successes }} as double)) / cast({{ trials }} as double)
                )
            ) / (2 * (cast({{ trials }} as double) + {{ ratio_quantile() }} * {{ ratio_quantile() }}))
    end
{%- endmacro %}

{# True where the counts make a rate; NULL or false where they do not. #}
{% macro ratio_exists(successes, trials) -%}
    (({{ trials }}) > 0 and ({{ successes }}) >= 0 and ({{ successes }}) <= ({{ trials }}))
{%- endmacro %}

{# Lower and upper end of the 95 % Wilson interval of a rate, rounded like `ratio`. #}
{% macro ratio_lower(successes, trials) -%}
    case when {{ ratio_exists(successes, trials) }} then round({{ ratio_bound(successes, trials, 'lower') }}, 9) end
{%- endmacro %}

{% macro ratio_upper(successes, trials) -%}
    case when {{ ratio_exists(successes, trials) }} then round({{ ratio_bound(successes, trials, 'upper') }}, 9) end
{%- endmacro %}

{# A bound of the 95 % interval of (rate of the first - rate of the second), unrounded: Newcombe's
   hybrid of the two Wilson intervals. Two intervals that overlap may well differ, so the verdict asks
   this one. #}
{% macro ratio_difference_bound(successes, trials, other_successes, other_trials, side) -%}
    cast({{ successes }} as double) / cast({{ trials }} as double)
    - cast({{ other_successes }} as double) / cast({{ other_trials }} as double)
    {{ '-' if side == 'lower' else '+' }} sqrt(
        pow(
            cast({{ successes }} as double) / cast({{ trials }} as double)
            - {{ ratio_bound(successes, trials, side) }}, 2
        )
        + pow(
            cast({{ other_successes }} as double) / cast({{ other_trials }} as double)
            - {{ ratio_bound(other_successes, other_trials, 'upper' if side == 'lower' else 'lower') }}, 2
        )
    )
{%- endmacro %}

{% macro ratio_difference_lower(successes, trials, other_successes, other_trials) -%}
    case when {{ ratio_exists(successes, trials) }} and {{ ratio_exists(other_successes, other_trials) }} then
        round({{ ratio_difference_bound(successes, trials, other_successes, other_trials, 'lower') }}, 9)
    end
{%- endmacro %}

{% macro ratio_difference_upper(successes, trials, other_successes, other_trials) -%}
    case when {{ ratio_exists(successes, trials) }} and {{ ratio_exists(other_successes, other_trials) }} then
        round({{ ratio_difference_bound(successes, trials, other_successes, other_trials, 'upper') }}, 9)
    end
{%- endmacro %}

{# What may be said of the first rate beside the second: higher, lower, not_distinguishable, or
   too_few_trials on either side; NULL where one of them is no rate. Each verdict errs in at most
   about 1 of 20 comparisons of equal rates, so of twenty classes one will seem to differ. #}
{% macro ratio_verdict(successes, trials, other_successes, other_trials) -%}
    case
        when not coalesce(
            {{ ratio_exists(successes, trials) }} and {{ ratio_exists(other_successes, other_trials) }}, false
        ) then null
        when least({{ trials }}, {{ other_trials }}) < {{ fewest_trials() }} then 'too_few_trials'
        when {{ ratio_difference_bound(successes, trials, other_successes, other_trials, 'lower') }} > 0 then 'higher'
        when {{ ratio_difference_bound(successes, trials, other_successes, other_trials, 'upper') }} < 0 then 'lower'
        else 'not_distinguishable'
    end
{%- endmacro %}

{# The first rate minus the second, rounded like `ratio`; NULL where one of them is no rate. #}
{% macro ratio_difference(successes, trials, other_successes, other_trials) -%}
    case when {{ ratio_exists(successes, trials) }} and {{ ratio_exists(other_successes, other_trials) }} then
        round(
            cast({{ successes }} as double) / cast({{ trials }} as double)
            - cast({{ other_successes }} as double) / cast({{ other_trials }} as double),
            9
        )
    end
{%- endmacro %}
