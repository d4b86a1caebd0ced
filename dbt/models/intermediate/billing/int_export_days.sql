-- grain: one row per channel, account, source and day that a cost export covers
-- From the first day of a billing period to the last day with any charge, whatever its service: a day
-- without a language model's charge is a day on which none was billed.
with lines as (select * from {{ ref('int_export_lines') }}),

periods as (

    select
        channel,
        account,
        source,
        billing_period,
        max(usage_date) as last_day
    from lines
    group by channel, account, source, billing_period
    -- an account that never bought a language model is none of ours
    qualify bool_or(bool_or(is_in_scope)) over (partition by channel, account, source)

)

select distinct
    channel,
    account,
    source,
    cast(unnest(generate_series(
        cast(billing_period as timestamp), cast(last_day as timestamp), interval 1 day
    )) as date) as usage_date
from periods
where last_day >= billing_period
