{{ config(materialized='table') }}
-- grain: one row per charge of the FOCUS export
-- A row is usage where quantity and both unit prices are proved: it costs its quantity at the
-- contracted price, and what the bill asks beside that is a row of its own. A billed line that
-- proves none of them is an adjustment that claims no quantity and no price. Days that no bill
-- covers are expected at the contracted price, without an invoice.
with bills as (

    select
        bills.*,
        bills.charge_kind = 'usage' and bills.billed_currency = 'USD' and bills.model_key is not null
        and meters.meter is not null as is_priceable
    from {{ ref('int_focus_bills') }} as bills
    left join {{ ref('focus_meters') }} as meters on bills.meter = meters.meter

),

prices as (select * from {{ ref('int_focus_prices') }}),

-- a line that states its quantity stands alone; others are compared with what was counted, together
compared as (

    select
        if(quantity is null, null, billed_line_id) as billed_line_id,
        channel,
        account,
        invoice_id,
        billing_status,
        billing_month,
        billed_currency,
        period_start,
        period_end,
        model_key,
        meter,
        processing,
        quantity,
        if(count(distinct coalesce(sub_account, '')) = 1, min(sub_account), null) as sub_account,
        if(count(distinct coalesce(api_key_id, '')) = 1, min(api_key_id), null) as api_key_id,
        min(document_path) as document_path,
        count(*) as billed_lines,
        sum(billed_amount) as billed_amount,
        sum(rounding_allowance_usd) as rounding_allowance_usd
    from bills
    where is_priceable
    group by
        if(quantity is null, null, billed_line_id), channel, account, invoice_id, billing_status, billing_month,
        billed_currency, period_start, period_end, model_key, meter, processing, quantity

),

numbered as (

    select
        *,
        row_number() over (
            order by
                channel, account, invoice_id, period_start, period_end, model_key, meter, processing, billed_line_id,
                billing_status, billing_month
        ) as comparison_no
    from compared

),

-- a line of one day meets the prices of that day; only a longer one looks through its days
met as (

    select numbered.comparison_no, prices.* exclude (channel, account, usage_date, model_key, meter)
    from numbered
    inner join prices
        on numbered.channel = prices.channel
        and numbered.account = prices.account
        and numbered.model_key = prices.model_key
        and numbered.meter = prices.meter
        and numbered.period_start = prices.usage_date
    where numbered.period_start = numbered.period_end
        and (numbered.processing is null or numbered.processing = prices.processing)

    union all

    select numbered.comparison_no, prices.* exclude (channel, account, usage_date, model_key, meter)
    from numbered
    inner join prices
        on numbered.channel = prices.channel
        and numbered.account = prices.account
        and numbered.model_key = prices.model_key
        and numbered.meter = prices.meter
        and prices.usage_date between numbered.period_start and numbered.period_end
    where numbered.period_start < numbered.period_end
        and (numbered.processing is null or numbered.processing = prices.processing)

),

candidates as (

    select
        numbered.comparison_no,
        numbered.quantity as stated_quantity,
        numbered.billed_amount,
        numbered.rounding_allowance_usd,
        met.priced_per,
        met.list_unit_price_usd,
        met.unit_price_usd,
        min(met.rate_id) as rate_id,
        min(met.contract_id) as contract_id,
        bool_and(met.is_provider_count) as is_provider_count,
        if(count(distinct met.processing) = 1, min(met.processing), 'mixed') as processing,
        cast(sum(met.quantity) as decimal(38, 6)) as counted_quantity
    from met
    inner join numbered on met.comparison_no = numbered.comparison_no
    group by all

),

weighed as (

    select
        *,
        {{ meter_cost('counted_quantity', 'unit_price_usd', 'priced_per') }} as counted_usd,
        case
            when stated_quantity is not null
                then {{ meter_cost('stated_quantity', 'unit_price_usd', 'priced_per') }}
        end as stated_usd
    from candidates

),

judged as (

    select
        *,
        count(*) over same_comparison as prices,
        coalesce(abs(stated_usd - billed_amount) <= rounding_allowance_usd, false) as is_match,
        count(*) filter (where abs(stated_usd - billed_amount) <= rounding_allowance_usd) over same_comparison
            as matches,
        abs(sum(counted_usd) over same_comparison - billed_amount) <= rounding_allowance_usd
        and (stated_quantity is null or sum(counted_quantity) over same_comparison = stated_quantity)
            as is_counted_in_full
    from weighed
    window same_comparison as (partition by comparison_no)

),

-- proved by the amount, by the one price there is, or by all that was counted
proved as (

    select
        *,
        if(matches = 1 or (stated_quantity is not null and prices = 1), stated_quantity, counted_quantity)
            as quantity,
        case
            when matches = 1 then is_match
            when stated_quantity is not null and prices = 1 then true
            when is_counted_in_full then true
            else stated_quantity is null and prices = 1 and is_provider_count
        end as is_proved
    from judged

),

priced_rows as (

    select
        numbered.* exclude (quantity, processing, rounding_allowance_usd),
        proved.processing,
        cast(proved.quantity as decimal(38, 6)) as quantity,
        proved.priced_per,
        proved.list_unit_price_usd,
        proved.unit_price_usd,
        proved.rate_id,
        proved.contract_id,
        {{ meter_cost('proved.quantity', 'proved.list_unit_price_usd', 'proved.priced_per') }} as list_cost_usd,
        {{ meter_cost('proved.quantity', 'proved.unit_price_usd', 'proved.priced_per') }} as contracted_cost_usd
    from proved
    inner join numbered on proved.comparison_no = numbered.comparison_no
    where proved.is_proved

),

differences as (

    select
        numbered.*,
        numbered.billed_amount - coalesce(priced.contracted_cost_usd, 0) as difference_amount,
        case
            when priced.comparison_no is null then 'unproved_usage'
            when abs(numbered.billed_amount - priced.contracted_cost_usd) <= numbered.rounding_allowance_usd
                then 'rounding'
            else 'price_difference'
        end as row_kind
    from numbered
    left join (
        select comparison_no, sum(contracted_cost_usd) as contracted_cost_usd
        from priced_rows
        group by comparison_no
    ) as priced
        on numbered.comparison_no = priced.comparison_no

),

covered_days as (

    select channel, account, usage_date from {{ ref('int_bill_days') }}
    union
    select channel, account, unnest(generate_series(period_start, period_end, interval 1 day))::date as usage_date
    from bills
    where charge_kind not in ('tax', 'credit', 'purchase', 'drawdown', 'expiry')

),

expected as (

    select
        ledger.channel,
        ledger.account,
        ledger.usage_date,
        coalesce(ledger.model_key, ledger.model_served) as model_key,
        ledger.meter,
        ledger.processing,
        ledger.charge_description,
        ledger.rate_id,
        ledger.contract_id,
        ledger.priced_per,
        ledger.list_unit_price_usd,
        ledger.unit_price_usd,
        ledger.list_unit_price_usd is not null and any_value(meters.meter) is not null as is_priced,
        cast(sum(ledger.quantity) as decimal(38, 6)) as quantity,
        sum(ledger.list_cost_usd) as list_cost_usd,
        sum(ledger.cost_usd) as cost_usd
    from {{ ref('fct_charge_lines') }} as ledger
    left join {{ ref('focus_meters') }} as meters on ledger.meter = meters.meter
    anti join covered_days
        on ledger.channel = covered_days.channel
        and ledger.account = covered_days.account
        and ledger.usage_date = covered_days.usage_date
    where ledger.cost_usd is not null
    group by
        ledger.channel, ledger.account, ledger.usage_date, coalesce(ledger.model_key, ledger.model_served),
        ledger.meter, ledger.processing, ledger.charge_description, ledger.rate_id, ledger.contract_id,
        ledger.priced_per, ledger.list_unit_price_usd, ledger.unit_price_usd

),

charges as (

    select
        'usage' as row_kind,
        'usage' as charge_kind,
        * exclude (comparison_no, billed_amount, billed_line_id),
        billed_line_id,
        contracted_cost_usd as billed_cost
    from priced_rows

    union all by name

    select
        row_kind,
        'usage' as charge_kind,
        * exclude (
            row_kind, comparison_no, billed_amount, quantity, rounding_allowance_usd, difference_amount,
            billed_line_id
        ),
        billed_line_id,
        difference_amount as billed_cost
    from differences
    where row_kind <> 'rounding' and (difference_amount <> 0 or row_kind = 'unproved_usage')

    union all by name

    -- rounding of single rows is one row per invoice, or per month while there is no invoice
    select
        'rounding' as row_kind,
        'usage' as charge_kind,
        channel,
        account,
        invoice_id,
        billing_status,
        billing_month,
        billed_currency,
        billing_month as period_start,
        last_day(billing_month) as period_end,
        sum(billed_lines) as billed_lines,
        sum(difference_amount) as billed_cost
    from differences
    where row_kind = 'rounding'
    group by channel, account, invoice_id, billing_status, billing_month, billed_currency
    having sum(difference_amount) <> 0

    union all by name

    select
        if(charge_kind = 'usage', 'unproved_usage', charge_kind) as row_kind,
        charge_kind,
        channel,
        account,
        sub_account,
        api_key_id,
        invoice_id,
        billing_status,
        billing_month,
        billed_currency,
        period_start,
        period_end,
        model_key,
        meter,
        description,
        billed_line_id,
        document_path,
        1 as billed_lines,
        billed_amount as billed_cost
    from bills
    where not is_priceable

    union all by name

    select
        if(is_priced, 'usage', 'unproved_usage') as row_kind,
        'usage' as charge_kind,
        channel,
        account,
        'expected' as billing_status,
        cast(date_trunc('month', usage_date) as date) as billing_month,
        'USD' as billed_currency,
        usage_date as period_start,
        usage_date as period_end,
        model_key,
        meter,
        processing,
        charge_description as description,
        0 as billed_lines,
        contract_id,
        if(is_priced, priced_per, null) as priced_per,
        if(is_priced, list_unit_price_usd, null) as list_unit_price_usd,
        if(is_priced, unit_price_usd, null) as unit_price_usd,
        rate_id,
        if(is_priced, quantity, null) as quantity,
        if(is_priced, list_cost_usd, null) as list_cost_usd,
        if(is_priced, cost_usd, null) as contracted_cost_usd,
        cost_usd as billed_cost
    from expected

)

select
    md5(concat_ws(
        '|', row_kind, channel, account, coalesce(invoice_id, ''), billing_status, billing_month, billed_currency,
        period_start, period_end, coalesce(model_key, ''), coalesce(meter, ''), coalesce(processing, ''),
        coalesce(sub_account, ''), coalesce(api_key_id, ''), coalesce(billed_line_id, ''), coalesce(rate_id, ''),
        coalesce(contract_id, ''), coalesce(cast(unit_price_usd as varchar), ''), coalesce(description, '')
    )) as charge_id,
    row_kind,
    charge_kind,
    case
        when row_kind = 'usage' then 'Usage'
        when row_kind = 'tax' then 'Tax'
        when row_kind = 'credit' then 'Credit'
        when row_kind = 'purchase' then 'Purchase'
        else 'Adjustment'
    end as charge_category,
    channel,
    account,
    sub_account,
    api_key_id,
    invoice_id,
    billing_status,
    billing_month,
    billed_currency,
    period_start,
    period_end,
    model_key,
    meter,
    processing,
    description,
    billed_line_id,
    document_path,
    cast(billed_lines as bigint) as billed_lines,
    rate_id,
    contract_id,
    priced_per,
    quantity,
    list_unit_price_usd,
    unit_price_usd,
    cast(list_cost_usd as decimal(38, 18)) as list_cost_usd,
    cast(contracted_cost_usd as decimal(38, 18)) as contracted_cost_usd,
    cast(billed_cost as decimal(38, 18)) as billed_cost
from charges
