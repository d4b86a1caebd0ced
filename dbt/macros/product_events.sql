{# What the staging models of product analytics share. Every tool exports an event more than once
   (overlapping windows, backfills, restated days), and each has its own rule of which copy counts. #}

{# Raw rows with the number of their file's arrival, by which a restated file wins over an older one. #}
{% macro with_arrival(raw_table) -%}
    select raw_rows.*, files.arrival_no
    from {{ raw_table }} as raw_rows
    left join {{ source('raw_control', 'landed_files') }} as files
        on raw_rows._file_id = files.file_id
        and raw_rows._source = files.source
        and raw_rows._account = files.account
        and files.status = 'loaded'
{%- endmacro %}

{# Rows with source_event_id: the tool's own id; a row without one is named by its content and by
   which of the equal rows of its file it is. So a missing part of a composite id never makes one
   event of two, and an overlapping second export still brings nothing new. #}
{% macro with_event_id(events, tool_id, content) -%}
    select *, {{ tool_id }} as source_event_id
    from {{ events }}
    where {{ tool_id }} is not null
    union all by name
    select
        * exclude (content_id),
        content_id || ':' || row_number() over (
            partition by _source, _account, _file_id, content_id order by _row_number
        ) as source_event_id
    from (
        select
            *,
            md5(concat_ws(
                '|',
                {%- for column in content + product_properties() %}
                coalesce(cast({{ column }} as varchar), '')
                {%- if not loop.last %},{% endif %}
                {%- endfor %}
            )) as content_id
        from {{ events }}
        where {{ tool_id }} is null
    )
{%- endmacro %}

{# The raw columns that a product's own events fill, whatever the tool. #}
{% macro product_properties() -%}
    {{ return([
        'task_id', 'task_type', 'ticket_id', 'session_id', 'trace_id', 'feature', 'tenant', 'success',
        'attempt_no', 'amount', 'value_number', 'currency',
    ]) }}
{%- endmacro %}

{% macro success_status() -%}
    case when success then 'success' when not success then 'failure' end
{%- endmacro %}

{# An event's `value` is its amount where it names no revenue. #}
{% macro event_amount() -%}
    {{ as_money('coalesce(amount, value_number)') }}
{%- endmacro %}

{# A wall-clock time in UTC. Without a zone the time is in UTC already. #}
{% macro wall_clock_in_utc(written_at, time_zone) -%}
    if({{ time_zone }} is null, {{ written_at }}, timezone('UTC', timezone({{ time_zone }}, {{ written_at }})))
{%- endmacro %}

{# Track calls of Segment's form, one row per message id: the copy received last. #}
{% macro track_events(tracks, occurred_at, time_basis) -%}
    select
        _source as source,
        _file_id as file_id,
        _row_number as row_number,
        _account as account_label,
        message_id as source_event_id,
        event as event_name,
        cast(null as varchar) as outcome_type,
        {{ success_status() }} as outcome_status,
        task_id,
        task_type,
        ticket_id,
        cast(null as varchar) as resolution_kind,
        session_id,
        trace_id,
        user_key,
        anonymous_key,
        tenant,
        feature,
        attempt_no,
        cast(null as varchar) as metric_name,
        cast(value_number as decimal(38, 9)) as value_number,
        cast(null as varchar) as value_label,
        cast(null as varchar) as evaluator_kind,
        {{ event_amount() }} as value_amount,
        upper(currency) as value_currency,
        {{ time_basis }} as time_basis,
        false as is_test,
        {{ occurred_at }} as occurred_at,
        received_at
    from {{ tracks }}
    where type = 'track'
    qualify row_number() over (
        partition by _source, _account, message_id
        order by received_at desc nulls last, arrival_no desc, _file_id, _row_number desc
    ) = 1
{%- endmacro %}

{# Pairs of ids that calls of Segment's form connect: userId with anonymousId on any call but alias,
   and an alias with what it replaces. A previousId is an anonymous one where it was seen as one. #}
{% macro track_identity_pairs(calls, effective_at) -%}
    select
        _source as source,
        _account as account_label,
        _file_id as file_id,
        _row_number as row_number,
        'anonymous' as from_kind,
        anonymous_key as from_key,
        'user' as to_kind,
        user_key as to_key,
        'identify' as edge_type,
        {{ effective_at }} as effective_at
    from {{ calls }}
    where type <> 'alias'
    union all
    select
        _source,
        _account,
        _file_id,
        _row_number,
        case
            when previous_key in (select anonymous_key from {{ calls }} where anonymous_key is not null)
                then 'anonymous'
            else 'user'
        end,
        previous_key,
        'user',
        user_key,
        'alias',
        {{ effective_at }}
    from {{ calls }}
    where type = 'alias'
{%- endmacro %}

{# One row per edge and unbroken time in which it is the id's latest of its kind: when it was first
   seen, and again after another took its place (two people in turn on one device). Half a pair and an
   id with itself are none. #}
{% macro first_identity_edges(pairs) -%}
    select
        source,
        account_label,
        file_id,
        row_number,
        from_kind,
        from_key,
        to_kind,
        to_key,
        edge_type,
        effective_at
    from {{ pairs }}
    where from_key is not null
        and to_key is not null
        and (from_kind, from_key) <> (to_kind, to_key)
    qualify lag(to_key) over (
        partition by source, account_label, from_kind, from_key, to_kind, edge_type
        order by effective_at nulls last, file_id, row_number
    ) is distinct from to_key
{%- endmacro %}
