-- grain: one row per corrected line of a closed month and restatement: the difference that its rate
-- card makes, dated with the decision, on the day it concerns
with steps as (select * from {{ ref('int_restatement_steps') }} where pricing_pass = 'restated'),

restatements as (select * from {{ ref('int_restatements') }})

select
    steps.usage_date,
    steps.channel,
    steps.account,
    steps.provider,
    steps.model_served,
    steps.model_key,
    steps.service_tier,
    steps.processing,
    steps.geo,
    'period' as charge_origin,
    'correction' as charge_class,
    'restatement ' || restatements.restatement_number || ': from rate card ' || steps.from_version || ' to '
        || steps.to_version as charge_description,
    steps.to_version as rate_card_version,
    steps.meter,
    cast(0 as decimal(38, 6)) as quantity,
    cast(steps.to_list_cost_usd - steps.from_list_cost_usd as decimal(38, 18)) as list_cost_usd,
    cast(steps.to_cost_usd - steps.from_cost_usd as decimal(38, 18)) as cost_usd,
    cast(restatements.restated_at as date) as restated_on
from steps
inner join restatements
    on steps.channel = restatements.channel
    and steps.account = restatements.account
    and cast(date_trunc('month', steps.usage_date) as date) = restatements.month
    and steps.pass_number = restatements.restatement_number
