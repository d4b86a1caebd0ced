{{ config(materialized='table') }}
-- grain: one row per state of a ticket as its support tool tells it, in one vocabulary: new, open, pending,
-- hold (not resolved), solved, closed (resolved), deleted, merged; a tool's own words are not resolved
with unioned as (

    select * from {{ ref('stg_zendesk__ticket_versions') }}
    union all by name
    select * from {{ ref('stg_intercom__ticket_versions') }}
    union all by name
    select * from {{ ref('stg_freshdesk__ticket_versions') }}
    union all by name
    select * from {{ ref('stg_salesforce__ticket_versions') }}

)

select
    source,
    account_label,
    ticket_id,
    status,
    resolution_kind,
    requester_key,
    followup_source_id,
    merged_into_id,
    merged_ticket_ids,
    tags,
    reported_reopens,
    coalesce(is_test, false) as is_test,
    created_at,
    updated_at,
    generated_at,
    solved_at
from unioned
