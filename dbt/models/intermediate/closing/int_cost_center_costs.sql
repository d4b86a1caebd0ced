{{ config(materialized='table') }}
-- grain: one row per channel, account, month, cost center and basis (is_accrued: days no bill covers)
-- A team bears its cost where no row of cost_centers.csv names another; what no team claims is
-- unattributed. The row that names both wins over a feature's, a feature's over a team's.
with costs as (

    select
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        coalesce(team, 'unattributed') as team,
        coalesce(feature, 'unattributed') as feature,
        is_accrued,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('int_cost_rows') }}
    group by all

),

centers as (select * from {{ ref('stg_reference__cost_centers') }}),

borne as (

    select
        costs.*,
        coalesce(centers.cost_center, costs.team) as cost_center,
        centers.expense_account
    from costs
    left join centers
        on (centers.team is null or costs.team = centers.team)
        and (centers.feature is null or costs.feature = centers.feature)
        and costs.month >= centers.valid_from
        and costs.month < centers.valid_to
    qualify row_number() over (
        partition by costs.channel, costs.account, costs.month, costs.team, costs.feature, costs.is_accrued
        order by centers.feature is null, centers.team is null, centers.row_number
    ) = 1

)

select
    channel,
    account,
    month,
    cost_center,
    is_accrued,
    min(expense_account) as expense_account,
    cast(sum(computed_cost_usd) as decimal(38, 18)) as computed_cost_usd,
    cast(sum(trued_up_cost_usd) as decimal(38, 18)) as trued_up_cost_usd
from borne
group by channel, account, month, cost_center, is_accrued
