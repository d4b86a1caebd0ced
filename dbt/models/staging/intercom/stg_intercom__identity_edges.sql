-- grain: one row per contact and own id of the customer; the first conversation that says so dates it
select
    _source as source,
    _account as account_label,
    _file_id as file_id,
    _row_number as row_number,
    'anonymous' as from_kind,
    contact_key as from_key,
    'user' as to_kind,
    user_key as to_key,
    'identify' as edge_type,
    occurred_at as effective_at
from {{ source('raw_intercom', 'intercom_conversations') }}
where contact_key is not null and user_key is not null
qualify row_number() over (
    partition by _source, _account, contact_key, user_key order by occurred_at, _file_id, _row_number
) = 1
