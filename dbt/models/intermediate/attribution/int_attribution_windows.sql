-- grain: one row per unit and, where the user names one, feature
-- Without a row of the user's, 24 hours: conversions by calls of any feature, since a sale may follow
-- from all of them; tasks and tickets only by calls of their own feature, since a call of another one
-- rarely served them. A row of the user's names the feature itself, so it needs no agreement.
with windows as (select * from {{ ref('stg_reference__attribution_windows') }}),

defaults as (select unnest(['successful_task', 'resolved_ticket', 'conversion']) as unit)

select unit, nullif(feature, '*') as feature, window_hours, false as is_same_feature
from windows

union all

select unit, null as feature, cast(24 as decimal(9, 3)) as window_hours, unit <> 'conversion' as is_same_feature
from defaults
where unit not in (select unit from windows where feature = '*')
