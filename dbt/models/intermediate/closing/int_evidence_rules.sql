-- grain: one row per row of a reference table that decides what a month costs or how it is compared,
-- with its content as a text; channel and account are NULL where it is for all
{% set tables = [
    ('contracts', 'stg_reference__contracts', 'term_number', 'valid_from_at', 'valid_to_at'),
    ('contracts', 'stg_reference__contract_charges', 'charge_number', 'valid_from', 'valid_to'),
    ('mapping', 'stg_reference__model_aliases', none, 'valid_from', 'valid_to'),
    ('mapping', 'stg_reference__feature_map', 'row_number', 'valid_from', 'valid_to'),
    ('mapping', 'stg_reference__source_precedence', 'row_number', 'valid_from', 'valid_to'),
    ('mapping', 'stg_reference__accounts', none, "date '1970-01-01'", "date '9999-12-31'"),
    ('tolerances', 'stg_reference__tolerances', none, "date '1970-01-01'", "date '9999-12-31'"),
] -%}
{% for kind, model, row_number, valid_from, valid_to in tables -%}
select
    '{{ kind }}' as evidence_kind,
    channel,
    account,
    cast({{ valid_from }} as date) as valid_from,
    cast({{ valid_to }} as date) as valid_to,
    -- texts, so that no digit is lost, and without empty cells: a column that comes later changes nothing
    '{{ model | replace('stg_reference__', '') }} ' || cast(json_merge_patch('{}', to_json(rule_row)) as varchar)
        as item
from (select columns(*)::varchar from (select * {% if row_number %}exclude ({{ row_number }}) {% endif %}from {{ ref(model) }})) as rule_row
{{ 'union all by name' if not loop.last }}
{% endfor %}
