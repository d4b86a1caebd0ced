{{ config(materialized='table') }}
-- grain: one row per restatement of a month that is closed now, numbered in the order of decision
-- Each goes from the version that stood before it, so that a later one leaves the rows of an earlier.
with decisions as (select * from {{ ref('stg_decisions__decisions') }} where decision = 'restate'),

closes as (select * from {{ ref('int_period_closes') }})

select
    decisions.channel,
    decisions.account,
    decisions.month,
    row_number() over months as restatement_number,
    lag(decisions.rate_card_version, 1, closes.rate_card_version) over months as from_version,
    decisions.rate_card_version as to_version,
    decisions.decided_at as restated_at
from decisions
inner join closes
    on decisions.channel = closes.channel
    and decisions.account = closes.account
    and decisions.month = closes.month
    and decisions.decided_at > closes.closed_at
window months as (
    partition by decisions.channel, decisions.account, decisions.month
    order by decisions.decided_at, decisions.decision_id
)
