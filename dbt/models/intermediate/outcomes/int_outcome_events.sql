{{ config(materialized='table') }}
-- grain: one row per deduplicated event of a feed or product log, with its meaning
-- The first rule of outcome_rules.csv that fits decides; else the feed's own outcome_type stands.
with events as (

    select * from {{ ref('stg_outcome_feed__events') }}
    union all by name
    select * from {{ ref('stg_segment__tracks') }}
    union all by name
    select * from {{ ref('stg_rudderstack__events') }}
    union all by name
    select * from {{ ref('stg_amplitude__events') }}
    union all by name
    select * from {{ ref('stg_mixpanel__events') }}
    union all by name
    select * from {{ ref('stg_posthog__events') }}
    union all by name
    select * from {{ ref('stg_ga4__events') }}
    union all by name
    select * from {{ ref('stg_zendesk__metric_events') }}
    union all by name
    select * from {{ ref('stg_zendesk__satisfaction') }}
    union all by name
    select * from {{ ref('stg_intercom__events') }}
    union all by name
    select * from {{ ref('stg_freshdesk__events') }}
    union all by name
    select * from {{ ref('stg_salesforce__events') }}
    union all by name
    select * from {{ ref('stg_langfuse__events') }}
    union all by name
    select * from {{ ref('stg_langsmith__events') }}
    union all by name
    select * from {{ ref('stg_phoenix__events') }}
    union all by name
    select * from {{ ref('stg_otel__events') }}
    union all by name
    select * from {{ ref('stg_cloudevents__events') }}

),

rules as (select * from {{ ref('stg_reference__outcome_rules') }}),

ruled as (

    select
        events.*,
        rules.rule_no,
        rules.outcome_type as ruled_type,
        rules.task_type as ruled_task_type,
        rules.resolution_kind as ruled_resolution_kind,
        -- a preview or test run is no outcome, whatever a rule says of its event
        if(coalesce(events.is_test, false), 'ignore', coalesce(rules.outcome_type, events.outcome_type, 'ignore'))
            as told_type,
        events.reverses_event_id is not null
        or coalesce(lower(events.outcome_status) in ('reversed', 'refunded'), false) as takes_back
    from events
    left join rules
        on (rules.source is null or events.source = rules.source)
        and (rules.event_name is null or events.event_name = rules.event_name)
        and (
            rules.property is null
            or case rules.property
                when 'outcome_status' then events.outcome_status
                when 'success' then case events.outcome_status when 'success' then 'true' when 'failure' then 'false' end
                when 'value_label' then events.value_label
                when 'task_type' then events.task_type
                when 'feature' then events.feature
                when 'resolution_kind' then events.resolution_kind
            end = rules.value
        )
    qualify row_number() over (
        partition by events.file_id, events.source, events.account_label, events.row_number
        order by rules.rule_no nulls last
    ) = 1

)

select
    md5(concat_ws('|', source, account_label, source_event_id)) as outcome_id,
    source,
    file_id,
    row_number,
    account_label,
    source_event_id,
    event_name,
    -- what takes another event back is no outcome of the kind that it takes back
    case
        when not takes_back or coalesce(is_test, false) then told_type
        when told_type like 'task_%' then 'task_reversed'
        when told_type = 'conversion' then 'conversion_reversed'
        when told_type = 'ticket_resolved' then 'ticket_reopened'
        when told_type = 'ignore' and reverses_event_id is not null then 'reversal'
        else told_type
    end as outcome_type,
    reverses_event_id,
    outcome_status,
    coalesce(ruled_resolution_kind, resolution_kind) as resolution_kind,
    task_id,
    coalesce(ruled_task_type, task_type) as task_type,
    ticket_id,
    session_id,
    trace_id,
    user_key,
    anonymous_key,
    tenant,
    feature,
    attempt_no,
    metric_name,
    value_number,
    value_label,
    evaluator_kind,
    value_amount,
    value_currency,
    time_basis,
    occurred_at,
    coalesce(received_at, occurred_at) as known_at,
    {{ reporting_date('occurred_at') }} as outcome_date
from ruled
