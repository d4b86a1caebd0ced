-- grain: one row per unit, matched column and value: the first rule of the file decides
select unit, match_type, match_value, rule_name
from {{ ref('stg_reference__scope_rules') }}
qualify row_number() over (partition by unit, match_type, match_value order by rule_no) = 1
