-- grain: one row per charge of the newest FOCUS delivery of a billing account and billing period
-- unit: quantities in single tokens, unit prices per token; a price of 0 is none (issuers write 0 for
-- what they do not know). FOCUS period ends are exclusive, ours are the last day.
with costs as (

    select
        *,
        coalesce(provider_name, invoice_issuer) as snapshot_provider,
        coalesce(billing_account_id, _account) as snapshot_account,
        cast(date_trunc('month', coalesce(period_start_at, charge_start_at)) as date) as snapshot_period
    from {{ source('raw_focus', 'focus_costs') }}

),

{{ latest_deliveries('costs', 'latest') }},

measured as (

    select
        *,
        coalesce(charge_category, 'Usage') as category,
        {{ unit_size('consumed_unit') }} as consumed_size,
        {{ unit_size('pricing_unit') }} as pricing_size,
        coalesce(
            case
                when lower(token_direction) = 'output' then 'output'
                when lower(token_cache_action) = 'read' then 'cached input'
                when lower(token_cache_action) = 'write'
                    then {{ billed_item("concat('cache write ', coalesce(sku_id, ''))") }}
                when lower(token_direction) = 'input' then 'input'
            end,
            {{ billed_item('token_type') }},
            {{ billed_item('sku_meter') }},
            {{ billed_item('charge_description') }}
        ) as item,
        case
            when cast(contracted_unit_price as decimal(38, 18)) > 0 then contracted_unit_price
            when cast(list_unit_price as decimal(38, 18)) > 0 then list_unit_price
        end as unit_price
    from latest

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    lower(coalesce(provider_name, invoice_issuer)) as raw_channel,
    billing_account_id as account_id,
    sub_account_id as sub_account,
    api_key_id,
    coalesce(
        invoice_id,
        concat_ws(
            '|', coalesce(invoice_issuer, provider_name), snapshot_account, snapshot_period, upper(billing_currency)
        )
    ) as invoice_id,
    invoice_id is not null as is_issuer_invoice_id,
    charge_description as description,
    coalesce(model_id, details_model_id, nullif(regexp_extract(sku_id, '^([^/]+)/', 1), '')) as raw_model,
    case when category = 'Usage' then item end as raw_meter,
    case
        when regexp_matches(lower(concat_ws(' ', sku_meter, sku_id, charge_description)), '\bbatch\b') then 'batch'
    end as raw_processing,
    service_tier as raw_service_tier,
    region_id as raw_geo,
    coalesce(consumed_unit, pricing_unit) as quantity_unit,
    service_category,
    service_subcategory,
    service_name,

    ---------- what is charged
    case
        when category = 'Usage' and charge_class = 'Correction' then 'adjustment'
        when category = 'Usage' then 'usage'
        when category in ('Tax', 'Credit', 'Adjustment') then lower(category)
        when category <> 'Purchase' then 'fee'
        when commitment_discount_id is not null then 'commitment'
        when regexp_matches(lower(concat_ws(' ', pricing_unit, sku_meter, charge_description)), 'credit|prepaid')
            then 'purchase'
        when charge_frequency = 'Recurring' then 'fee'
        else 'purchase'
    end as charge_kind,

    ---------- numerics
    case
        when category <> 'Usage' then null
        when consumed_quantity is not null
            then try_cast(cast(consumed_quantity as decimal(31, 12)) * consumed_size as decimal(38, 18))
        else try_cast(cast(pricing_quantity as decimal(31, 12)) * pricing_size as decimal(38, 18))
    end as raw_quantity,
    case
        when category = 'Usage' then {{ unit_price_of_one('unit_price', 'pricing_size') }}
    end as stated_unit_price,
    {{ as_money('billed_cost') }} as billed_amount,
    upper(billing_currency) as billed_currency,

    ---------- dates
    cast(charge_start_at as date) as usage_date,
    cast(charge_start_at as date) as charge_start,
    greatest(
        cast(charge_start_at as date), cast(coalesce(charge_end_at, charge_start_at) - interval 1 microsecond as date)
    ) as charge_end,
    snapshot_period as billing_period,
    true as has_item
from measured
