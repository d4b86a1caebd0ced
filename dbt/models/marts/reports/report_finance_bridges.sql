-- grain: one row per channel, account, month and step from computed cost to what is payable
-- As payable_bridges, in cents that add up: the computed cost and the steps under it give the bill, and where
-- the invoices hold something else the step to_payable leads there.
with bridges as (select * from {{ ref('payable_bridges') }}),

months as (

    select channel, account, month, bool_or(is_lower_bound) as is_lower_bound
    from {{ ref('reconciliation_months') }}
    group by channel, account, month

),

totals as (

    select
        channel,
        account,
        month,
        max(amount_usd) filter (step = 'computed') as computed_usd,
        coalesce(max(amount_usd) filter (step = 'billed'), {{ zero_money() }}) as billed_usd,
        max(amount_usd) filter (step = 'payable') as payable_usd
    from bridges
    where is_total
    group by channel, account, month

),

parts as (

    select
        bridges.channel,
        bridges.account,
        bridges.month,
        bridges.step_no,
        concat_ws('|', bridges.channel, bridges.account, bridges.month) as part_of,
        lpad(cast(bridges.step_no as varchar), 6, '0') as part_key,
        {{ units_of('bridges.amount_usd') }} as units,
        {{ cents_of('totals.billed_usd') }} - {{ cents_of('totals.computed_usd') }} as target_cents
    from bridges
    inner join totals
        on bridges.channel = totals.channel
        and bridges.account = totals.account
        and bridges.month = totals.month
    where not bridges.is_total

),

{{ cents_to_target('parts', 'step') }},

steps as (

    select
        bridges.channel,
        bridges.account,
        bridges.month,
        bridges.step_no * 2 as sort_order,
        bridges.step,
        bridges.is_total,
        bridges.amount_usd,
        coalesce(step_cents.cents, {{ cents_of('bridges.amount_usd') }}) as cents,
        bridges.meaning
    from bridges
    left join step_cents
        on bridges.channel = step_cents.channel
        and bridges.account = step_cents.account
        and bridges.month = step_cents.month
        and bridges.step_no = step_cents.step_no

    union all by name

    select
        totals.channel,
        totals.account,
        totals.month,
        bridges.step_no * 2 - 1 as sort_order,
        'to_payable' as step,
        false as is_total,
        totals.payable_usd - totals.billed_usd as amount_usd,
        {{ cents_of('totals.payable_usd') }} - {{ cents_of('totals.billed_usd') }} as cents,
        'What the invoices hold beyond the bill that was compared.' as meaning
    from totals
    inner join bridges
        on totals.channel = bridges.channel
        and totals.account = bridges.account
        and totals.month = bridges.month
        and bridges.step = 'payable'
    where totals.payable_usd <> totals.billed_usd

)

select
    steps.channel,
    steps.account,
    steps.month,
    cast(
        row_number() over (partition by steps.channel, steps.account, steps.month order by steps.sort_order) as bigint
    ) as step_no,
    steps.step,
    steps.is_total,
    cast(steps.amount_usd as decimal(38, 18)) as amount_usd,
    {{ cents_as_money('steps.cents') }} as amount_cents_usd,
    steps.step = 'computed' and coalesce(months.is_lower_bound, false) as is_lower_bound,
    steps.meaning
from steps
left join months
    on steps.channel = months.channel
    and steps.account = months.account
    and steps.month = months.month
