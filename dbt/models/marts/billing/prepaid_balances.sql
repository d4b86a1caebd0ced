-- grain: one row per channel, account, currency and month from the first prepaid line to the last
-- The opening balance of the first month is 0: prepaid bought before the first document is not known,
-- and a closing balance below 0 says so.
with lines as (

    select *
    from {{ ref('int_billed_lines') }}
    where charge_kind in ('purchase', 'drawdown', 'expiry') and is_bill_of_record
    -- an invoice and a cost export may both show the purchase of a month: the invoice counts
    qualify document_type = 'invoice' or not bool_or(document_type = 'invoice') over (
        partition by channel, account, billing_month, charge_kind
    )

),

moved as (

    select
        channel,
        account,
        billed_currency as currency,
        billing_month as month,
        coalesce(sum(billed_amount) filter (charge_kind = 'purchase'), {{ zero_money() }}) as purchased_amount,
        coalesce(-sum(billed_amount) filter (charge_kind = 'drawdown'), {{ zero_money() }}) as drawn_amount,
        coalesce(sum(billed_amount) filter (charge_kind = 'expiry'), {{ zero_money() }}) as expired_amount
    from lines
    group by channel, account, currency, month

),

spans as (

    select
        channel,
        account,
        currency,
        cast(unnest(generate_series(
            cast(min(month) as timestamp), cast(max(month) as timestamp), interval 1 month
        )) as date) as month
    from moved
    group by channel, account, currency

),

monthly as (

    select
        spans.*,
        coalesce(moved.purchased_amount, {{ zero_money() }}) as purchased_amount,
        coalesce(moved.drawn_amount, {{ zero_money() }}) as drawn_amount,
        coalesce(moved.expired_amount, {{ zero_money() }}) as expired_amount
    from spans
    left join moved
        on spans.channel = moved.channel
        and spans.account = moved.account
        and spans.currency = moved.currency
        and spans.month = moved.month

),

closed as (

    select
        *,
        sum(purchased_amount - drawn_amount - expired_amount) over (
            partition by channel, account, currency order by month
        ) as closing_amount
    from monthly

)

select
    channel,
    account,
    currency,
    month,
    cast(closing_amount - purchased_amount + drawn_amount + expired_amount as decimal(38, 18)) as opening_amount,
    purchased_amount,
    drawn_amount,
    expired_amount,
    cast(closing_amount as decimal(38, 18)) as closing_amount,
    closing_amount < 0 as is_overdrawn
from closed
