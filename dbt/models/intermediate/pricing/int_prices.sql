{{ config(materialized='table') }}
-- grain: one row per price book, list price and period of it in which one contract term (or none)
-- holds. The book '' is every account's; an account that a contract names has a book of its own.
-- Both prices ride on the row: what the list says, and what the contract makes of it.
with card as (select * from {{ ref('int_rate_card') }}),

terms as (select * from {{ ref('int_contract_terms') }}),

meters as (select * from {{ ref('meters') }}),

books as (

    select '' as price_book
    union
    select account as price_book
    from terms
    where account is not null

),

booked as (

    select books.price_book, card.*
    from card
    cross join books
    where card.valid_to_at is null or card.valid_from_at < card.valid_to_at

),

matches as (

    select
        booked.price_book,
        booked.rate_card_version,
        booked.rate_id,
        terms.term_number,
        terms.contract_id,
        terms.term,
        terms.term_value,
        terms.per,
        terms.specificity,
        terms.priority,
        terms.is_tokens_only,
        terms.valid_from_at,
        terms.valid_to_at
    from booked
    inner join meters on booked.meter = meters.meter
    inner join terms
        on (terms.account is null or terms.account = booked.price_book)
        and (terms.provider is null or terms.provider = booked.provider)
        and (terms.channel is null or terms.channel = booked.channel)
        and (terms.model_key is null or terms.model_key = booked.model_key)
        and (terms.meter is null or terms.meter = booked.meter)
        and (not terms.is_tokens_only or meters.is_token)
        and (terms.processing is null or terms.processing = booked.processing)
        and (terms.service_tier is null or terms.service_tier = booked.service_tier)
        and (terms.geo is null or terms.geo = booked.geo)
        and terms.valid_to_at > booked.valid_from_at
        and (booked.valid_to_at is null or terms.valid_from_at < booked.valid_to_at)

),

bounds as (

    select price_book, rate_card_version, rate_id, valid_from_at as bound_at
    from booked
    union
    select
        booked.price_book, booked.rate_card_version, booked.rate_id, greatest(matches.valid_from_at, booked.valid_from_at)
    from booked
    inner join matches using (price_book, rate_card_version, rate_id)
    union
    select booked.price_book, booked.rate_card_version, booked.rate_id, matches.valid_to_at
    from booked
    inner join matches using (price_book, rate_card_version, rate_id)
    where booked.valid_to_at is null or matches.valid_to_at < booked.valid_to_at

),

periods as (

    select
        *,
        lead(bound_at) over (partition by price_book, rate_card_version, rate_id order by bound_at) as next_bound_at
    from bounds

),

pieces as (

    select
        booked.* exclude (valid_from_at, valid_to_at),
        periods.bound_at as valid_from_at,
        coalesce(periods.next_bound_at, booked.valid_to_at) as valid_to_at
    from booked
    inner join periods using (price_book, rate_card_version, rate_id)

),

decided as (

    select
        pieces.*,
        matches.contract_id,
        matches.term,
        matches.term_value,
        matches.per
    from pieces
    left join matches
        on pieces.price_book = matches.price_book
        and pieces.rate_card_version = matches.rate_card_version
        and pieces.rate_id = matches.rate_id
        and pieces.valid_from_at >= matches.valid_from_at
        and pieces.valid_from_at < matches.valid_to_at
    qualify row_number() over (
        partition by pieces.price_book, pieces.rate_card_version, pieces.rate_id, pieces.valid_from_at
        order by
            matches.specificity desc nulls last, matches.priority desc, matches.is_tokens_only, matches.term_number
    ) = 1

),

{% set key -%}
    price_book, rate_card_version, channel, model_key, processing, service_tier, geo
{%- endset %}
-- a price that the contract states for one key holds there even where the list has none
stated as (

    select
        books.price_book,
        versions.rate_card_version,
        coalesce(terms.processing, 'realtime') as processing,
        coalesce(terms.service_tier, 'standard') as service_tier,
        coalesce(terms.geo, 'global') as geo,
        terms.* exclude (account, processing, service_tier, geo)
    from terms
    inner join books on terms.account is null or terms.account = books.price_book
    cross join (select distinct rate_card_version from card) as versions
    where terms.term in ('fixed_price', 'free')
        and terms.channel is not null
        and terms.model_key is not null
        and terms.meter is not null

),

-- in the schedules and context bands of the list, or a call would find two price sets
stated_bands as (

    select distinct
        {{ key }}, booked.schedule, booked.ctx_min_tokens, booked.ctx_max_tokens, booked.valid_from_at, booked.valid_to_at
    from booked
    semi join stated using ({{ key }})

),

stated_bounds as (

    select {{ key }}, valid_from_at as bound_at from stated
    union
    select {{ key }}, valid_to_at as bound_at from stated
    union
    select {{ key }}, valid_from_at as bound_at from stated_bands
    union
    select {{ key }}, valid_to_at as bound_at from stated_bands where valid_to_at is not null

),

stated_periods as (

    select *, lead(bound_at) over (partition by {{ key }} order by bound_at) as next_bound_at
    from stated_bounds

),

stated_slots as (

    select distinct
        periods.*,
        coalesce(bands.schedule, 'always') as schedule,
        coalesce(bands.ctx_min_tokens, 0) as ctx_min_tokens,
        bands.ctx_max_tokens
    from stated_periods as periods
    left join stated_bands as bands
        on {% for column in key.split(', ') %}periods.{{ column }} = bands.{{ column }} and {% endfor %}
        periods.bound_at >= bands.valid_from_at
        and (bands.valid_to_at is null or periods.bound_at < bands.valid_to_at)

),

contract_only as (

    select
        slots.* exclude (bound_at, next_bound_at),
        'contract:' || stated.contract_id || ':' || stated.term_number as rate_id,
        coalesce(stated.provider, 'unknown') as provider,
        stated.meter,
        cast(null as decimal(28, 18)) as list_unit_price_usd,
        cast(meters.priced_per as integer) as priced_per,
        'confirmed' as rate_status,
        slots.bound_at as valid_from_at,
        slots.next_bound_at as valid_to_at,
        stated.contract_id,
        stated.term,
        stated.term_value,
        stated.per
    from stated_slots as slots
    inner join stated
        on {% for column in key.split(', ') %}slots.{{ column }} = stated.{{ column }} and {% endfor %}
        slots.bound_at >= stated.valid_from_at
        and slots.bound_at < stated.valid_to_at
    inner join meters on stated.meter = meters.meter
    anti join booked
        on {% for column in key.split(', ') %}slots.{{ column }} = booked.{{ column }} and {% endfor %}
        stated.meter = booked.meter
        and slots.schedule = booked.schedule
        and slots.ctx_min_tokens = booked.ctx_min_tokens
        and slots.bound_at >= booked.valid_from_at
        and (booked.valid_to_at is null or slots.bound_at < booked.valid_to_at)
    qualify row_number() over (
        partition by {% for column in key.split(', ') %}slots.{{ column }}, {% endfor %}
            slots.bound_at, slots.schedule, slots.ctx_min_tokens, stated.meter
        order by stated.specificity desc, stated.priority desc, stated.term_number
    ) = 1

),

priced as (

    select * from decided
    union all by name
    select * from contract_only

)

select
    * exclude (term, term_value, per),
    cast(
        case term
            when 'percent_off' then list_unit_price_usd - list_unit_price_usd * (term_value * 0.01)
            when 'multiplier' then list_unit_price_usd * term_value
            when 'free' then 0
            when 'fixed_price' then {{ exact_share('term_value * priced_per', 'per') }}
            else list_unit_price_usd
        end as decimal(28, 18)
    ) as unit_price_usd
from priced
