{{ config(materialized='table') }}
-- grain: one row per ledger row and pool of true-up lines that it takes a share of
-- Largest remainder: the shares of a pool add up to its lines.
with pools as (

    select
        pool_no,
        channel,
        account,
        pool_first_day as first_day,
        pool_last_day as last_day,
        pool_model_key as model_key,
        pool_processing as processing,
        pool_meter as meter,
        cast(sum(amount_usd) as decimal(38, 18)) as amount
    from {{ ref('int_true_up_lines') }}
    where pool_no is not null
    group by
        pool_no, channel, account, pool_first_day, pool_last_day, pool_model_key, pool_processing, pool_meter
    having sum(amount_usd) <> 0

),

calls as (select * from {{ ref('fct_llm_calls') }} where cost_usd > 0),

pool_days as (

    select * exclude (first_day, last_day),
        unnest(generate_series(cast(first_day as timestamp), cast(last_day as timestamp), interval 1 day))::date
            as usage_date
    from pools

),

receivers as (

    select
        pool_days.pool_no as part_of,
        calls.usage_row_id as part_key,
        pool_days.amount,
        case
            when pool_days.meter is null then cast(cast(calls.cost_usd * 1000000000 as decimal(38, 0)) as hugeint)
            else cast({{ meter_quantity('calls', 'pool_days.meter') }} as hugeint)
        end as weight
    from pool_days
    inner join calls
        on pool_days.channel = calls.channel
        and pool_days.account = calls.account
        and pool_days.usage_date = calls.usage_date
        and pool_days.model_key = calls.model_key
        and (pool_days.processing is null or pool_days.processing = calls.processing)

    union all

    select
        pool_days.pool_no as part_of,
        calls.usage_row_id as part_key,
        pool_days.amount,
        cast(cast(calls.cost_usd * 1000000000 as decimal(38, 0)) as hugeint) as weight
    from pool_days
    inner join calls
        on pool_days.channel = calls.channel
        and pool_days.account = calls.account
        and pool_days.usage_date = calls.usage_date
    where pool_days.model_key is null

),

weighted as (select * from receivers where weight > 0),

{{ largest_remainder('weighted', 'pool') }}

select part_of as pool_no, part_key as usage_row_id, part as share_usd from pool_parts
