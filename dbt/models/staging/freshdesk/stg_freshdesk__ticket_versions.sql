-- grain: one row per state of a Freshdesk ticket: a version (ticket, updated_at, status), or a resolution,
-- closing or reopening that its times tell of. Exports repeat them.
-- The CSV gives local times of the help desk without a zone; they are taken as UTC.
with freshdesk_versions as ({{ freshdesk_versions() }}),

states as ({{ freshdesk_states() }})

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    ticket_id,
    status,
    coalesce(user_key, contact_key) as requester_key,
    cast(null as varchar) as external_id,
    cast(null as varchar) as followup_source_id,
    case
        when tags is null or starts_with(tags, '[') then tags
        else to_json(list_transform(string_split(tags, ','), lambda tag: trim(tag)))::varchar
    end as tags,
    -- the last reopening is all that Freshdesk keeps: at least so many
    cast(if(reopened_at is null, null, 1) as bigint) as reported_reopens,
    created_at,
    state_at as updated_at,
    if(is_version, updated_at, null) as generated_at,
    if(status in ('solved', 'closed'), resolved_at, null) as solved_at,
    cast(null as varchar) as resolution_kind,
    cast(null as varchar) as merged_into_id,
    cast(null as varchar) as merged_ticket_ids,
    cast(null as varchar) as parent_ticket_id,
    false as is_test
from states
