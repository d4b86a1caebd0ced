{{ config(materialized='table') }}
-- grain: one row per edge between two ids that a tool tells of, and unbroken time in which it holds
with edges as (

    {% for tool in ['segment', 'rudderstack', 'amplitude', 'mixpanel', 'posthog', 'ga4', 'intercom', 'freshdesk'] -%}
    select source, account_label, from_kind, from_key, to_kind, to_key, edge_type, effective_at
    from {{ ref('stg_' ~ tool ~ '__identity_edges') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

blocked_ids as (select * from {{ ref('stg_reference__blocked_ids') }})

select
    source,
    account_label,
    from_kind,
    {{ id_scope('from_kind', 'source', 'account_label') }} as from_scope,
    from_key,
    to_kind,
    {{ id_scope('to_kind', 'source', 'account_label') }} as to_scope,
    to_key,
    edge_type,
    effective_at,
    from_key in (select id_key from blocked_ids) or to_key in (select id_key from blocked_ids) as is_blocked
from edges
