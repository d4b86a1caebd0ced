{{ config(materialized='table') }}
-- grain: one row per contract charge and day (capacity, storage) or month (fees, commitments, volume)
-- fixed_fee: the amount, every month. minimum_fee and commitment: what the month's spend lacks of
-- the amount, once the month is over. volume_discount: percent of the spend above the threshold, as
-- a credit. capacity and storage: quantity a day at the price of the meter, or at the stated amount.
-- Spend is what calls, metered storage and capacity cost on that account, or of that model alone.
with channels as (select * from {{ ref('channel_aliases') }}),

aliases as (select distinct channel, raw_model, model_key from {{ ref('int_model_aliases') }}),

charges as (

    select
        stated.* exclude (channel, model_key),
        coalesce(channels.channel, stated.channel) as channel,
        coalesce(aliases.model_key, stated.model_key) as model_key
    from {{ ref('stg_reference__contract_charges') }} as stated
    left join channels on stated.channel = channels.raw_channel
    left join aliases
        on coalesce(channels.channel, stated.channel) = aliases.channel
        and stated.model_key = aliases.raw_model
    qualify row_number() over (partition by stated.charge_number order by aliases.model_key) = 1

),

usage as (

    select usage_date, channel, account, model_key, cost_usd from {{ ref('fct_llm_calls') }}
    union all by name
    select usage_date, channel, account, model_key, cost_usd from {{ ref('int_period_usage') }}

),

price_lines as (select * from {{ ref('int_price_lines') }}),

closes as (select * from {{ ref('int_period_closes') }}),

versions as (select * from {{ ref('rate_card_versions') }} where is_current),

books as (select distinct account from {{ ref('int_contract_terms') }} where account is not null),

-- the last day that any source reports: charges run until there, not into the future
horizon as (select max(usage_date) as last_date from usage),

days as (

    select
        charges.*,
        unnest(generate_series(
            cast(charges.valid_from as timestamp),
            cast(least(charges.valid_to - 1, horizon.last_date) as timestamp),
            interval 1 day
        ))::date as usage_date
    from charges
    cross join horizon
    where charges.kind in ('capacity', 'storage')

),

-- a day without calls has the same card and the same contract as any other
daily as (

    select
        days.*,
        price_lines.rate_id,
        price_lines.rate_status,
        price_lines.price_set_id,
        coalesce(closes.rate_card_version, versions.rate_card_version) as rate_card_version,
        price_lines.list_unit_price_usd,
        coalesce(price_lines.priced_per, 1) as list_priced_per,
        if(days.amount_usd is null, coalesce(price_lines.priced_per, 1), 1) as priced_per,
        cast(coalesce(days.amount_usd, price_lines.unit_price_usd) as decimal(28, 18)) as unit_price_usd
    from days
    cross join versions
    left join books on days.account = books.account
    left join closes
        on days.channel = closes.channel
        and days.account = closes.account
        and cast(date_trunc('month', days.usage_date) as date) = closes.month
    left join price_lines
        on price_lines.rate_card_version = coalesce(closes.rate_card_version, versions.rate_card_version)
        and price_lines.price_book = coalesce(books.account, '')
        and days.channel = price_lines.channel
        and coalesce(days.model_key, '(none)') = price_lines.model_key
        and days.meter = price_lines.meter
        and price_lines.processing = 'realtime'
        and price_lines.service_tier = 'standard'
        and price_lines.geo = 'global'
        and price_lines.schedule = 'always'
        and price_lines.ctx_min_tokens = 0
        and cast(days.usage_date as timestamp) >= price_lines.valid_from_at
        and (price_lines.valid_to_at is null or cast(days.usage_date as timestamp) < price_lines.valid_to_at)

),

daily_lines as (

    select
        usage_date,
        channel,
        account,
        coalesce(model_key, '(none)') as model_key,
        replace(kind, '_', ' ') || coalesce(': ' || doc_ref, '')
            || if(amount_usd is null, '', ' at ' || {{ plain_number('unit_price_usd') }} || ' USD') as charge_description,
        meter,
        contract_id,
        rate_id,
        rate_status,
        price_set_id,
        rate_card_version,
        priced_per,
        list_unit_price_usd,
        unit_price_usd,
        if(unit_price_usd is null, 'no_published_rate', null) as unpriced_reason,
        sum(quantity) as quantity,
        sum({{ meter_cost('quantity', 'list_unit_price_usd', 'list_priced_per') }}) as list_cost_usd,
        sum({{ meter_cost('quantity', 'unit_price_usd', 'priced_per') }}) as cost_usd
    from daily
    group by all

),

months as (

    select
        charges.*,
        unnest(generate_series(
            cast(date_trunc('month', charges.valid_from) as timestamp),
            cast(least(charges.valid_to - 1, last_day(horizon.last_date)) as timestamp),
            interval 1 month
        ))::date as month,
        horizon.last_date
    from charges
    cross join horizon
    where charges.kind in ('fixed_fee', 'minimum_fee', 'commitment', 'volume_discount')

),

spend as (

    select channel, account, model_key, cast(date_trunc('month', usage_date) as date) as month, sum(cost_usd) as cost_usd
    from (
        select usage_date, channel, account, model_key, cost_usd from usage
        union all by name
        select usage_date, channel, account, model_key, cost_usd from daily_lines
    ) as costs
    group by all

),

spent as (

    select months.*, coalesce(sum(spend.cost_usd), 0) as spend_usd
    from months
    left join spend
        on months.channel = spend.channel
        and months.account = spend.account
        and months.month = spend.month
        and (months.model_key is null or months.model_key = spend.model_key)
    group by all

),

monthly as (

    select
        last_day(month) as usage_date,
        channel,
        account,
        coalesce(model_key, '(none)') as model_key,
        replace(kind, '_', ' ') || coalesce(': ' || doc_ref, '') || if(
            kind = 'volume_discount',
            ', ' || {{ plain_number('percent') }} || ' % above ' || {{ plain_number('threshold_usd') }} || ' USD',
            ''
        ) as charge_description,
        case kind
            when 'volume_discount' then 'volume_discount' when 'commitment' then 'commitment' else 'minimum_fee'
        end as meter,
        contract_id,
        cast(1 as decimal(38, 6)) as quantity,
        cast(null as decimal(38, 18)) as list_cost_usd,
        cast(sum(
            case kind
                when 'fixed_fee' then amount_usd
                when 'volume_discount' then
                    -cast(greatest(spend_usd - threshold_usd, 0) * (percent * 0.01) as decimal(38, 18))
                else greatest(amount_usd - spend_usd, 0)
            end
        ) as decimal(38, 18)) as cost_usd
    from spent
    -- a shortfall stands only when the month is over
    where kind in ('fixed_fee', 'volume_discount') or last_day(month) <= last_date
    group by all
    having cost_usd <> 0

),

lines as (

    select * from daily_lines
    union all by name
    select * from monthly

)

select
    lines.* exclude (priced_per),
    cast(lines.priced_per as integer) as priced_per,
    'standard' as service_tier,
    'realtime' as processing,
    'global' as geo,
    'period' as charge_origin,
    cast(null as varchar) as charge_class,
    'contract' as cost_basis,
    cast(null as date) as restated_on
from lines
