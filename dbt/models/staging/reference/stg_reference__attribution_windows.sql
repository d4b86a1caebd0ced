-- grain: one row per unit and feature whose calls may lead to an outcome of that unit within the window
with windows as (select * from {{ source('raw_reference', 'reference_attribution_windows') }})

select unit, feature, cast(window_hours as decimal(9, 3)) as window_hours
from windows
