{{ config(tags=['command']) }}
-- grain: one row per channel, account, month, model, tier, processing, geography and meter whose cost
-- differs between the two versions that `trueup rates diff` compares; empty otherwise
with repriced as (select * from {{ ref('int_repriced_lines') }} where pricing_pass in ('from', 'to')),

compared as (

    select
        cast(date_trunc('month', usage_date) as date) as month,
        channel,
        account,
        model_served,
        model_key,
        service_tier,
        processing,
        geo,
        meter,
        cast(sum(quantity) filter (where pricing_pass = 'to') as decimal(38, 6)) as quantity,
        cast(sum(repriced_cost_usd) filter (where pricing_pass = 'from') as decimal(38, 18)) as from_cost_usd,
        cast(sum(repriced_cost_usd) filter (where pricing_pass = 'to') as decimal(38, 18)) as to_cost_usd
    from repriced
    group by all

)

select
    *,
    cast(coalesce(to_cost_usd, 0) - coalesce(from_cost_usd, 0) as decimal(38, 18)) as difference_usd
from compared
where from_cost_usd is distinct from to_cost_usd
