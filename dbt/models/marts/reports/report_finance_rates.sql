-- grain: one row per channel, account, month and price that the ledger used, with what it priced
-- In cents, the priced rows of a month add up to its computed cost.
with charges as (

    select
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        provider,
        model_key,
        meter,
        processing,
        service_tier,
        geo,
        charge_origin,
        cost_basis,
        rate_id,
        rate_status,
        contract_id,
        rate_card_version,
        list_unit_price_usd,
        unit_price_usd,
        unpriced_reason,
        sum(quantity) as quantity,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_charge_lines') }}
    group by all

),

cards as (

    select rate_id, any_value(source) as source, max(read_on) as read_on
    from {{ ref('rate_card') }}
    group by rate_id

),

parts as (

    select
        concat_ws('|', channel, account, month) as part_of,
        md5(to_json([
            provider, model_key, meter, processing, service_tier, geo, charge_origin, cost_basis, rate_id, rate_status,
            contract_id, rate_card_version, cast(list_unit_price_usd as varchar), cast(unit_price_usd as varchar),
            unpriced_reason
        ])) as price_use_id,
        *
    from charges

),

units as (

    select part_of, price_use_id as part_key, {{ units_of('cost_usd') }} as units
    from parts
    where cost_usd is not null

),

{{ whole_cents('units', 'line') }}

select
    parts.price_use_id,
    parts.channel,
    parts.account,
    parts.month,
    parts.provider,
    parts.model_key,
    parts.meter,
    parts.processing,
    parts.service_tier,
    parts.geo,
    parts.charge_origin,
    parts.cost_basis,
    cast(parts.quantity as decimal(38, 6)) as quantity,
    parts.list_unit_price_usd,
    parts.unit_price_usd,
    cast(parts.cost_usd as decimal(38, 18)) as cost_usd,
    {{ cents_as_money('line_cents.cents') }} as cost_cents_usd,
    parts.unpriced_reason,
    coalesce('contract ' || parts.contract_id, cards.source) as price_document,
    cast(cards.read_on as date) as read_on,
    parts.rate_status,
    parts.rate_card_version,
    parts.rate_id
from parts
left join line_cents on parts.part_of = line_cents.part_of and parts.price_use_id = line_cents.part_key
left join cards on parts.rate_id = cards.rate_id
