{# The finance reports: amounts in whole cents whose rows add up to the total that stands under them. #}

{# Cents as money; NULL stays NULL. #}
{% macro cents_as_money(cents) -%}
    cast(cast({{ cents }} as decimal(20, 0)) * 0.01 as decimal(38, 18))
{%- endmacro %}

{# Money rounded to a cent, half away from zero, as a whole number of cents. #}
{% macro cents_of(amount) -%}
    cast({{ rounded_cents(units_of(amount)) }} as hugeint)
{%- endmacro %}

{# As whole_cents, to a total that is given: the rows of `relation` (part_of, part_key, units, and
   target_cents the same in each part) get cents whose sum is the target, which is less than a cent from
   their exact sum. What the target is off by goes to the largest part first. #}
{% macro cents_to_target(relation, name) -%}
{{ name }}_fitted as (

    select
        * replace (
            units + if(
                row_number() over (partition by part_of order by abs(units) desc, part_key) = 1,
                target_cents * 10000000000000000 - sum(units) over (partition by part_of), 0
            ) as units
        )
    from {{ relation }}

),

{{ whole_cents(name ~ '_fitted', name) }}
{%- endmacro %}
