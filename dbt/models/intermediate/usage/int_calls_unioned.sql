-- grain: one row per logged call of any call log, before duplicates are set aside
select * from {{ ref('stg_litellm__spend_logs') }}
union all by name
select * from {{ ref('stg_call_log__calls') }}
union all by name
select * from {{ ref('stg_usage_records__calls') }}
