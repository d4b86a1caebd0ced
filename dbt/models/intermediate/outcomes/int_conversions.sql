{{ config(materialized='table') }}
-- grain: one row per conversion event; one that is taken back stays, and does not count
-- state: provisional (known for less than the maturity days), final, reversed
with events as (select * from {{ ref('int_outcome_events') }} where outcome_type = 'conversion'),

reversals as (select * from {{ ref('int_outcome_reversals') }}),

as_of as (select * from {{ ref('int_outcome_as_of') }})

select
    events.outcome_id as conversion_id,
    events.source,
    events.account_label,
    coalesce(events.task_type, events.event_name, 'unknown') as conversion_type,
    case
        when reversals.outcome_id is not null then 'reversed'
        when as_of.as_of_at >= events.known_at + to_days({{ maturity_days('conversion') }}) then 'final'
        else 'provisional'
    end as conversion_state,
    reversals.outcome_id is null as is_counted,
    events.occurred_at,
    events.outcome_date,
    events.known_at,
    events.known_at + to_days({{ maturity_days('conversion') }}) as matures_at,
    reversals.reversed_at,
    reversals.reversal_known_at,
    reversals.reversing_outcome_id,
    reversals.reversal_source,
    reversals.reversal_account_label,
    events.user_key,
    events.anonymous_key,
    events.session_id,
    events.trace_id,
    events.task_id,
    events.ticket_id,
    events.feature,
    events.tenant,
    events.value_amount,
    events.value_currency
from events
left join reversals on events.outcome_id = reversals.outcome_id
cross join as_of
