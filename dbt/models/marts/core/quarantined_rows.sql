-- grain: one row per row that was set aside, at the door or as a copy of another call
with at_the_door as (select * from {{ source('raw_control', 'quarantine') }}),

files as (select * from {{ source('raw_control', 'landed_files') }}),

verdicts as (select * from {{ ref('int_call_verdicts') }} where verdict <> 'kept')

select
    source,
    account as account_label,
    path,
    cast(row_number as bigint) as row_number,
    column_name,
    reason_code,
    reason,
    value_hint
from at_the_door

union all by name

select
    verdicts.source,
    verdicts.account_label,
    files.path,
    verdicts.row_number,
    'call_id' as column_name,
    verdicts.verdict as reason_code,
    case verdicts.verdict
        when 'duplicate' then 'the call id stands more than once; the most complete record is kept'
        else 'the copies of this call id disagree on model or tokens; none is counted'
    end as reason,
    verdicts.call_id as value_hint
from verdicts
left join files
    on verdicts.file_id = files.file_id
    and verdicts.source = files.source
    and verdicts.account_label = files.account
    and files.status = 'loaded'
