{# CTEs that a tool's ticket versions and its events both start from: its exports tell states, and both
   models need them in order. #}

{# Parts of Intercom conversations, each once (the copy of the conversation updated last), with the part
   before it that opened, closed or snoozed the conversation. #}
{% macro intercom_parts() -%}
select
    *,
    part_type = 'close' as closes,
    part_type in ('open', 'assign_and_reopen', 'note_and_reopen') as opens,
    last_value(if(part_type in ('close', 'open', 'assign_and_reopen', 'note_and_reopen', 'snoozed'), part_type, null) ignore nulls)
        over earlier as state_before
from (
    select *
    from {{ source('raw_intercom', 'intercom_conversations') }}
    where record_type = 'part'
    qualify row_number() over (
        partition by _source, _account, conversation_id, part_id
        order by conversation_updated_at desc nulls last, _file_id, _row_number
    ) = 1
)
window earlier as (
    partition by _source, _account, conversation_id
    order by occurred_at, try_cast(part_id as hugeint), part_id
    rows between unbounded preceding and 1 preceding
)
{%- endmacro %}

{# Every state that the Freshdesk exports tell: the status of each version, and what the times of
   `stats` (or of the CSV) say happened between two versions. A time of resolution from before the last
   reopening is left over and says nothing of now. #}
{% macro freshdesk_states() -%}
select
    *,
    lag(status in ('solved', 'closed')) over (
        partition by _source, _account, ticket_id
        order by state_at, status in ('solved', 'closed'), is_version, status
    ) as was_resolved
from (
    select *
    from (
        {%- for state, at, version in [
            ('status', 'updated_at', 'true'),
            ("'open'", 'reopened_at', 'false'),
            ("'solved'", 'resolved_at', 'false'),
            ("'closed'", 'closed_at', 'false'),
        ] %}
        select * exclude (status), {{ state }} as status, {{ at }} as state_at, {{ version }} as is_version
        from freshdesk_versions
        where {{ at }} is not null
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    qualify row_number() over (
        partition by _source, _account, ticket_id, state_at, status
        order by updated_at desc, is_version desc, _file_id, _row_number
    ) = 1
)
{%- endmacro %}

{# Freshdesk tickets as exported, one row per ticket, updated_at and status. #}
{% macro freshdesk_versions() -%}
select
    * exclude (status, resolved_at),
    case
        when is_spam or is_deleted then 'deleted'
        when lower(status) in ('2', 'open') then 'open'
        when lower(status) in ('3', 'pending') then 'pending'
        when lower(status) in ('4', 'resolved') then 'solved'
        when lower(status) in ('5', 'closed') then 'closed'
        -- a status of the customer's own is neither resolved nor closed
        else lower(status)
    end as status,
    if(reopened_at > resolved_at, null, resolved_at) as resolved_at
from {{ source('raw_freshdesk', 'freshdesk_tickets') }}
qualify row_number() over (
    partition by _source, _account, ticket_id, updated_at, status
    -- a page without stats knows less
    order by (resolved_at is null)::int + (reopened_at is null)::int, _file_id, _row_number
) = 1
{%- endmacro %}

{# Salesforce cases and their history: the state that each row tells. History holds hashes, so a status
   counts as closed when a case of that status is closed, or when it is called Closed. #}
{% macro salesforce_states() -%}
select
    rows_in.*,
    case
        when field is null and master_record_id is not null then 'merged'
        when field is null and is_deleted then 'deleted'
        when field is null then if(is_closed, 'solved', 'open')
        when field = 'Status' then if(new_is_closed or new_closes.status_key is not null, 'solved', 'open')
    end as state,
    field = 'Status' and (old_is_closed or old_closes.status_key is not null) as was_closed
from (
    select *
    from {{ source('raw_salesforce', 'salesforce_cases') }}
    qualify row_number() over (
        partition by _source, _account, record_id, field is null, occurred_at
        order by _file_id, _row_number
    ) = 1
) as rows_in
left join closed_statuses as new_closes
    on rows_in._source = new_closes._source
    and rows_in._account = new_closes._account
    and rows_in.new_value_key = new_closes.status_key
left join closed_statuses as old_closes
    on rows_in._source = old_closes._source
    and rows_in._account = old_closes._account
    and rows_in.old_value_key = old_closes.status_key
where field is null or not coalesce(is_deleted, false)
{%- endmacro %}

{# Statuses that close a case, by account. #}
{% macro salesforce_closed_statuses() -%}
select distinct _source, _account, status_key
from {{ source('raw_salesforce', 'salesforce_cases') }}
where is_closed and status_key is not null
{%- endmacro %}
