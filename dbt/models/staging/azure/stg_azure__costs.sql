-- grain: one row per line of the newest Azure cost export of a billing account and billing period
-- unit: Quantity is in UnitOfMeasure (1K or 1M tokens, differing per meter), so it is read per line.
-- The model is named by the meter only, by words that change per generation.
with costs as (

    select
        *,
        'azure' as snapshot_provider,
        coalesce(billing_account_id, _account) as snapshot_account,
        cast(date_trunc('month', coalesce(period_start_at, used_at)) as date) as snapshot_period
    from {{ source('raw_azure', 'azure_costs') }}

),

{{ latest_deliveries('costs', 'latest') }},

measured as (

    select
        *,
        coalesce(charge_type, 'Usage') = 'Usage' as is_usage,
        {{ billed_item('meter_name') }} as item,
        {{ unit_size('unit_of_measure') }} as size
    from latest

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    'azure' as raw_channel,
    billing_account_id as account_id,
    subscription_id as sub_account,
    cast(null as varchar) as api_key_id,
    -- an enterprise agreement has no invoice number in its export
    coalesce(
        invoice_id, concat_ws('|', 'Microsoft', snapshot_account, snapshot_period, upper(currency))
    ) as invoice_id,
    invoice_id is not null as is_issuer_invoice_id,
    concat_ws(', ', product, meter_name) as description,
    nullif(trim(regexp_extract(
        lower(meter_name),
        '^(.*?) ?(?:shortco |longco )?(?:batch )?(?:pp )?(?:cached |cchd |cd )?'
        || '(?:input|inpt|inp|outpt|outp|output|opt)\b',
        1
    )), '') as raw_model,
    case when is_usage then item end as raw_meter,
    case
        when is_usage and item in ('input', 'output', 'cached input', 'cache write')
            then if(regexp_matches(lower(meter_name), '\b(batch|btch)\b'), 'batch', 'realtime')
    end as raw_processing,
    case when regexp_matches(lower(meter_name), '\b(pp|priority)\b') then 'priority' end as raw_service_tier,
    case
        when regexp_matches(lower(meter_name), '\b(glbl|gl|global)\b') then 'global'
        when regexp_matches(lower(meter_name), '\b(dzone|dz|data zone)\b') then 'data_zone'
        when regexp_matches(lower(meter_name), '\b(regional|regnl|rgnl)\b') then 'regional'
    end as raw_geo,
    unit_of_measure as quantity_unit,
    cast(null as varchar) as service_category,
    cast(null as varchar) as service_subcategory,
    concat_ws(' ', meter_category, meter_subcategory) as service_name,

    ---------- what is charged
    case
        when is_usage then 'usage'
        when charge_type in ('Refund', 'Tax') then lower(charge_type)
        when charge_type in ('Purchase', 'UnusedReservation', 'UnusedSavingsPlan') then 'commitment'
        else 'adjustment'
    end as charge_kind,

    ---------- numerics
    case
        when is_usage then try_cast(cast(quantity as decimal(31, 12)) * size as decimal(38, 18))
    end as raw_quantity,
    case
        when is_usage then {{ unit_price_of_one('coalesce(effective_price, unit_price)', 'size') }}
    end as stated_unit_price,
    {{ as_money('cost') }} as billed_amount,
    upper(currency) as billed_currency,

    ---------- dates
    cast(used_at as date) as usage_date,
    cast(used_at as date) as charge_start,
    cast(used_at as date) as charge_end,
    snapshot_period as billing_period,
    true as has_item
from measured
