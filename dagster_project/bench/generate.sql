-- Parquet logs of an invented company, drawn from a hash of the row number: the same rows every time.
-- Variables: total_rows, total_users. calls_between and outcome_events are what is written.
-- Shape: sessions of ten calls over 45 days that span a month's end and a price change (2026-10-07),
-- four in ten of them tasks; one row in 2,000 is shipped twice.

create macro draw(number, salt, sides) as cast(hash(number, salt) % sides as bigint);

-- share: calls in a thousand. usage_convention is how the log counts, so the caller of each
-- interface is taken at its word. write_lifetime: of the cache writes, where the price list has any.
create table models as
from (values
    (130, 'openai', 'gpt-5', 'gpt-5-2025-08-07', 'inclusive', 'default', 'realtime', null, true, null),
    (40, 'openai', 'gpt-5', 'gpt-5-2025-08-07', 'inclusive', 'flex', 'realtime', null, true, null),
    (180, 'openai', 'gpt-5-mini', 'gpt-5-mini', 'inclusive', 'default', 'realtime', null, true, null),
    (40, 'openai', 'gpt-5-mini', 'gpt-5-mini-2025-08-07', 'inclusive', 'default', 'batch', null, true, null),
    (100, 'openai', 'gpt-5-nano', 'gpt-5-nano', 'inclusive', null, 'realtime', null, true, null),
    (30, 'openai', 'gpt-4o', 'gpt-4o-2024-08-06', 'inclusive', 'default', 'realtime', null, true, null),
    (60, 'openai', 'gpt-4o-mini', 'gpt-4o-mini', 'inclusive', 'default', 'realtime', null, true, null),
    (110, 'anthropic', 'claude-haiku-4-5', 'claude-haiku-4-5-20251001', 'disjoint', 'standard', 'realtime', null, true, '5m'),
    (40, 'anthropic', 'claude-sonnet-4-5', 'claude-sonnet-4-5', 'disjoint', 'standard', 'realtime', null, true, '1h'),
    (60, 'anthropic', 'claude-sonnet-4-6', 'claude-sonnet-4-6', 'disjoint', 'standard', 'realtime', 'us', true, '5m'),
    (30, 'anthropic', 'claude-sonnet-4-6', 'claude-sonnet-4-6', 'disjoint', 'standard', 'batch', 'global', false, null),
    (30, 'anthropic', 'claude-opus-4-8', 'claude-opus-4-8', 'disjoint', 'standard', 'realtime', 'not_available', true, '5m'),
    (130, 'anthropic', 'claude-sonnet-5-5', 'claude-sonnet-5-5', 'disjoint', 'standard', 'realtime', 'global', true, '5m'),
    (8, 'openai', 'gpt-house', 'gpt-house-tuned-1', 'inclusive', 'default', 'realtime', null, true, null),
    (12, 'anthropic', 'claude-preview', 'claude-preview-x', 'disjoint', 'standard', 'realtime', null, true, '5m')
) as model_shares (
    share, channel, model_requested, model_served, usage_convention, service_tier, processing, geo, is_cached,
    write_lifetime
);

create table model_slots as
select row_number() over (order by channel, model_served, processing, service_tier) - 1 as slot, * exclude (share)
from (select *, unnest(range(share)) from models);

create table features as
from (values
    (0, 'assistant', 'product'), (1, 'assistant', 'product'), (2, 'search', 'product'), (3, 'summaries', 'product'),
    (4, 'support_reply', 'support'), (5, 'support_triage', 'support'), (6, 'code_review', 'engineering'),
    (7, 'extraction', 'data'), (8, 'classification', 'data'), (9, 'reports', 'finance')
) as feature_slots (slot, feature, team);

create macro sessions_of(row_no) as row_no // 10;

create macro task_of(session_no) as
    case when draw(session_no, 20, 10) < 4 then 'task-' || session_no end;

create macro task_type_of(session_no) as
    ['draft', 'research', 'extract', 'triage'][draw(session_no, 21, 4) + 1];

create macro ticket_of(session_no) as
    case when draw(session_no, 10, 10) in (4, 5) then 'ticket-' || session_no end;

create macro requested_at_of(row_no) as
    -- 45 days are 3,888,000,000,000 microseconds
    timestamp '2026-09-01 00:00:00'
    + to_microseconds(cast(row_no * 3888000000000::hugeint // getvariable('total_rows') as bigint));

create macro user_of(session_no) as
    case
        when draw(session_no, 11, 20) > 0
            then 'user-' || (draw(session_no, 12, getvariable('total_users')) * draw(session_no, 13, 1000) // 1000)
    end;

-- first_row counts from 0 and is written, end_row is not
create macro calls_between(first_row, end_row) as table
with numbered as (

    -- a repeated row is the row before it, shipped again
    select if(draw(range, 1, 2000) = 0 and range > 0, range - 1, range) as row_no
    from range(first_row, end_row)

),

drawn as (

    select
        row_no,
        sessions_of(row_no) as session_no,
        draw(row_no, 2, 1000) as model_slot,
        40 + draw(row_no, 3, 900) * (1 + draw(row_no, 4, 5)) as fresh_tokens,
        draw(row_no, 5, 12000) * if(draw(row_no, 6, 3) = 0, 1, 0) as read_tokens,
        draw(row_no, 7, 3000) * if(draw(row_no, 8, 8) = 0, 1, 0) as write_tokens,
        10 + draw(row_no, 9, 350) * (1 + draw(row_no, 14, 3)) as output_tokens,
        draw(row_no, 15, 100) as fate,
        draw(sessions_of(row_no), 10, 10) as feature_slot,
        -- now and then a prompt of 300,000 tokens, beyond a context band of some models
        if(draw(row_no, 16, 1500) = 0, 300000, 0) as long_tokens
    from numbered

)

select
    'req_' || left(md5(cast(row_no as varchar)), 24) as call_id,
    requested_at_of(row_no) as requested_at,
    channel,
    if(feature_slot = 7, 'labs', 'main') as account,
    'project-' || feature_slot as sub_account,
    'key-' || feature_slot || '-' || draw(session_no, 17, 3) as api_key_id,
    channel as provider,
    model_requested,
    model_served,
    service_tier,
    processing,
    geo,
    usage_convention,
    case
        when fate = 0 then null
        when usage_convention = 'inclusive' then fresh_tokens + long_tokens + if(is_cached, read_tokens, 0)
        else fresh_tokens + long_tokens
    end as input_tokens,
    case when fate > 0 then if(is_cached, read_tokens, 0) end as cache_read_tokens,
    case when fate > 0 and write_lifetime is not null then write_tokens end as cache_write_tokens,
    case when fate > 0 and write_lifetime = '5m' then write_tokens end as cache_write_5m_tokens,
    cast(null as bigint) as cache_write_30m_tokens,
    case when fate > 0 and write_lifetime = '1h' then write_tokens end as cache_write_1h_tokens,
    cast(null as bigint) as cache_write_12h_tokens,
    case when fate > 0 then output_tokens end as output_tokens,
    case when fate > 0 and channel = 'openai' then output_tokens // 3 end as reasoning_tokens,
    cast(0 as bigint) as web_search_calls,
    cast(fresh_tokens * 0.000002 as decimal(18, 9)) as reported_cost,
    -- one session in ten leaves its feature to the map of API keys
    case when draw(session_no, 18, 10) > 0 then feature end as feature,
    case when draw(session_no, 18, 10) > 0 then team end as team,
    'template-' || feature_slot || '-' || draw(session_no, 19, 4) as prompt_template,
    'v' || (1 + draw(session_no, 22, 6)) as prompt_version,
    case when task_of(session_no) is not null then 'agent-' || draw(session_no, 23, 8) end as agent,
    ['production', 'production', 'production', 'staging', 'ci'][1 + draw(session_no, 24, 5)] as environment,
    user_of(session_no) as user_id,
    'tenant-' || draw(session_no, 25, 400) as tenant,
    'session-' || session_no as session_id,
    'trace-' || (row_no // 3) as trace_id,
    task_of(session_no) as task_id,
    ticket_of(session_no) as ticket_id,
    cast(if(task_of(session_no) is not null and draw(session_no, 26, 5) = 0 and row_no % 10 > 6, 2, 1) as bigint)
        as attempt_no,
    case when fate = 0 then 'error' else 'success' end as status,
    case when fate = 0 then null when fate < 4 then 'length' else 'stop' end as finish_reason,
    200 + draw(row_no, 27, 9000) as latency_ms,
    false as is_retry,
    draw(row_no, 28, 100) = 0 as is_fallback,
    false as is_cache_hit
from drawn
inner join model_slots on model_slots.slot = drawn.model_slot
inner join features on features.slot = drawn.feature_slot;

-- Three kinds of outcome: how each task ended, which tickets were resolved, who was active when.
create macro outcome_events() as table
select
    'end-' || session_no as event_id,
    requested_at_of(least(session_no * 10 + 10, getvariable('total_rows'))) as occurred_at,
    if(draw(session_no, 30, 20) < 17, 'task_succeeded', 'task_failed') as outcome_type,
    task_of(session_no) as task_id,
    task_type_of(session_no) as task_type,
    cast(null as varchar) as ticket_id,
    cast(null as varchar) as resolution_kind,
    user_of(session_no) as user_id
from (select range as session_no from range(getvariable('total_rows') // 10))
where task_of(session_no) is not null

union all by name

select
    'solved-' || session_no as event_id,
    requested_at_of(least(session_no * 10 + 10, getvariable('total_rows'))) as occurred_at,
    'ticket_resolved' as outcome_type,
    ticket_of(session_no) as ticket_id,
    if(draw(session_no, 32, 3) = 0, 'human_solved', 'ai_solved') as resolution_kind,
    user_of(session_no) as user_id
from (select range as session_no from range(getvariable('total_rows') // 10))
where ticket_of(session_no) is not null and draw(session_no, 31, 10) < 7

union all by name

select
    'active-' || user_no || '-' || day_no as event_id,
    timestamp '2026-09-01 09:00:00' + to_days(cast(day_no as integer)) as occurred_at,
    'user_active' as outcome_type,
    'user-' || user_no as user_id
from (select range as user_no from range(getvariable('total_users')))
cross join (select range as day_no from range(45))
where draw(user_no * 45 + day_no, 33, 7) = 0
