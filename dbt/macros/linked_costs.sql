{# Which cost belongs to which outcome: a unit's keys in their order, then the person's next outcome
   within a window. #}

{# A key that names more subjects than this links nothing: a constant in the session field would else
   smear every call over every outcome. #}
{% macro largest_split() -%}
    100
{%- endmacro %}

{# The keys of a unit, the most telling first: its own id, then task, ticket, trace, session. #}
{% macro link_key_order(unit) -%}
    {{ return({
        'successful_task': ['task_id', 'ticket_id', 'trace_id', 'session_id'],
        'resolved_ticket': ['ticket_id', 'task_id', 'trace_id', 'session_id'],
        'conversion': ['task_id', 'ticket_id', 'trace_id', 'session_id'],
    }[unit]) }}
{%- endmacro %}

{# The i-th of n even parts of an amount, in whole units of 10^-18: the parts sum to the amount. #}
{% macro even_part(amount, part_no, parts) -%}
    case
        when {{ parts }} = 1 then {{ amount }}
        else cast(
            cast(
                sign({{ amount }})::hugeint * (
                    abs(replace(cast({{ amount }} as varchar), '.', '')::hugeint) // {{ parts }}
                    + if({{ part_no }} <= abs(replace(cast({{ amount }} as varchar), '.', '')::hugeint) % {{ parts }}, 1, 0)
                ) as decimal(38, 0)
            ) * 0.000000000000000001 as decimal(38, 18)
        )
    end
{%- endmacro %}

{# Every cost row with the subjects of one unit that it served: one row per cost row and subject, and one
   row with NULL subject_id where nothing links it. Amounts are exact parts; weights sum to one per cost
   row; requests stand on the first part. #}
{% macro linked_costs(unit) -%}
with cost_rows as (select * from {{ ref('int_cost_rows') }}),

keys as (select * from {{ ref('int_link_keys') }} where unit = '{{ unit }}'),

in_window as (select * from {{ ref('int_window_links') }} where unit = '{{ unit }}'),

-- the first key that names a subject decides
matched as (

    select
        cost_rows.*,
        coalesce(
            {%- for key in link_key_order(unit) %}
            if(by_{{ key }}.key_value is not null, '{{ key }}', null),
            {%- endfor %}
            if(in_window.cost_row_id is not null, 'user_window', null)
        ) as link_method,
        coalesce(
            {%- for key in link_key_order(unit) %}
            by_{{ key }}.subjects,
            {%- endfor %}
            1
        ) as split_count,
        coalesce(
            {%- for key in link_key_order(unit) %}
            by_{{ key }}.subject_id,
            {%- endfor %}
            in_window.subject_id
        ) as first_subject_id
    from cost_rows
    {%- for key in link_key_order(unit) %}
    left join keys as by_{{ key }}
        on by_{{ key }}.key_type = '{{ key }}'
        and by_{{ key }}.split_no = 1
        and cost_rows.{{ key }} = by_{{ key }}.key_value
    {%- endfor %}
    left join in_window on cost_rows.cost_row_id = in_window.cost_row_id

),

split as (

    select
        matched.* exclude (first_subject_id),
        coalesce(parts.subject_id, matched.first_subject_id) as subject_id,
        coalesce(parts.split_no, 1) as split_no
    from matched
    left join keys as parts
        on matched.split_count > 1
        and parts.subjects > 1
        and matched.link_method = parts.key_type
        and case matched.link_method
            {%- for key in link_key_order(unit) %}
            when '{{ key }}' then matched.{{ key }}
            {%- endfor %}
        end = parts.key_value

)

select
    split.* exclude (requests, unpriced_requests, computed_cost_usd, trued_up_cost_usd),
    if(split_no = 1, requests, 0) as requests,
    if(split_no = 1, unpriced_requests, 0) as unpriced_requests,
    {{ even_part('cast(1 as decimal(38, 18))', 'split_no', 'split_count') }} as weight,
    {{ even_part('computed_cost_usd', 'split_no', 'split_count') }} as computed_cost_usd,
    {{ even_part('trued_up_cost_usd', 'split_no', 'split_count') }} as trued_up_cost_usd
from split
{%- endmacro %}
