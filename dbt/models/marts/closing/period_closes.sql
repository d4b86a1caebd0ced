-- grain: one row per channel, account and month that is closed
with closes as (select * from {{ ref('int_period_closes') }})

select
    channel,
    account,
    month,
    rate_card_version,
    closed_at,
    closed_by,
    restated_version,
    cast(restated_at as date) as restated_on
from closes
