-- grain: one row per channel, account, model as served, processing, tier, geography and reason
-- Cost of these rows is unknown, so every figure that holds one is a lower bound.
with calls as (select * from {{ ref('fct_llm_calls') }} where unpriced_reason is not null)

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
    cast(sum(
        {%- for meter in priced_meters() if meter.endswith('_tokens') %}
        coalesce({{ meter }}, 0){{ ' +' if not loop.last }}
        {%- endfor %}
    ) as bigint) as total_tokens,
    min(usage_date) as first_date,
    max(usage_date) as last_date,
    case unpriced_reason
        when 'unknown_model'
            then 'Add a line to dbt/seeds/model_aliases.csv: ' || channel || ',' || model_served || ',<model_key>'
        when 'no_published_rate'
            then 'Add a line to dbt/seeds/rate_card.csv for ' || coalesce(model_key, '?') || ' (' || processing
            || ', ' || service_tier || ', ' || geo || ')'
        when 'model_missing' then 'Map the model column of this log in reference/mappings.'
        when 'usage_missing' then 'Log the usage object of the answer; streams must ask for it.'
        else 'Check the token counts of the log: a part is larger than its whole.'
    end as suggestion
from calls
group by all
