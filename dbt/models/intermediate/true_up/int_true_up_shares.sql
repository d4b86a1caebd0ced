{{ config(materialized='table') }}
-- grain: one row per ledger row and proved true-up line that concerns it
-- Largest remainder in units of 10^-12 USD, weighted by computed cost in units of 10^-9: the shares
-- of a line add up to the line. |amount| <= 10^4 USD and cost <= 10^9 USD keep the product < 10^38.
-- The total weight of a line comes from sums by day, so that the rows are sorted once and only once.
with lines as (

    select
        *,
        replace(cast(cast(abs(amount_usd) as decimal(38, 18)) as varchar), '.', '')::hugeint as atto_units
    from {{ ref('int_true_up_lines') }}
    where is_proved and model_key is not null

),

calls as not materialized (

    select
        usage_row_id,
        channel,
        account,
        usage_date,
        model_key,
        cast(cast(cost_usd * 1000000000 as decimal(38, 0)) as hugeint) as weight
    from {{ ref('fct_llm_calls') }}
    where cost_usd > 0

),

line_days as (

    select
        lines.*,
        unnest(
            generate_series(
                cast(coalesce(usage_date, billing_month) as timestamp),
                cast(coalesce(usage_date, last_day(billing_month)) as timestamp),
                interval 1 day
            )
        )::date as concerned_date
    from lines

),

day_weights as (

    select channel, account, model_key, usage_date, sum(weight) as weight
    from calls
    group by channel, account, model_key, usage_date

),

line_weights as (

    select line_days.true_up_line_id, sum(day_weights.weight) as total_weight
    from line_days
    inner join day_weights
        on line_days.channel = day_weights.channel
        and line_days.account = day_weights.account
        and line_days.model_key = day_weights.model_key
        and line_days.concerned_date = day_weights.usage_date
    group by line_days.true_up_line_id

),

weighted_days as (

    select line_days.*, line_weights.total_weight
    from line_days
    inner join line_weights on line_days.true_up_line_id = line_weights.true_up_line_id
    where line_weights.total_weight > 0

),

based as (

    select
        weighted_days.true_up_line_id,
        weighted_days.amount_usd,
        weighted_days.atto_units,
        calls.usage_row_id,
        (weighted_days.atto_units // 1000000) * calls.weight // weighted_days.total_weight as base_units,
        (weighted_days.atto_units // 1000000) * calls.weight % weighted_days.total_weight as remainder
    from weighted_days
    inner join calls
        on weighted_days.channel = calls.channel
        and weighted_days.account = calls.account
        and weighted_days.model_key = calls.model_key
        and weighted_days.concerned_date = calls.usage_date

),

shared as (

    select
        *,
        row_number() over line_rows as remainder_rank,
        atto_units // 1000000 - sum(base_units) over (
            line_rows rows between unbounded preceding and unbounded following
        ) as left_over_units
    from based
    window line_rows as (partition by true_up_line_id order by remainder desc, usage_row_id)

)

select
    true_up_line_id,
    usage_row_id,
    cast(
        cast(sign(amount_usd) as decimal(1, 0)) * (
            cast(cast(base_units + if(remainder_rank <= left_over_units, 1, 0) as decimal(26, 0)) * 0.000000000001
                as decimal(38, 18))
            -- what is finer than a unit goes to the first row
            + if(remainder_rank = 1, cast(cast(atto_units % 1000000 as decimal(20, 0)) * 0.000000000000000001
                as decimal(38, 18)), {{ zero_money() }})
        ) as decimal(38, 18)
    ) as share_usd
from shared
