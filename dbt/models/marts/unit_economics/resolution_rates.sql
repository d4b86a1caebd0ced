-- grain: one row per calendar month of resolution and resolution kind
-- Each resolution of a ticket is a trial once it is old enough: reopened within the maturity days, or not.
-- A resolution that was reopened early is no trial before the others of its age are, or the share of
-- a young month would be too high.
with resolutions as (select * from {{ ref('int_ticket_resolutions') }} where resolution_state <> 'void'),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

counted as (

    select
        {{ period_start("'month'", 'resolutions.resolved_date') }} as month,
        resolutions.resolution_kind,
        count(*) as resolutions,
        count(*) filter (where resolutions.matures_at <= as_of.as_of_at) as matured_resolutions,
        count(*) filter (
            where resolutions.matures_at <= as_of.as_of_at and resolutions.resolution_state = 'reversed'
        ) as reopened_resolutions
    from resolutions
    cross join as_of
    group by all

)

select
    *,
    {{ ratio('reopened_resolutions', 'matured_resolutions') }} as reopened_ratio,
    {{ ratio_lower('reopened_resolutions', 'matured_resolutions') }} as lower_reopened_ratio,
    {{ ratio_upper('reopened_resolutions', 'matured_resolutions') }} as upper_reopened_ratio,
    matured_resolutions < resolutions as is_provisional
from counted
