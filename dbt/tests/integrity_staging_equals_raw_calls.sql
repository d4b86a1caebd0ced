{{ config(meta={'dagster': {'ref': {'name': 'int_call_verdicts'}}}) }}
-- A returned row is a call source whose loaded rows are neither in the usage rows nor set aside as a
-- duplicate or conflict: a row was lost or multiplied between raw and the usage model.
with raw_rows as (

    select _source as source, count(*) as rows_loaded
    from {{ source('raw_litellm', 'litellm_spend_logs') }}
    group by _source
    union all
    select _source as source, count(*) as rows_loaded
    from {{ source('raw_call_log', 'call_log') }}
    group by _source
    union all
    select _source as source, count(*) as rows_loaded
    from {{ source('raw_usage_records', 'usage_records') }}
    group by _source

),

usage_rows as (

    select source, count(*) as usage_rows
    from {{ ref('int_usage_rows') }}
    where grain = 'call' and part_number = 1
    group by source

),

set_aside as (

    select source, count(*) as set_aside_rows
    from {{ ref('int_call_verdicts') }}
    where verdict <> 'kept'
    group by source

)

select raw_rows.source, raw_rows.rows_loaded, usage_rows.usage_rows, set_aside.set_aside_rows
from raw_rows
left join usage_rows on raw_rows.source = usage_rows.source
left join set_aside on raw_rows.source = set_aside.source
where raw_rows.rows_loaded <> coalesce(usage_rows.usage_rows, 0) + coalesce(set_aside.set_aside_rows, 0)
