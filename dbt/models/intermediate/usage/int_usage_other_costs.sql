-- grain: one row per pricing pass and usage row that has meters beside the token columns: what those cost
with matched as (select * from {{ ref('int_usage_matched') }} where other_meters is not null),

price_lines as (select * from {{ ref('int_price_lines') }}),

listed as (

    select pricing_pass, pass_number, source, account_label, file_id, row_number, part_number, price_set_id, unnest(other_meters) as other
    from matched

)

select
    listed.pricing_pass,
    listed.pass_number,
    hash(listed.source, listed.account_label, listed.file_id, listed.row_number, listed.part_number) as usage_row_hash,
    listed.source,
    listed.account_label,
    listed.file_id,
    listed.row_number,
    listed.part_number,
    bool_or(price_lines.unit_price_usd is null) as has_unpriced_meter,
    sum(
        {{ meter_cost('listed.other.quantity', 'price_lines.list_unit_price_usd', 'price_lines.priced_per') }}
    ) as list_cost_usd,
    bool_or(price_lines.list_unit_price_usd is null) as has_unlisted_meter,
    sum({{ meter_cost('listed.other.quantity', 'price_lines.unit_price_usd', 'price_lines.priced_per') }}) as cost_usd,
    bool_or(price_lines.contract_id is not null) as has_contract_price,
    bool_or(price_lines.rate_status <> 'confirmed') as has_unconfirmed_price
from listed
left join price_lines
    on listed.price_set_id = price_lines.price_set_id
    and listed.other.meter = price_lines.meter
group by all
