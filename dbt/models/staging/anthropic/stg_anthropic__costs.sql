-- grain: one row per result of a current cost_report bucket
-- unit: amount is a decimal string in cents ("123.78912" is USD 1.2378912), so times 0.01
with costs as (select * from {{ source('raw_anthropic', 'anthropic_costs') }}),

windows as (select * from {{ source('raw_control', 'file_windows') }} where is_current)

select
    ---------- lineage
    costs._source as source,
    costs._file_id as file_id,
    costs._row_number as row_number,
    costs._account as account_label,

    ---------- ids
    'anthropic' as raw_channel,
    costs.workspace_id as sub_account,
    cast(null as varchar) as api_key_id,
    costs.description,
    costs.model as raw_model,
    coalesce(costs.token_type, costs.cost_type) as raw_meter,
    case when costs.service_tier = 'batch' then 'batch' when costs.service_tier is not null then 'realtime' end
        as raw_processing,
    costs.service_tier as raw_service_tier,
    costs.inference_geo as raw_geo,
    cast(null as varchar) as quantity_unit,

    ---------- numerics: 16 + 2 decimals, so the product keeps every digit of a 16-digit cent amount
    cast(null as decimal(38, 18)) as raw_quantity,
    {{ as_money("cast(costs.amount_cents as decimal(36, 16)) * 0.01") }} as billed_amount,
    upper(costs.currency) as billed_currency,

    ---------- timestamps
    cast(costs.start_at as date) as usage_date,
    costs.cost_type is not null as has_item
from costs
inner join windows
    on costs._file_id = windows.file_id
    and costs._source = windows.source
    and costs._account = windows.account
    and costs.start_at = windows.window_start
where not costs.is_empty_bucket
