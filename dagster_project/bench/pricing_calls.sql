-- Calls of an invented company, drawn from a hash of the row number: the same rows every time.
-- Variables: total_rows, models_per_channel. Needs views bench_card, bench_aliases, bench_versions.
-- Shape: 330 days; every model of the menu alike; 20 in 100 calls batch, 12 another tier or
-- geography, 2 of a model that no list knows; 4 in 100 prompts beyond a context band.

create or replace temp macro draw(number, salt, sides) as cast(hash(number, salt) % sides as bigint);

-- one line per model, processing, tier and geography that has an input and an output price at any
-- hour, in the part of the 330 days in which it has them
create or replace temp table menu as
with current_card as (

    select bench_card.*
    from bench_card
    inner join bench_versions
        on bench_versions.is_current
        and cast(bench_card.added_in as integer) <= cast(bench_versions.version_number as integer)
        and (
            bench_card.removed_in is null
            or cast(bench_card.removed_in as integer) > cast(bench_versions.version_number as integer)
        )
    where bench_card.currency = 'USD'

),

offers as (

    select
        channel,
        model_key,
        processing,
        service_tier,
        geo,
        greatest(
            max(first_at) filter (where meter in ('input_uncached_tokens', 'output_tokens')),
            timestamp '2026-01-01 00:00:00'
        ) as first_at,
        least(
            min(end_at) filter (where meter in ('input_uncached_tokens', 'output_tokens')),
            timestamp '2026-11-27 00:00:00'
        ) as end_at,
        count(*) filter (where meter in ('input_uncached_tokens', 'output_tokens')) = 2 as has_tokens,
        bool_and(is_always) as is_always,
        bool_or(meter = 'input_cache_read_tokens') as has_read,
        bool_or(meter = 'input_cache_write_5m_tokens') as has_write_5m,
        bool_or(meter = 'input_cache_write_30m_tokens') as has_write_30m,
        bool_or(meter = 'input_cache_write_1h_tokens') as has_write_1h,
        bool_or(meter = 'web_search_calls') as has_search
    from (
        select
            channel,
            model_key,
            processing,
            service_tier,
            geo,
            meter,
            min(cast(cast(valid_from as timestamptz) as timestamp)) as first_at,
            max(coalesce(cast(cast(valid_to as timestamptz) as timestamp), timestamp '9999-12-31')) as end_at,
            bool_and(schedule = 'always') as is_always
        from current_card
        group by all
    ) as meters
    group by all

),

names as (

    select
        channel,
        model_key,
        raw_model,
        nullif(geo, '') as geo,
        coalesce(cast(valid_from as date), date '1970-01-01') as first_day,
        coalesce(cast(valid_to as date), date '9999-12-31') as end_day
    from bench_aliases
    where not starts_with(raw_model, 'ft:')
        and not starts_with(raw_model, 'arn:')
        and not starts_with(raw_model, '(')

),

named as (

    select
        offers.*,
        names.raw_model,
        greatest(offers.first_at, cast(names.first_day as timestamp)) as from_at,
        least(offers.end_at, cast(names.end_day as timestamp)) as to_at
    from offers
    inner join names
        on offers.channel = names.channel
        and offers.model_key = names.model_key
        and (names.geo is null or offers.geo = names.geo)
    where offers.has_tokens and offers.is_always
    qualify row_number() over (
        partition by offers.channel, offers.model_key, offers.processing, offers.service_tier, offers.geo
        order by names.raw_model = names.model_key desc, hash(names.raw_model), names.first_day
    ) = 1

),

chosen as (

    -- those with the most kinds of prices first, so that tiers, caches and batch are in the log
    select channel, model_key
    from named
    where to_at > from_at + interval 10 day
    group by channel, model_key
    qualify row_number() over (
        partition by channel
        order by
            count(*) + 3 * cast(bool_or(has_write_1h) as integer) + 3 * cast(bool_or(has_read) as integer) desc,
            hash(model_key)
    ) <= getvariable('models_per_channel')

),

kinds as (

    select
        named.*,
        case
            when processing = 'batch' then 'batch'
            when service_tier = 'standard' and geo = 'global' then 'plain'
            else 'special'
        end as kind
    from named
    inner join chosen
        on named.channel = chosen.channel
        and named.model_key = chosen.model_key
    where to_at > from_at + interval 10 day

)

select
    * exclude (first_at, end_at, has_tokens, is_always),
    row_number() over (partition by kind order by channel, model_key, processing, service_tier, geo) - 1 as slot,
    count(*) over (partition by kind) as slots,
    cast(epoch(to_at) - epoch(from_at) as bigint) as seconds
from kinds;

-- a kind that the card has none of is drawn as plain
create or replace temp table kind_slots as
select
    wanted.kind,
    coalesce(present.kind, 'plain') as drawn_kind,
    coalesce(present.slots, (select max(slots) from menu where kind = 'plain')) as slots
from (values ('batch'), ('special'), ('plain')) as wanted (kind)
left join (select kind, max(slots) as slots from menu group by kind) as present on wanted.kind = present.kind;

create or replace temp macro slots_of(wanted) as (select any_value(slots) from kind_slots where kind = wanted);

create or replace temp macro bench_calls() as table
with drawn as (

    select
        range as row_no,
        case
            when draw(range, 1, 100) < 20 then 'batch'
            when draw(range, 1, 100) < 32 then 'special'
            else 'plain'
        end as wanted_kind,
        draw(range, 2, case wanted_kind
            when 'batch' then slots_of('batch') when 'special' then slots_of('special') else slots_of('plain')
        end) as slot,
        draw(range, 1, 100) >= 98 as is_unknown,
        40 + draw(range, 3, 900) * (1 + draw(range, 4, 5)) + if(draw(range, 16, 25) = 0, 120000 + draw(range, 17, 300000), 0)
            as fresh_tokens,
        if(draw(range, 6, 3) = 0, draw(range, 5, 12000), 0) as read_tokens,
        if(draw(range, 8, 8) = 0, draw(range, 7, 3000), 0) as write_tokens,
        10 + draw(range, 9, 350) * (1 + draw(range, 14, 3)) as answer_tokens,
        if(draw(range, 10, 50) = 0, 1 + draw(range, 11, 3), 0) as searches
    from range(getvariable('total_rows'))

),

placed as (

    select
        drawn.*,
        menu.channel,
        menu.raw_model,
        menu.processing,
        menu.service_tier,
        menu.geo,
        menu.from_at + to_seconds(draw(drawn.row_no, 12, menu.seconds)) as requested_at,
        if(menu.has_read, drawn.read_tokens, 0) as cache_read,
        if(menu.has_write_5m, drawn.write_tokens, 0) as write_5m,
        if(menu.has_write_1h and drawn.row_no % 3 = 0, drawn.write_tokens, 0) as write_1h,
        if(menu.has_write_30m, drawn.write_tokens, 0) as write_30m,
        if(menu.has_search, drawn.searches, 0) as web_searches
    from drawn
    inner join kind_slots on drawn.wanted_kind = kind_slots.kind
    inner join menu
        on kind_slots.drawn_kind = menu.kind
        and drawn.slot = menu.slot

)

select
    'bench_calls' as source,
    'default' as account_label,
    'bench_calls/' || row_no // 1000000 as file_id,
    row_no as row_number,
    1 as part_number,
    'req_' || row_no as call_id,
    'call' as grain,
    cast(1 as bigint) as requests,
    channel,
    channel as channel_provider,
    if(row_no % 7 = 0, 'labs', 'main') as account,
    'project-' || row_no % 10 as sub_account,
    'key-' || row_no % 30 as api_key_id,
    raw_model as model_requested,
    if(is_unknown, raw_model || '-tuned-here', raw_model) as model_served,
    service_tier,
    processing,
    geo,
    fresh_tokens as input_uncached_tokens,
    cache_read as input_cache_read_tokens,
    write_5m as input_cache_write_5m_tokens,
    write_30m as input_cache_write_30m_tokens,
    write_1h as input_cache_write_1h_tokens,
    answer_tokens as output_tokens,
    web_searches as web_search_calls,
    fresh_tokens + cache_read + write_5m + write_30m + write_1h as prompt_tokens,
    'feature-' || row_no % 10 as feature,
    'team-' || row_no % 4 as team,
    'production' as environment,
    md5(cast(row_no % 50000 as varchar)) as user_key,
    'task-' || row_no // 3 as task_id,
    'success' as status,
    'stop' as finish_reason,
    1 as attempt_no,
    200 + draw(row_no, 13, 9000) as latency_ms,
    false as is_retry,
    false as is_fallback,
    false as is_cache_hit,
    requested_at,
    cast(requested_at as date) as usage_date
from placed;
