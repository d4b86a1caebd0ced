{# Money: DECIMAL(38, 18). Unit price: DECIMAL(28, 18). Unit cost: DECIMAL(38, 12). #}

{% macro as_money(expression) -%}
    cast({{ expression }} as decimal(38, 18))
{%- endmacro %}

{# 0 as money, for sums over nothing. A NULL amount must not be passed through this. #}
{% macro zero_money() -%}
    cast(0 as decimal(38, 18))
{%- endmacro %}

{# Quotient of money and a count as DECIMAL(38, 12), half away from zero; NULL when the count is
   NULL or not positive. Valid for |amount| <= 10^12 and count <= 10^7 at that size: the doubled
   integer numerator stays below the HUGEINT limit of 1.7 * 10^38. DuckDB's `/` and `//` give
   DOUBLE on decimals, so the work is done in whole units of 10^-18. #}
{% macro exact_div(amount, n) -%}
    case when ({{ n }}) > 0 then
        cast(
            sign({{ amount }})::hugeint * (
                (
                    2 * abs(replace(cast(cast({{ amount }} as decimal(38, 18)) as varchar), '.', '')::hugeint)
                    + ({{ n }})::hugeint * 1000000
                )
                // (2 * ({{ n }})::hugeint * 1000000)
            ) as decimal(38, 0)
        ) * 0.000000000001
    end
{%- endmacro %}

{# Money by a count as money, DECIMAL(38, 18), rounded half away from zero once. Valid for
   |amount| <= 10^16 and n <= 10^4: the doubled integer numerator stays below 1.7 * 10^38. #}
{% macro exact_share(amount, n) -%}
    cast(
        sign({{ amount }})::hugeint * (
            (
                2 * abs(replace(cast(cast({{ amount }} as decimal(38, 18)) as varchar), '.', '')::hugeint)
                + ({{ n }})::hugeint
            )
            // (2 * ({{ n }})::hugeint)
        ) as decimal(38, 0)
    ) * 0.000000000000000001
{%- endmacro %}

{# A share of counts or of money for display only: DOUBLE at the last step, never fed back. #}
{% macro ratio(numerator, denominator) -%}
    case when ({{ denominator }}) <> 0 then
        round(cast({{ numerator }} as double) / cast({{ denominator }} as double), 9)
    end
{%- endmacro %}

{# A decimal as a text without trailing zeros, for descriptions: 5.0000 is 5. #}
{% macro plain_number(expression) -%}
    rtrim(rtrim(cast({{ expression }} as varchar), '0'), '.')
{%- endmacro %}

{# Parts of amounts by weights that sum to the amounts, by largest remainder: CTEs `<name>_parts` with the
   columns of `relation` (which has part_of, part_key, amount DECIMAL(38, 18) and weight HUGEINT >= 0) and
   part DECIMAL(38, 18). Whole units of 10^-12; what is finer goes to the first part. |amount| * 10^12 *
   weight must stay below 1.7 * 10^38. Nothing is parted where the weights are all 0. #}
{% macro largest_remainder(relation, name) -%}
{{ name }}_based as (

    select
        *,
        abs(replace(cast(amount as varchar), '.', '')::hugeint) as atto_units,
        sum(weight) over (partition by part_of) as total_weight
    from {{ relation }}

),

{{ name }}_floored as (

    select
        *,
        (atto_units // 1000000) * weight // total_weight as base_units,
        (atto_units // 1000000) * weight % total_weight as remainder
    from {{ name }}_based
    where total_weight > 0

),

{{ name }}_ranked as (

    select
        *,
        row_number() over part_rows as remainder_rank,
        atto_units // 1000000 - sum(base_units) over (
            part_rows rows between unbounded preceding and unbounded following
        ) as left_over_units
    from {{ name }}_floored
    window part_rows as (partition by part_of order by remainder desc, weight desc, part_key)

),

{{ name }}_parts as (

    select
        * exclude (atto_units, total_weight, base_units, remainder, remainder_rank, left_over_units),
        cast(
            cast(sign(amount) as decimal(1, 0)) * (
                cast(cast(base_units + if(remainder_rank <= left_over_units, 1, 0) as decimal(26, 0)) * 0.000000000001
                    as decimal(38, 18))
                + if(remainder_rank = 1, cast(cast(atto_units % 1000000 as decimal(20, 0)) * 0.000000000000000001
                    as decimal(38, 18)), {{ zero_money() }})
            ) as decimal(38, 18)
        ) as part
    from {{ name }}_ranked

)
{%- endmacro %}

{# Money times a count over another count as money, rounded half away from zero once, at 10^-18; NULL when
   `per` is not positive. The remainder is scaled apart, so |times| and `per` may reach 9 * 10^18 while
   the result stays below 10^20 USD. #}
{% macro exact_scale(amount, times, per) -%}
    {%- set units = "abs(replace(cast(cast(" ~ amount ~ " as decimal(38, 18)) as varchar), '.', '')::hugeint)" -%}
    case when ({{ per }}) > 0 then
        cast(
            cast(
                sign({{ amount }})::hugeint * (
                    {{ units }} // ({{ per }})::hugeint * ({{ times }})::hugeint
                    + (2 * ({{ units }} % ({{ per }})::hugeint) * ({{ times }})::hugeint + ({{ per }})::hugeint)
                    // (2 * ({{ per }})::hugeint)
                ) as decimal(38, 0)
            ) * 0.000000000000000001 as decimal(38, 18)
        )
    end
{%- endmacro %}

{# Whole cents of units of 10^-18, half away from zero. #}
{% macro rounded_cents(units) -%}
    cast(sign({{ units }}) as bigint) * ((2 * abs({{ units }}) + 10000000000000000) // 20000000000000000)
{%- endmacro %}

{# Parts in whole cents whose sum is the rounded sum of the parts, by largest remainder, whatever their
   signs: CTE `<name>_cents` with the columns of `relation` (which has part_of, part_key and units
   HUGEINT of 10^-18) and cents HUGEINT. Equal remainders go by part_key. #}
{% macro whole_cents(relation, name) -%}
{{ name }}_floors as (

    select
        *,
        units // 10000000000000000 - if(units % 10000000000000000 < 0, 1, 0) as floor_cents,
        sum(units) over (partition by part_of) as whole_units
    from {{ relation }}

),

{{ name }}_ranks as (

    select
        *,
        row_number() over (
            partition by part_of order by units - floor_cents * 10000000000000000 desc, part_key
        ) as cent_rank,
        {{ rounded_cents('whole_units') }} - sum(floor_cents) over (partition by part_of) as left_over_cents
    from {{ name }}_floors

),

{{ name }}_cents as (

    select
        * exclude (floor_cents, whole_units, cent_rank, left_over_cents),
        cast(floor_cents + if(cent_rank <= left_over_cents, 1, 0) as hugeint) as cents
    from {{ name }}_ranks

)
{%- endmacro %}

{# Money by a rate or price DECIMAL(28, 18) >= 0 as money, rounded half away from zero once, at 10^-18. Both
   factors are split at the point, so only the product of the two fractions is rounded. Valid for |amount| below
   10^12 and a rate below 10^9, or their product below 10^20. #}
{% macro exact_product(amount, rate) -%}
    {%- set units = "abs(replace(cast(cast(" ~ amount ~ " as decimal(38, 18)) as varchar), '.', '')::hugeint)" -%}
    {%- set rate_units = "replace(cast(cast(" ~ rate ~ " as decimal(28, 18)) as varchar), '.', '')::hugeint" -%}
    {%- set one = "1000000000000000000::hugeint" -%}
    cast(
        cast(
            sign({{ amount }})::hugeint * (
                {{ units }} // {{ one }} * {{ rate_units }}
                + {{ units }} % {{ one }} * ({{ rate_units }} // {{ one }})
                + (2 * ({{ units }} % {{ one }}) * ({{ rate_units }} % {{ one }}) + {{ one }}) // (2 * {{ one }})
            ) as decimal(38, 0)
        ) * 0.000000000000000001 as decimal(38, 18)
    )
{%- endmacro %}

{# An amount or price as a whole number of 10^-18 units, for exact remainders. #}
{% macro units_of(amount) -%}
    replace(cast(cast({{ amount }} as decimal(38, 18)) as varchar), '.', '')::hugeint
{%- endmacro %}

{# A unit price from an amount and a count with up to six decimals, DECIMAL(28, 18), half away from zero at
   10^-18; NULL where the count is not positive. #}
{% macro unit_price_of(amount, n) -%}
    case when ({{ n }}) >= 0.000001 then
        cast({{ exact_share('cast(' ~ amount ~ ' as decimal(38, 18)) * 1000000', 'cast((' ~ n ~ ') * 1000000 as decimal(38, 0))') }} as decimal(28, 18))
    end
{%- endmacro %}
