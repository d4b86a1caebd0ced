-- grain: one row per channel, account, month, cost center and basis, in cents that add up to the month's accrual
with accruals as (select * from {{ ref('accruals') }}),

parts as (

    select
        concat_ws('|', channel, account, month) as part_of,
        to_json([cost_center, basis]) as part_key,
        {{ units_of('accrued_usd') }} as units
    from accruals

),

{{ whole_cents('parts', 'line') }}

select
    accruals.*,
    {{ cents_as_money('line_cents.cents') }} as accrued_cents_usd,
    {{ cents_as_money('-line_cents.cents') }} as reversed_cents_usd
from accruals
inner join line_cents
    on concat_ws('|', accruals.channel, accruals.account, accruals.month) = line_cents.part_of
    and to_json([accruals.cost_center, accruals.basis]) = line_cents.part_key
