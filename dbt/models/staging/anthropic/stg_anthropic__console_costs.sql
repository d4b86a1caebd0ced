-- grain: one row per line of a current Console cost CSV; rows have no unique visible key
with costs as (select * from {{ source('raw_anthropic', 'anthropic_console_costs') }}),

windows as (select * from {{ source('raw_control', 'file_windows') }} where is_current)

select
    ---------- lineage
    costs._source as source,
    costs._file_id as file_id,
    costs._row_number as row_number,
    costs._account as account_label,

    ---------- ids
    'anthropic' as raw_channel,
    costs.workspace as sub_account,
    coalesce(costs.api_key_id, costs.api_key) as api_key_id,
    concat_ws(' ', costs.model, costs.token_type, costs.usage_type) as description,
    costs.model as raw_model,
    coalesce(costs.token_type, costs.cost_type) as raw_meter,
    case when costs.usage_type = 'batch' then 'batch' end as raw_processing,
    case when costs.speed is not null then costs.speed when costs.usage_type = 'batch' then 'batch' end
        as raw_service_tier,
    costs.inference_geo as raw_geo,
    cast(null as varchar) as quantity_unit,

    ---------- numerics
    cast(null as decimal(38, 18)) as raw_quantity,
    {{ as_money('costs.cost_usd') }} as billed_amount,
    'USD' as billed_currency,

    ---------- timestamps
    cast(costs.start_at as date) as usage_date,
    true as has_item
from costs
inner join windows
    on costs._file_id = windows.file_id
    and costs._source = windows.source
    and costs._account = windows.account
    and costs.start_at = windows.window_start
