-- grain: one row per price set and meter with a price: the long form of int_price_sets
with price_sets as (select * from {{ ref('int_price_sets') }})

{% for meter in priced_meters() %}
select
    price_set_id,
    '{{ meter }}' as meter,
    {{ meter }}_price_usd as unit_price_usd
from price_sets
where {{ meter }}_price_usd is not null
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
