{{ config(materialized='table') }}
-- grain: one row per channel, account and day with usage or a daily bill
-- Says on which dimensions log, provider usage and bill can be compared: those that every side carries.
with logged as (select * from {{ ref('int_computed_lines') }}),

reported as (select * from {{ ref('int_provider_usage_lines') }}),

ledger_days as (select * from {{ ref('int_ledger_days') }}),

bill_days as (select * from {{ ref('int_bill_days') }}),

days as (

    select channel, account, usage_date from logged
    union
    select channel, account, usage_date from reported
    union
    select channel, account, usage_date from bill_days

),

unreported as (

    select
        channel,
        account,
        usage_date,
        bool_or(contains(unreported_dimensions, 'tier')) as tier,
        bool_or(contains(unreported_dimensions, 'processing')) as processing,
        bool_or(contains(unreported_dimensions, 'geo')) as geo,
        bool_or(contains(unreported_dimensions, 'context')) as context
    from reported
    group by channel, account, usage_date

),

shared_keys as (

    select distinct logged.channel, logged.account, logged.usage_date
    from logged
    inner join reported
        on logged.channel = reported.channel
        and logged.account = reported.account
        and logged.usage_date = reported.usage_date
        and logged.api_key_id = reported.api_key_id

),

-- a fee that the bill charges without a model is compared without one
modelless as (

    select channel, account, usage_date, list(distinct meter) as meters
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record and document_type = 'cost_report' and charge_kind = 'usage'
        and meter is not null and meter <> 'unmapped' and coalesce(model_key, raw_model) is null
    group by channel, account, usage_date

)

select
    days.channel,
    days.account,
    days.usage_date,
    coalesce(ledger_days.ledger = 'call_log' and ledger_days.has_provider_usage, false) as has_control,
    shared_keys.channel is not null as has_control_key,
    coalesce(unreported.tier, false) as is_tier_unreported,
    coalesce(unreported.processing, false) as is_processing_unreported,
    coalesce(unreported.geo, false) as is_geo_unreported,
    coalesce(unreported.context, false) as is_context_unreported,
    bill_days.usage_date is not null as has_bill,
    bill_days.source as bill_source,
    coalesce(bill_days.has_meter, false) as has_bill_meter,
    -- a day without usage has no key to contradict the bill's
    (coalesce(bill_days.has_api_key, false) or ledger_days.channel is null)
    and (not has_control or shared_keys.channel is not null) as has_bill_key,
    coalesce(bill_days.has_processing, false) and not is_processing_unreported as has_bill_processing,
    modelless.meters as modelless_meters
from days
left join ledger_days
    on days.channel = ledger_days.channel
    and days.account = ledger_days.account
    and days.usage_date = ledger_days.usage_date
left join shared_keys
    on days.channel = shared_keys.channel
    and days.account = shared_keys.account
    and days.usage_date = shared_keys.usage_date
left join unreported
    on days.channel = unreported.channel
    and days.account = unreported.account
    and days.usage_date = unreported.usage_date
left join bill_days
    on days.channel = bill_days.channel
    and days.account = bill_days.account
    and days.usage_date = bill_days.usage_date
left join modelless
    on days.channel = modelless.channel
    and days.account = modelless.account
    and days.usage_date = modelless.usage_date
