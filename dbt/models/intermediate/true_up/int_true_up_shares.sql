{{ config(materialized='table') }}
-- grain: one row per ledger row and proved true-up line that concerns it
-- Largest remainder in units of 10^-12 USD, weighted by computed cost in units of 10^-9: the shares
-- of a line add up to the line. |amount| <= 10^4 USD and cost <= 10^9 USD keep the product < 10^38.
with lines as (select * from {{ ref('int_true_up_lines') }} where is_proved and model_key is not null),

calls as (

    select usage_row_id, channel, account, usage_date, model_key, cost_usd
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

weighted as (

    select
        line_days.true_up_line_id,
        calls.usage_row_id,
        line_days.amount_usd,
        replace(cast(cast(abs(line_days.amount_usd) as decimal(38, 18)) as varchar), '.', '')::hugeint as atto_units,
        cast(cast(calls.cost_usd * 1000000000 as decimal(38, 0)) as hugeint) as weight
    from line_days
    inner join calls
        on line_days.channel = calls.channel
        and line_days.account = calls.account
        and line_days.model_key = calls.model_key
        and line_days.concerned_date = calls.usage_date

),

based as (

    select
        *,
        sum(weight) over (partition by true_up_line_id) as total_weight,
        (atto_units // 1000000) * weight as product
    from weighted

),

floored as (

    select
        *,
        product // total_weight as base_units,
        row_number() over (
            partition by true_up_line_id order by product % total_weight desc, usage_row_id
        ) as remainder_rank
    from based
    where total_weight > 0

),

shared as (

    select
        *,
        atto_units // 1000000 - sum(base_units) over (partition by true_up_line_id) as left_over_units
    from floored

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
