-- grain: one row per cost row, and one per credit of it, of the newest delivery of a billing account and
-- invoice month
-- A cost row is gross: its credits are negative lines of their own (net = cost + credits). The invoice
-- month is cut in Pacific time while usage times are UTC, so the last hours of a month may stand on
-- the next invoice and are shown there.
with costs as (

    select
        *,
        'google' as snapshot_provider,
        coalesce(billing_account_id, _account) as snapshot_account,
        invoice_month as snapshot_period
    from {{ source('raw_gcp', 'gcp_billing') }}

),

{{ latest_deliveries('costs', 'latest') }},

credit_list as (

    select
        *,
        unnest(from_json(credits, '["JSON"]')) as credit,
        generate_subscripts(from_json(credits, '["JSON"]'), 1) as credit_no
    from latest
    where credits is not null

),

lines as (

    select
        latest.*,
        cast(null as varchar) as line_part,
        cast(null as varchar) as credit_type,
        cast(null as varchar) as credit_name,
        {{ as_money('cost') }} as amount
    from latest
    union all by name
    select
        credit_list.* exclude (credit, credit_no),
        'credit' || credit_no as line_part,
        json_extract_string(credit, '$.type') as credit_type,
        json_extract_string(credit, '$.name') as credit_name,
        {{ as_money("json_extract_string(credit, '$.amount')") }} as amount
    from credit_list

),

measured as (

    select
        *,
        line_part is null and coalesce(cost_type, 'regular') = 'regular' as is_usage,
        {{ billed_item('sku_name') }} as item,
        lower(usage_unit) in ('count', 'tokens', 'token') as is_counted,
        {{ unit_size('pricing_unit') }} as size
    from lines

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    line_part,
    _account as account_label,

    ---------- ids
    'google' as raw_channel,
    billing_account_id as account_id,
    project_id as sub_account,
    cast(null as varchar) as api_key_id,
    -- an export names the invoice by its month only
    concat_ws('|', 'Google', snapshot_account, invoice_month, upper(currency)) as invoice_id,
    false as is_issuer_invoice_id,
    concat_ws(', ', sku_name, credit_name) as description,
    coalesce(
        replace(regexp_replace(nullif(regexp_extract(
            lower(sku_name), '(gemini [0-9]+(?:\.[0-9]+)? (?:flash[ -]lite|flash|pro|ultra|nano))', 1
        ), ''), '([0-9])\.0 ', '\1 '), ' ', '-'),
        replace(nullif(regexp_extract(
            lower(sku_name), '(claude (?:opus|sonnet|haiku) [0-9]+(?:\.[0-9]+)?)', 1
        ), ''), ' ', '-')
    ) as raw_model,
    case when is_usage then item end as raw_meter,
    case
        when is_usage and item in ('input', 'output', 'cached input')
            then if(regexp_matches(lower(sku_name), '\bbatch\b'), 'batch', 'realtime')
    end as raw_processing,
    nullif(regexp_extract(lower(sku_name), '\b(flex|priority)\b', 1), '') as raw_service_tier,
    location as raw_geo,
    coalesce(pricing_unit, usage_unit) as quantity_unit,
    cast(null as varchar) as service_category,
    cast(null as varchar) as service_subcategory,
    service_name,

    ---------- what is charged
    case
        when line_part is not null and regexp_matches(upper(credit_type), 'DISCOUNT|COMMITTED|RESELLER_MARGIN')
            then 'adjustment'
        when line_part is not null then 'credit'
        when cost_type = 'tax' then 'tax'
        when is_usage then 'usage'
        else 'adjustment'
    end as charge_kind,

    ---------- numerics
    case
        when not is_usage then null
        when is_counted then {{ as_money('usage_amount') }}
        else try_cast(cast(pricing_amount as decimal(31, 12)) * size as decimal(38, 18))
    end as raw_quantity,
    amount as billed_amount,
    upper(currency) as billed_currency,

    ---------- dates
    cast(usage_start_at as date) as usage_date,
    cast(usage_start_at as date) as charge_start,
    greatest(
        cast(usage_start_at as date), cast(coalesce(usage_end_at, usage_start_at) - interval 1 microsecond as date)
    ) as charge_end,
    cast(strptime(invoice_month, '%Y%m') as date) as billing_period,
    true as has_item
from measured
