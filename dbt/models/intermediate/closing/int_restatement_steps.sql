{{ config(materialized='table') }}
-- grain: one row per step (each restatement in order, then what is proposed), day, channel, account,
-- model, tier, processing, geography and meter whose cost the step changes
-- A step goes on from the one before. Where its card has no price, the cost that stood before stays:
-- what a card does not know is no reason to take a cost away.
with repriced as (select * from {{ ref('int_repriced_lines') }} where pricing_pass in ('restated', 'proposed')),

stood as (

    select
        * exclude (repriced_cost_usd, repriced_list_cost_usd),
        coalesce(last_value(repriced_cost_usd ignore nulls) over steps, booked_cost_usd) as standing_cost_usd,
        coalesce(last_value(repriced_list_cost_usd ignore nulls) over steps, booked_list_cost_usd)
            as standing_list_cost_usd
    from repriced
    window steps as (
        partition by
            usage_date, channel, account, model_served, model_key, service_tier, processing, geo, meter
        order by pass_number
        rows between unbounded preceding and current row
    )

),

stepped as (

    select
        * exclude (standing_cost_usd, standing_list_cost_usd),
        lag(repriced_version, 1, booked_version) over steps as from_version,
        repriced_version as to_version,
        coalesce(lag(standing_cost_usd, 1, booked_cost_usd) over steps, 0) as from_cost_usd,
        coalesce(standing_cost_usd, 0) as to_cost_usd,
        coalesce(lag(standing_list_cost_usd, 1, booked_list_cost_usd) over steps, 0) as from_list_cost_usd,
        coalesce(standing_list_cost_usd, 0) as to_list_cost_usd
    from stood
    window steps as (
        partition by
            usage_date, channel, account, model_served, model_key, service_tier, processing, geo, meter
        order by pass_number
    )

)

select *
from stepped
where from_cost_usd <> to_cost_usd or from_list_cost_usd <> to_list_cost_usd
