-- grain: one row per state of a Salesforce case: a version (case, SystemModstamp), or a change of its
-- status in the history. Exports repeat both.
-- A closed case is solved, as it can be opened again. A case with a master record was merged away. A
-- parent is not a follow-up: a case under it undoes nothing. A case has no tags; its status, origin, owner
-- and record type stand for them (status:Answered by bot), so that outcome_rules.csv can tell who solved it.
with closed_statuses as ({{ salesforce_closed_statuses() }}),

states as ({{ salesforce_states() }})

select
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,
    case_id as ticket_id,
    state as status,
    coalesce(user_key, contact_key) as requester_key,
    cast(null as varchar) as external_id,
    cast(null as varchar) as followup_source_id,
    case
        when field is null then cast(to_json(list_filter([
            'status:' || status, 'origin:' || origin, 'owner:' || owner_id, 'record_type:' || record_type_id
        ], lambda tag: tag is not null)) as varchar)
    end as tags,
    cast(null as bigint) as reported_reopens,
    if(field is null, created_at, null) as created_at,
    occurred_at as updated_at,
    if(field is null, occurred_at, null) as generated_at,
    if(state = 'solved', closed_at, null) as solved_at,
    cast(null as varchar) as resolution_kind,
    master_record_id as merged_into_id,
    cast(null as varchar) as merged_ticket_ids,
    parent_id as parent_ticket_id,
    false as is_test
from states
where state is not null
