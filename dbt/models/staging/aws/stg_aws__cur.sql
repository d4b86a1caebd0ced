-- grain: one row per line item of the newest CUR 2.0 delivery of a payer account and billing period
-- unit: the usage amount is in pricing_unit (1K tokens on most usage types, 1M on Marketplace ones), so
-- it is read and never assumed; a bare `Units` says nothing, and the quantity is unknown.
-- Four grammars of the usage type: <region>-<model>-mantle-<kind>-<tier>, <region>-<model>-<kind>,
-- the same with -cross-region-global, and <region>-MP:<region>_<kind>_<tier>-Units, which names no model.
with lines as (

    select
        *,
        'aws' as snapshot_provider,
        coalesce(payer_account_id, _account) as snapshot_account,
        cast(period_start_at as date) as snapshot_period
    from {{ source('raw_aws', 'aws_cur') }}

),

{{ latest_deliveries('lines', 'latest') }},

measured as (

    select
        *,
        line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') as is_usage,
        {{ billed_item("regexp_replace(usage_type, '^[A-Z]{2,4}[0-9]+-', '')") }} as item,
        case
            when lower(pricing_unit) in ('units', 'unit') then null
            else {{ unit_size('pricing_unit') }}
        end as size
    from latest

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    'aws' as raw_channel,
    payer_account_id as account_id,
    usage_account_id as sub_account,
    cast(null as varchar) as api_key_id,
    -- blank until the month is final
    coalesce(
        invoice_id,
        concat_ws('|', coalesce(billing_entity, 'AWS'), snapshot_account, snapshot_period, upper(currency))
    ) as invoice_id,
    invoice_id is not null as is_issuer_invoice_id,
    coalesce(description, usage_type) as description,
    coalesce(
        nullif(regexp_extract(
            usage_type, '^(?:[A-Z]{2,4}[0-9]+-)?([^:]+?)-(?:mantle-)?(?:input|output|cache)', 1
        ), ''),
        trim(regexp_replace(product_name, '\(Amazon Bedrock.*\)', ''))
    ) as raw_model,
    case when is_usage then item end as raw_meter,
    case
        when is_usage and item in ('input', 'output', 'cached input', 'cache write', 'cache write 5m', 'cache write 1h')
            then if(contains(lower(usage_type), 'batch'), 'batch', 'realtime')
    end as raw_processing,
    nullif(regexp_extract(lower(usage_type), '(latency-optimized|flex|priority|standard)', 1), '') as raw_service_tier,
    case when contains(lower(usage_type), 'global') then 'global' end as raw_geo,
    pricing_unit as quantity_unit,
    cast(null as varchar) as service_category,
    cast(null as varchar) as service_subcategory,
    concat_ws(' ', product_code, product_name, service_name) as service_name,

    ---------- what is charged
    case
        when is_usage then 'usage'
        when line_item_type in ('Tax', 'Credit', 'Refund', 'Fee') then lower(line_item_type)
        when line_item_type in ('RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee') then 'commitment'
        -- EdpDiscount, PrivateRateDiscount, BundledDiscount, SavingsPlanNegation: they take usage down
        else 'adjustment'
    end as charge_kind,

    ---------- numerics
    case
        when is_usage then try_cast(cast(usage_amount as decimal(31, 12)) * size as decimal(38, 18))
    end as raw_quantity,
    case when is_usage then {{ unit_price_of_one('unblended_rate', 'size') }} end as stated_unit_price,
    {{ as_money('unblended_cost') }} as billed_amount,
    upper(currency) as billed_currency,

    ---------- dates
    cast(usage_start_at as date) as usage_date,
    cast(usage_start_at as date) as charge_start,
    greatest(
        cast(usage_start_at as date), cast(coalesce(usage_end_at, usage_start_at) - interval 1 microsecond as date)
    ) as charge_end,
    snapshot_period as billing_period,
    true as has_item
from measured
