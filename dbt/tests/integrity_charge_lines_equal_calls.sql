{{ config(meta={'dagster': {'ref': {'name': 'fct_charge_lines'}}}) }}
-- A returned row is a channel, account and day whose charge lines do not sum to its calls, to the
-- last digit: cost was lost or made between the calls and the ledger.
with calls as (

    select channel, account, usage_date, sum(cost_usd) as cost_usd
    from {{ ref('fct_llm_calls') }}
    group by channel, account, usage_date

),

lines as (

    select channel, account, usage_date, sum(cost_usd) as cost_usd
    from {{ ref('fct_charge_lines') }}
    where charge_origin <> 'period'
    group by channel, account, usage_date

)

select *
from calls
full outer join lines using (channel, account, usage_date)
where coalesce(calls.cost_usd, 0) <> coalesce(lines.cost_usd, 0)
