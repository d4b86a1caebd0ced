-- grain: one row per channel, account, model as served, processing, tier, geography and reason
-- Cost of these rows is unknown, so every figure that holds one is a lower bound. at_risk_usd says
-- how much that may be: the tokens at the channel's mean priced cost per token; an order of
-- magnitude to sort by, and never part of a cost.
with calls as (

    select
        *,
        {%- for meter in priced_meters() if meter.endswith('_tokens') %}
        coalesce({{ meter }}, 0){{ ' +' if not loop.last }}
        {%- endfor %} as all_tokens
    from {{ ref('fct_llm_calls') }}

),

channel_prices as (

    select
        channel,
        {{ exact_div('sum(cost_usd)', 'cast(sum(all_tokens) as hugeint)') }} as mean_price_usd
    from calls
    where unpriced_reason is null and all_tokens > 0
    group by channel

),

-- a charge of a period has no call, and no tokens
period_lines as (

    select *, cast(0 as bigint) as requests, cast(0 as bigint) as all_tokens
    from {{ ref('fct_charge_lines') }}
    where charge_origin = 'period'

),

{% set columns -%}
    channel, account, model_served, model_key, processing, service_tier, geo, unpriced_reason, usage_date, requests,
    all_tokens
{%- endset %}
unpriced as (

    select
        channel,
        account,
        model_served,
        model_key,
        processing,
        service_tier,
        geo,
        unpriced_reason,
        count(*) as usage_rows,
        cast(sum(coalesce(requests, 0)) as bigint) as requests,
        cast(sum(all_tokens) as bigint) as total_tokens,
        min(usage_date) as first_date,
        max(usage_date) as last_date
    from (select {{ columns }} from calls union all select {{ columns }} from period_lines) as ledger_rows
    where unpriced_reason is not null
    group by all

)

select
    unpriced.*,
    {{ as_money('cast(nullif(unpriced.total_tokens, 0) as decimal(20, 0)) * channel_prices.mean_price_usd') }} as at_risk_usd,
    case unpriced.unpriced_reason
        when 'unknown_model'
            then 'Find the model with `trueup rates show`, then add a line to reference/model_aliases.csv: '
            || unpriced.channel || ',' || unpriced.account || ',' || unpriced.model_served || ',<model_key>,,,,'
        when 'unmapped_deployment'
            then 'Say what the deployment runs in reference/model_aliases.csv: azure,' || unpriced.account || ','
            || unpriced.model_served || ',<model_key>,<global or data_zone_us>,,,'
        when 'unmapped_inference_profile'
            then 'Say what the profile runs in reference/model_aliases.csv: aws,' || unpriced.account || ','
            || unpriced.model_served || ',<model_key>,,,,'
        when 'no_published_rate'
            then 'The card has no price for ' || coalesce(unpriced.model_key, '?') || ' (' || unpriced.processing || ', '
            || unpriced.service_tier || ', ' || unpriced.geo || '): add a dated fact, or your contract price in '
            || 'reference/contracts.csv'
        when 'contract_rate_required'
            then 'This tier is sold by contract only: add its price to reference/contracts.csv: <contract>,'
            || unpriced.account || ',,' || unpriced.channel || ',' || coalesce(unpriced.model_key, '?') || ',<meter>,'
            || unpriced.processing || ',' || unpriced.service_tier || ',,fixed_price,<price>,1000000,USD,,,,'
        when 'capacity_billed'
            then 'Billed by capacity and hour: state the capacity in reference/contract_charges.csv.'
        when 'variant_without_reported_cost'
            then 'Log usage.cost of the answer: the price of this variant depends on where it was routed.'
        when 'model_missing' then 'Map the model column of this log in reference/mappings.'
        when 'usage_missing' then 'Log the usage object of the answer; streams must ask for it.'
        else 'Check the token counts of the log: a part is larger than its whole.'
    end as suggestion
from unpriced
left join channel_prices on unpriced.channel = channel_prices.channel
