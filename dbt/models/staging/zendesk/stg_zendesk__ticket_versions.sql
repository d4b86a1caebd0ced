-- grain: one row per version of a ticket; a version is (ticket, updated_at, status), exports repeat
with tickets as (select * from {{ source('raw_zendesk', 'zendesk_tickets') }})

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    ticket_id,
    lower(status) as status,
    requester_key,
    external_id,
    followup_source_id,
    merged_ticket_ids,
    tags,
    reopens as reported_reopens,
    created_at,
    updated_at,
    generated_at,
    solved_at
from tickets
qualify row_number() over (
    partition by _source, _account, ticket_id, updated_at, status
    order by generated_at desc nulls last, reopens desc nulls last, _file_id, _row_number
) = 1
