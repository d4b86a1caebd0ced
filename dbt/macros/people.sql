{# Who is who: ids, people, and how few of them may be shown. #}

{# Most ids that may be merged into one person. A wrong merge record (a shared account, a default
   value) reaches further than any real person does: past this the ids stay apart and are listed. #}
{% macro largest_person_ids() -%}
    {{ env_var('TRUEUP_LARGEST_PERSON_IDS', '50') | int }}
{%- endmacro %}

{# Fewest people of a group that a view per user shows. #}
{% macro minimum_group_size() -%}
    {{ env_var('TRUEUP_MINIMUM_GROUP_SIZE', '5') | int }}
{%- endmacro %}

{# Where an id means something. A user id is the company's own and means the same in every tool; a
   device id or a tool's own person id belongs to the tool (amplitude_events and amplitude_merged_ids
   are one) and the landing folder. #}
{% macro id_scope(id_kind, source, account_label) -%}
    if({{ id_kind }} = 'user', '', split_part({{ source }}, '_', 1) || '/' || {{ account_label }})
{%- endmacro %}

{# The person that an id is by itself: a user id names its person, another id gets a name of its own. #}
{% macro own_person(id_kind, id_scope, id_key) -%}
    if({{ id_kind }} = 'user', {{ id_key }}, md5(concat_ws('|', {{ id_kind }}, {{ id_scope }}, {{ id_key }})))
{%- endmacro %}

{# The person of rows with a user_key, after `left join int_user_persons as user_persons` on it: NULL
   for a blocked id, else the merged person, else the id itself. #}
{% macro person_of(rows) -%}
    if(user_persons.user_key is null, {{ rows }}.user_key, user_persons.person_key)
{%- endmacro %}

{# The columns of a mart of active users, its unit costs NULL for anonymous people: what they cost stands
   in `unattributed`, so it is not known, and not zero. #}
{% macro unit_costs_of_the_known() -%}
    * replace (
        {%- for basis in ['computed', 'trued_up'] %}
        if(user_class = 'anonymous_user', null, {{ basis }}_direct_unit_cost_usd) as {{ basis }}_direct_unit_cost_usd,
        if(user_class = 'anonymous_user' and {{ basis }}_loaded_cost_usd = 0, null, {{ basis }}_loaded_unit_cost_usd)
            as {{ basis }}_loaded_unit_cost_usd{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
