{{ config(materialized='table') }}
-- grain: one row per ledger row and proved true-up line that concerns it
-- Largest remainder in units of 10^-12 USD, weighted by computed cost in units of 10^-9: the shares
-- of a line add up to the line. |amount| <= 10^4 USD and cost <= 10^9 USD keep the product < 10^38.
with lines as (

    select
        *,
        row_number() over (order by true_up_line_id) as line_no,
        replace(cast(cast(abs(amount_usd) as decimal(38, 18)) as varchar), '.', '')::hugeint as atto_units
    from {{ ref('int_true_up_lines') }}
    where is_proved and model_key is not null

),

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

-- one row per ledger row and line from here on, so a short number stands for the line
weighted as (

    select
        line_days.line_no,
        line_days.atto_units,
        calls.usage_row_id,
        cast(cast(calls.cost_usd * 1000000000 as decimal(38, 0)) as hugeint) as weight
    from line_days
    inner join calls
        on line_days.channel = calls.channel
        and line_days.account = calls.account
        and line_days.model_key = calls.model_key
        and line_days.concerned_date = calls.usage_date

),

based as (select *, sum(weight) over (partition by line_no) as total_weight from weighted),

floored as (

    select
        line_no,
        atto_units,
        usage_row_id,
        (atto_units // 1000000) * weight // total_weight as base_units,
        (atto_units // 1000000) * weight % total_weight as remainder
    from based
    where total_weight > 0

),

ranked as (

    select
        *,
        row_number() over line_rows as remainder_rank,
        atto_units // 1000000 - sum(base_units) over (
            line_rows rows between unbounded preceding and unbounded following
        ) as left_over_units
    from floored
    window line_rows as (partition by line_no order by remainder desc, usage_row_id)

),

shared as (

    select ranked.*, lines.true_up_line_id, lines.amount_usd
    from ranked
    inner join lines on ranked.line_no = lines.line_no

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
