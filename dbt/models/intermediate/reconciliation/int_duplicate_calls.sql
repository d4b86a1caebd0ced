{{ config(materialized='table') }}
-- grain: one row per logged call that repeats another one, on days whose log holds more than the provider
-- says: same account, model and counts of every meter, at the same instant, or within two seconds of a
-- call that another source logged
with comparisons as (select * from {{ ref('int_usage_comparisons') }}),

comparison_days as (select * from {{ ref('int_comparison_days') }}),

computed_days as (

    select channel, account, usage_date, sum(cost_usd) as cost_usd
    from {{ ref('int_computed_lines') }}
    group by channel, account, usage_date

),

billed_days as (

    select channel, account, usage_date, sum(billed_usd) as billed_usd
    from {{ ref('int_billed_lines') }}
    where is_bill_of_record and document_type = 'cost_report' and charge_kind = 'usage'
    group by channel, account, usage_date

),

suspect_days as (

    select channel, account, usage_date from comparisons where gap_quantity < 0
    union
    select computed_days.channel, computed_days.account, computed_days.usage_date
    from computed_days
    inner join comparison_days
        on computed_days.channel = comparison_days.channel
        and computed_days.account = comparison_days.account
        and computed_days.usage_date = comparison_days.usage_date
        and comparison_days.has_bill
        and not comparison_days.has_control
    left join billed_days
        on computed_days.channel = billed_days.channel
        and computed_days.account = billed_days.account
        and computed_days.usage_date = billed_days.usage_date
    where computed_days.cost_usd > coalesce(billed_days.billed_usd, 0)
    union
    -- an account that only an invoice bills is suspect in the months where its log costs more
    select computed_days.channel, computed_days.account, computed_days.usage_date
    from computed_days
    inner join (
        select computed.channel, computed.account, computed.month
        from (
            select channel, account, date_trunc('month', usage_date) as month, sum(cost_usd) as cost_usd
            from computed_days
            group by all
        ) as computed
        inner join (
            select channel, account, billing_month, sum(billed_usd) as billed_usd
            from {{ ref('int_billed_lines') }}
            where document_type = 'invoice' and charge_kind = 'usage'
            group by all
        ) as invoiced
            on computed.channel = invoiced.channel
            and computed.account = invoiced.account
            and computed.month = invoiced.billing_month
            and computed.cost_usd > invoiced.billed_usd
    ) as dear_months
        on computed_days.channel = dear_months.channel
        and computed_days.account = dear_months.account
        and date_trunc('month', computed_days.usage_date) = dear_months.month

),

calls as (

    select
        calls.usage_row_id,
        calls.source,
        calls.requested_at,
        hash(
            calls.channel, calls.account, calls.usage_date, calls.model_served, calls.processing, calls.service_tier,
            {%- for meter in priced_meters() %}
            calls.{{ meter }},
            {%- endfor %}
            calls.other_meters
        ) as content_hash
    from {{ ref('fct_llm_calls') }} as calls
    semi join suspect_days
        on calls.channel = suspect_days.channel
        and calls.account = suspect_days.account
        and calls.usage_date = suspect_days.usage_date
    where calls.grain = 'call'

),

neighbours as (

    select
        *,
        lag(usage_row_id) over same_content as original_usage_row_id,
        lag(requested_at) over same_content as earlier_at,
        lag(source) over same_content as earlier_source
    from calls
    window same_content as (partition by content_hash order by requested_at, usage_row_id)

)

select usage_row_id, original_usage_row_id
from neighbours
where requested_at = earlier_at
    or (source <> earlier_source and requested_at <= earlier_at + interval 2 seconds)
