{{ config(materialized='table') }}
-- grain: one row per conversion event
select
    outcome_id as conversion_id,
    coalesce(task_type, event_name) as conversion_type,
    'final' as conversion_state,
    true as is_counted,
    occurred_at, outcome_date, user_key, anonymous_key, session_id, trace_id, task_id, ticket_id, feature, tenant, value_amount, value_currency
from {{ ref('int_outcome_events') }}
where outcome_type = 'conversion'
