create table models as
select channel, model_key, input_price, output_price
from (
    select
        channel, model_key,
        max(cast(unit_price as decimal(28, 18))) filter (where meter = 'input_uncached_tokens') as input_price,
        max(cast(unit_price as decimal(28, 18))) filter (where meter = 'output_tokens') as output_price,
        row_number() over (partition by channel order by model_key) as model_no
    from read_csv('{card}', all_varchar = true)
    where coalesce(removed_in, '') = '' and processing = 'realtime' and service_tier = 'standard'
        and geo = 'global' and schedule = 'always' and ctx_min_tokens = '0' and ctx_max_tokens is null
        and valid_from <= '2026-01-01' and valid_to is null
        and meter in ('input_uncached_tokens', 'output_tokens') and channel in ('openai', 'azure', 'google')
    group by channel, model_key
    having count(distinct meter) = 2
)
where model_no <= {models};
create table calls as
select
    channel || '-' || model_key || '-' || day || '-' || turn as call_id,
    timestamp '2026-01-01' + to_days(cast(day as integer)) + to_seconds(cast(hash(model_key, day, turn) % 86400 as bigint))
        as requested_at,
    channel,
    'key_' || turn % 2 as api_key_id,
    model_key as model,
    cast(1000 + hash(day, turn, model_key) % 90000 as bigint) as input_tokens,
    cast(500 + hash(turn, day, model_key) % 30000 as bigint) as output_tokens,
    input_price,
    output_price,
    day
from models
cross join (select unnest(range(date_diff('day', date '2026-01-01', date '2026-01-01' + interval {months} month))) as day)
cross join (select unnest(range(4)) as turn);
copy (
    select call_id, strftime(requested_at, '%Y-%m-%dT%H:%M:%SZ') as requested_at, channel, api_key_id, model, input_tokens, output_tokens
    from calls
) to '{landing}/call_log_of_bench/calls.jsonl' (format json);
create table lines as
select * exclude (cost), if(hash(model, day, item, api_key_id) % 100 = 0, cost * 1.1, cost) as amount
from (
    select
        channel, day, model, api_key_id, item, cast(sum(tokens) as bigint) as tokens,
        cast(sum(cast(tokens as decimal(18, 0)) * cast(price as decimal(18, 15))) as decimal(34, 15)) as cost
    from (
        select channel, day, model, api_key_id, 'input' as item, input_tokens as tokens, input_price as price from calls
        union all
        select channel, day, model, api_key_id, 'output' as item, output_tokens as tokens, output_price as price from calls
    )
    group by all
);
copy (
    select
        cast(epoch(timestamp '2026-01-01' + to_days(cast(day as integer))) as bigint) as start_time,
        cast(epoch(timestamp '2026-01-01' + to_days(cast(day as integer) + 1)) as bigint) as end_time,
        'proj' as project_id, count(*) as num_model_requests, api_key_id, model, 'FALSE' as batch, 'default' as service_tier,
        sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, 0 as input_cached_tokens,
        sum(input_tokens) as input_uncached_tokens
    from calls where channel = 'openai'
    group by all order by start_time
) to '{landing}/openai_usage/usage.csv' (header);
copy (
    select
        cast(epoch(timestamp '2026-01-01' + to_days(cast(day as integer))) as bigint) as start_time,
        cast(epoch(timestamp '2026-01-01' + to_days(cast(day as integer) + 1)) as bigint) as end_time,
        amount as amount_value, 'usd' as amount_currency, tokens as quantity, 'tokens' as quantity_unit,
        model || ', ' || item as line_item, 'proj' as project_id, api_key_id
    from lines where channel = 'openai' order by start_time
) to '{landing}/openai_costs/costs.csv' (header);
copy (
    select
        if(channel = 'azure', 'Microsoft', 'Google Cloud') as ProviderName, ProviderName as InvoiceIssuerName,
        ProviderName as PublisherName, 'ba-' || channel as BillingAccountId, 'USD' as BillingCurrency, 'Usage' as ChargeCategory,
        strftime(date_trunc('month', date '2026-01-01' + cast(day as integer)), '%Y-%m-%dT00:00:00Z') as BillingPeriodStart,
        strftime(date_trunc('month', date '2026-01-01' + cast(day as integer)) + interval 1 month, '%Y-%m-%dT00:00:00Z') as BillingPeriodEnd,
        strftime(date '2026-01-01' + cast(day as integer), '%Y-%m-%dT00:00:00Z') as ChargePeriodStart,
        strftime(date '2026-01-01' + cast(day as integer) + 1, '%Y-%m-%dT00:00:00Z') as ChargePeriodEnd,
        amount as BilledCost, tokens as ConsumedQuantity, 'Tokens' as ConsumedUnit, item || ' tokens' as ChargeDescription,
        'AI and Machine Learning' as ServiceCategory, 'Generative AI' as ServiceSubcategory, channel || ' models' as ServiceName,
        model as x_ModelId, api_key_id as x_ApiKeyId, upper(item[1]) || item[2:] || ' Tokens' as SkuMeter
    from lines where channel <> 'openai' order by ChargePeriodStart
) to '{landing}/focus_costs/bills.csv' (header);
