-- grain: one row per team, feature (either may be any) and period that a cost center bears; validity is half-open
with centers as (select * from {{ source('raw_reference', 'reference_cost_centers') }})

select
    _row_number as row_number,
    nullif(team, '*') as team,
    nullif(feature, '*') as feature,
    cost_center,
    expense_account,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from centers
