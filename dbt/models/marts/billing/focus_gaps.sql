-- grain: one row per FOCUS file and rule of FOCUS that it does not keep, by column
with gaps as (select * from {{ ref('stg_focus__file_gaps') }}),

files as (select * from {{ ref('stg_control__loaded_files') }})

select
    files.document_path,
    gaps.focus_version,
    gaps.column_name,
    gaps.rule,
    gaps.gap_rows,
    gaps.file_rows,
    case
        when gaps.rule = 'missing_column' then gaps.column_name || ' is not in the file, though FOCUS '
            || gaps.focus_version || ' asks for it'
        when gaps.rule = 'stray_column' then gaps.column_name || ' is no FOCUS column; own columns begin with x_'
        when gaps.rule = 'literal_null' then gaps.column_name || ' holds the word NULL in place of no value'
        when gaps.rule = 'empty' then gaps.column_name || ' has no value'
        when gaps.rule = 'not_allowed_value' then gaps.column_name || ' holds a value that FOCUS does not know'
        when gaps.rule = 'zero_is_no_price'
            then gaps.column_name || ' is 0 on a charge that costs something: not used as a price'
        when starts_with(gaps.rule, 'time_format') then gaps.column_name || ' is not written as 2026-09-01T00:00:00Z: '
            || substr(gaps.rule, 14)
    end as what
from gaps
inner join files
    on gaps.source = files.source
    and gaps.file_id = files.file_id
    and gaps.account_label = files.account_label
