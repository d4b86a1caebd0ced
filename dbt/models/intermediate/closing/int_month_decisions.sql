{{ config(materialized='table') }}
-- grain: one row per decision on a month of an account: review, close, reopen, restate
-- opening_no counts the reopenings before it; a decision stands until the next reopening.
with decisions as (

    select * from {{ ref('stg_decisions__decisions') }}
    where decision in ('review', 'close', 'reopen', 'restate')

),

counted as (

    select
        *,
        count(*) filter (where decision = 'reopen') over (
            partition by channel, account, month order by decided_at, decision_id
            rows between unbounded preceding and current row
        ) - if(decision = 'reopen', 1, 0) as opening_no,
        count(*) filter (where decision = 'reopen') over (partition by channel, account, month) as reopenings
    from decisions

)

select
    * exclude (reopenings),
    opening_no = reopenings as is_standing,
    row_number() over (
        partition by channel, account, month, opening_no, decision order by decided_at, decision_id
    ) as decision_no,
    row_number() over (
        partition by channel, account, month, opening_no, decision order by decided_at desc, decision_id desc
    ) as decision_no_from_last
from counted
