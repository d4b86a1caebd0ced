{{ config(materialized='table') }}
-- grain: one row per price set that a contract changed: its list prices
with price_lines as (select * from {{ ref('int_price_lines') }})

select
    price_set_id,
    {%- for meter in priced_meters() %}
    max(case when meter = '{{ meter }}' then list_unit_price_usd end) as {{ meter }}_list_price_usd{{ ',' if not loop.last }}
    {%- endfor %}
from price_lines
group by price_set_id
having bool_or(contract_id is not null)
