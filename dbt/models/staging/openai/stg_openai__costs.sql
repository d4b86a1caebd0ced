-- grain: one row per result of a current cost bucket of the Costs API or the dashboard CSV
with costs as (select * from {{ source('raw_openai', 'openai_costs') }}),

windows as (select * from {{ source('raw_control', 'file_windows') }} where is_current),

current_costs as (

    select
        costs.*,
        -- '<model>[ <modality>], <direction>': split on the last comma, drop a known prefix
        trim(regexp_replace(costs.line_item, '^(evals|assistants api) \| ', '')) as item
    from costs
    inner join windows
        on costs._file_id = windows.file_id
        and costs._source = windows.source
        and costs._account = windows.account
        and costs.start_at = windows.window_start
    where not costs.is_empty_bucket and costs.amount_value is not null

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    'openai' as raw_channel,
    project_id as sub_account,
    api_key_id,
    line_item as description,
    case when item like '%,%' then trim(regexp_extract(item, '^(.*),[^,]*$', 1)) end as raw_model,
    case when item like '%,%' then trim(regexp_extract(item, ',([^,]*)$', 1)) else item end as raw_meter,
    cast(null as varchar) as raw_processing,
    quantity_unit,

    ---------- numerics
    {{ as_money('quantity') }} as raw_quantity,
    {{ as_money('amount_value') }} as billed_amount,
    upper(amount_currency) as billed_currency,

    ---------- timestamps
    cast(start_at as date) as usage_date,
    line_item is not null as has_item
from current_costs
