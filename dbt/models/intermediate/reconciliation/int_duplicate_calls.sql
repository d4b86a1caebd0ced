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

    select channel, account, usage_date, sum(billed_usd + rounding_allowance_usd) as billed_usd
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
            select channel, account, billing_month, sum(billed_usd + rounding_allowance_usd) as billed_usd
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

numbered as (

    select
        *,
        row_number() over (
            partition by content_hash, source, requested_at order by usage_row_id
        ) as copy_no,
        min(source) over (partition by content_hash) as first_source
    from calls

),

-- each call of one source with the nearest one of the other, once
near as (

    select again.usage_row_id
    from numbered as again
    inner join numbered as original
        on again.content_hash = original.content_hash
        and again.copy_no = 1
        and original.copy_no = 1
        and again.source <> again.first_source
        and original.source = original.first_source
        and again.requested_at between original.requested_at - interval 2 seconds
            and original.requested_at + interval 2 seconds
    qualify row_number() over (
        partition by again.usage_row_id
        order by abs(epoch_us(again.requested_at) - epoch_us(original.requested_at)), original.usage_row_id
    ) = 1
        and row_number() over (
            partition by original.usage_row_id, again.source
            order by abs(epoch_us(again.requested_at) - epoch_us(original.requested_at)), again.usage_row_id
        ) = 1

)

select usage_row_id from numbered where copy_no > 1
union all
select usage_row_id from near
