-- grain: one row per pricing pass and usage row with the price set that holds for it: what answered, at the tier and
-- geography that served it, at the price in force when it was requested
-- A join that few rows need has a key that is NULL for the others, so that they cost nothing.
with usage_rows as (select * from {{ ref('int_usage_rows') }}),

pricing_days as (select * from {{ ref('int_pricing_days') }}),

aliases as (select * from {{ ref('int_model_aliases') }} where not is_own),

account_aliases as (select * from {{ ref('int_model_aliases') }} where is_own and account is not null),

own_aliases as (select * from {{ ref('int_model_aliases') }} where is_own and account is null),

price_windows as (select * from {{ ref('int_price_windows') }}),

price_sets as (select * from {{ ref('int_price_sets') }}),

named as (

    select
        usage_rows.* exclude (geo),
        -- no other source repeats a charge of a period
        usage_rows.is_period_charge or (
            pricing_days.ledger = if(usage_rows.grain = 'call', 'call_log', 'provider_usage')
            and coalesce(pricing_days.ledger_source = usage_rows.source, true)
        ) as is_ledger,
        pricing_days.pricing_pass,
        pricing_days.pass_number,
        pricing_days.is_repriced,
        pricing_days.rate_card_version as priced_version,
        pricing_days.price_book,
        pricing_days.states_its_charge,
        coalesce(
            account_aliases.model_key, own_aliases.model_key, aliases.model_key, listed_aliases.model_key,
            -- a charge without a model stands in the card under this key
            case when aliases.model_key is null and {{ listed_model_name('usage_rows.model_served') }} = '(none)' then '(none)' end
        ) as model_key,
        coalesce(
            account_aliases.provider, own_aliases.provider, aliases.provider, listed_aliases.provider,
            usage_rows.channel_provider
        ) as provider,
        -- a name that says where it ran decides; a Bedrock profile does
        coalesce(account_aliases.geo, own_aliases.geo, aliases.geo, listed_aliases.geo, usage_rows.geo) as geo,
        case
            when pricing_days.has_schedule then coalesce(price_windows.schedule, usage_rows.channel || '_offpeak')
            else 'always'
        end as schedule
    from usage_rows
    inner join pricing_days
        on usage_rows.channel = pricing_days.channel
        and usage_rows.account = pricing_days.account
        and usage_rows.usage_date = pricing_days.usage_date
    left join account_aliases
        on usage_rows.channel = account_aliases.channel
        and usage_rows.account = account_aliases.account
        and usage_rows.model_served = account_aliases.raw_model
        and usage_rows.usage_date >= account_aliases.valid_from
        and usage_rows.usage_date < account_aliases.valid_to
    left join own_aliases
        on usage_rows.channel = own_aliases.channel
        and usage_rows.model_served = own_aliases.raw_model
        and usage_rows.usage_date >= own_aliases.valid_from
        and usage_rows.usage_date < own_aliases.valid_to
    left join aliases
        on usage_rows.channel = aliases.channel
        and usage_rows.model_served = aliases.raw_model
        and usage_rows.usage_date >= aliases.valid_from
        and usage_rows.usage_date < aliases.valid_to
    left join aliases as listed_aliases
        on case when aliases.model_key is null then {{ listed_model_name('usage_rows.model_served') }} end
        = listed_aliases.raw_model
        and usage_rows.channel = listed_aliases.channel
        and usage_rows.usage_date >= listed_aliases.valid_from
        and usage_rows.usage_date < listed_aliases.valid_to
    left join price_windows
        on case when pricing_days.has_schedule then usage_rows.channel end = price_windows.channel
        and usage_rows.usage_date = price_windows.usage_date
        and usage_rows.requested_at >= price_windows.from_at
        and usage_rows.requested_at < price_windows.to_at

)

select
    named.*,
    price_sets.* exclude (
        price_book, channel, model_key, processing, service_tier, geo, schedule, ctx_max_tokens, valid_from_at, valid_to_at
    ),
    price_sets.valid_from_at as price_valid_from_at
from named
left join price_sets
    on named.priced_version = price_sets.rate_card_version
    and named.price_book = price_sets.price_book
    and named.channel = price_sets.channel
    and named.model_key = price_sets.model_key
    and named.processing = price_sets.processing
    and named.service_tier = price_sets.service_tier
    and named.geo = price_sets.geo
    and (price_sets.schedule = 'always' or named.schedule = price_sets.schedule)
    and named.prompt_tokens >= price_sets.ctx_min_tokens
    and (price_sets.ctx_max_tokens is null or named.prompt_tokens < price_sets.ctx_max_tokens)
    and named.requested_at >= price_sets.valid_from_at
    and (price_sets.valid_to_at is null or named.requested_at < price_sets.valid_to_at)
