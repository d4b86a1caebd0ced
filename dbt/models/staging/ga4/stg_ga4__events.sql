-- grain: one row per GA4 event, which has no id: user pseudo id, name and microsecond, with the
-- bundle and the place in its batch, where equal events of one moment differ. The newest export stands,
-- since Google writes a day's table again for three days
-- time basis: event_timestamp is UTC; event_date is in the property's zone and is not used
with landed as ({{ with_arrival(source('raw_ga4', 'ga4_events')) }}),

named as (

    select
        *,
        case when anonymous_key is not null then
            concat_ws(
                ':',
                anonymous_key,
                event_name,
                epoch_us(occurred_at),
                coalesce(bundle_no, '-'),
                coalesce(batch_page_no, '-'),
                coalesce(batch_no, '-'),
                coalesce(batch_event_no, '-')
            )
        end as tool_id
    from landed

),

events as (
    {{ with_event_id('named', 'tool_id', [
        'event_name', 'occurred_at', 'user_key', 'bundle_no', 'batch_page_no', 'batch_no', 'batch_event_no',
    ]) }}
)

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    source_event_id,
    event_name,
    cast(null as varchar) as outcome_type,
    {{ success_status() }} as outcome_status,
    task_id,
    task_type,
    ticket_id,
    cast(null as varchar) as resolution_kind,
    session_id,
    trace_id,
    user_key,
    anonymous_key,
    tenant,
    feature,
    attempt_no,
    cast(null as varchar) as metric_name,
    cast(value_number as decimal(38, 9)) as value_number,
    cast(null as varchar) as value_label,
    cast(null as varchar) as evaluator_kind,
    -- Google's conversion of the event's value, where it made one
    {{ as_money('coalesce(amount_in_usd, amount, value_number)') }} as value_amount,
    case when amount_in_usd is not null then 'USD' else upper(currency) end as value_currency,
    'utc' as time_basis,
    debug_mode is not null and debug_mode not in ('0', 'false') as is_test,
    occurred_at,
    cast(null as timestamp) as received_at
from events
qualify row_number() over (
    partition by _source, _account, source_event_id
    order by arrival_no desc, _file_id, _row_number desc
) = 1
