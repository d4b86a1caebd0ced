{{ config(materialized='table') }}
-- grain: one row per pricing pass, channel, account and UTC day with usage
-- The rate-card version and the price book that a day is priced with. Pass `booked` makes the ledger:
-- the current card, or for a closed month the card it was closed with. The other passes price the
-- same usage again, to show or book a difference: `restated` (once per restatement, by its number)
-- and `proposed` for closed months, `from` and `to` while `trueup rates diff` compares two versions.
with ledger_days as (select * from {{ ref('int_ledger_days') }}),

closes as (select * from {{ ref('int_period_closes') }}),

restatements as (select * from {{ ref('int_restatements') }}),

versions as (select * from {{ ref('rate_card_versions') }} where is_current),

-- empty but for the moment of a comparison
compared as (select * from {{ source('raw_control', 'compared_versions') }}),

books as (select distinct account from {{ ref('int_contract_terms') }} where account is not null),

days as (

    select
        ledger_days.* exclude (files),
        coalesce(books.account, '') as price_book,
        versions.rate_card_version as current_version,
        closes.rate_card_version as closed_version,
        closes.restated_version
    from ledger_days
    cross join versions
    left join closes
        on ledger_days.channel = closes.channel
        and ledger_days.account = closes.account
        and cast(date_trunc('month', ledger_days.usage_date) as date) = closes.month
    left join books on ledger_days.account = books.account

),

passes as (

    select
        *, 'booked' as pricing_pass, 0 as pass_number, coalesce(closed_version, current_version) as rate_card_version
    from days
    union all by name
    select
        days.*, 'restated' as pricing_pass, restatements.restatement_number as pass_number,
        restatements.to_version as rate_card_version
    from days
    inner join restatements
        on days.channel = restatements.channel
        and days.account = restatements.account
        and cast(date_trunc('month', days.usage_date) as date) = restatements.month
    union all by name
    -- after every restatement
    select *, 'proposed' as pricing_pass, 1000000 as pass_number, current_version as rate_card_version
    from days
    where coalesce(restated_version, closed_version) <> current_version
    union all by name
    select days.*, compared.pricing_pass, 0 as pass_number, compared.rate_card_version
    from days
    cross join compared

)

select
    pricing_pass,
    cast(pass_number as integer) as pass_number,
    channel,
    account,
    usage_date,
    ledger,
    ledger_source,
    rate_card_version,
    price_book,
    -- what only some channels have, said once a day and not once a call
    channel in (select scheduled.channel from {{ ref('price_windows') }} as scheduled) as has_schedule,
    channel in (select reporting.channel from {{ ref('reporting_channels') }} as reporting) as states_its_charge,
    -- says without a scan of the usage that there is nothing to compare
    count(*) over (partition by channel, account, usage_date) > 1 as is_repriced
from passes
