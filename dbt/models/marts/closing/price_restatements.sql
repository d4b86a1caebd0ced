-- grain: one row per closed month, channel, account, model, tier, processing, geography, meter and
-- rate-card version that prices it differently: booked as correction rows, or only proposed
with steps as (select * from {{ ref('int_restatement_steps') }})

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
    if(pricing_pass = 'restated', 'booked', 'proposed') as restatement_status,
    from_version,
    to_version,
    cast(sum(quantity) as decimal(38, 6)) as quantity,
    cast(sum(from_cost_usd) as decimal(38, 18)) as from_cost_usd,
    cast(sum(to_cost_usd) as decimal(38, 18)) as to_cost_usd,
    cast(sum(to_cost_usd) - sum(from_cost_usd) as decimal(38, 18)) as difference_usd
from steps
group by all
