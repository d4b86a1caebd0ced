{{ config(materialized='table') }}
-- grain: one row per channel, account and month that is closed now
-- rate_card_version is the card that prices the month's own rows; restated_version, where a
-- restatement was decided later, the card whose difference is booked as correction rows.
with decisions as (select * from {{ ref('stg_decisions__decisions') }}),

-- closing after a reopening starts afresh
numbered as (

    select
        *,
        max(case when decision = 'reopen' then decided_at end) over (partition by channel, account, month) as reopened_at
    from decisions

),

standing as (select * from numbered where reopened_at is null or decided_at > reopened_at)

select
    channel,
    account,
    month,
    arg_min(rate_card_version, decided_at) filter (where decision = 'close') as rate_card_version,
    min(decided_at) filter (where decision = 'close') as closed_at,
    arg_min(decided_by, decided_at) filter (where decision = 'close') as closed_by,
    arg_min(outcomes, decided_at) filter (where decision = 'close') as published_outcomes,
    arg_min(outcome_sources, decided_at) filter (where decision = 'close') as published_outcome_sources,
    arg_max(rate_card_version, decided_at) filter (where decision = 'restate') as restated_version,
    max(decided_at) filter (where decision = 'restate') as restated_at
from standing
group by channel, account, month
having count(*) filter (where decision = 'close') > 0
