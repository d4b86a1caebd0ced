-- grain: one row per channel, account, day, model, processing, meter and price, with the quantity
-- that was counted at it: the provider's own count where it has one, else the call log's
with ledger as (select * from {{ ref('fct_charge_lines') }} where list_unit_price_usd is not null),

controlled as (select * from {{ ref('int_provider_usage_lines') }} where list_unit_price_usd is not null),

ledger_days as (

    select channel, account, usage_date, has_provider_usage and ledger = 'call_log' as is_controlled, ledger
    from {{ ref('int_ledger_days') }}

),

counted as (

    select
        ledger.channel, ledger.account, ledger.usage_date, ledger.model_key, ledger.processing, ledger.meter,
        ledger.quantity, ledger.priced_per, ledger.list_unit_price_usd, ledger.unit_price_usd, ledger.rate_id,
        ledger.contract_id,
        coalesce(ledger_days.ledger = 'provider_usage', false) as is_provider_count
    from ledger
    left join ledger_days
        on ledger.channel = ledger_days.channel
        and ledger.account = ledger_days.account
        and ledger.usage_date = ledger_days.usage_date
    where not coalesce(ledger_days.is_controlled, false) or ledger.charge_origin = 'period'

    union all by name

    select
        controlled.channel, controlled.account, controlled.usage_date, controlled.model as model_key,
        controlled.processing, controlled.meter, controlled.quantity, controlled.priced_per,
        controlled.list_unit_price_usd, controlled.unit_price_usd, controlled.rate_id, controlled.contract_id,
        true as is_provider_count
    from controlled
    inner join ledger_days
        on controlled.channel = ledger_days.channel
        and controlled.account = ledger_days.account
        and controlled.usage_date = ledger_days.usage_date
        and ledger_days.is_controlled

)

select
    channel,
    account,
    usage_date,
    model_key,
    processing,
    meter,
    priced_per,
    list_unit_price_usd,
    unit_price_usd,
    min(rate_id) as rate_id,
    min(contract_id) as contract_id,
    bool_and(is_provider_count) as is_provider_count,
    cast(sum(quantity) as decimal(38, 6)) as quantity
from counted
group by
    channel, account, usage_date, model_key, processing, meter, priced_per, list_unit_price_usd, unit_price_usd
