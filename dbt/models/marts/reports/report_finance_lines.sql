-- grain: one row per channel, account, month, model, meter and processing: computed against billed
-- In cents, the rows of a month add up to its computed cost and its bill.
with lines as (

    select
        channel,
        account,
        month,
        model_key,
        meter,
        processing,
        sum(computed_quantity) as computed_quantity,
        -- one line without a quantity and the sum is not known
        case when count(billed_quantity) = count(*) then sum(billed_quantity) end as billed_quantity,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(billed_usd) as billed_usd,
        sum(residual_usd) as difference_usd,
        bool_or(is_lower_bound) as is_lower_bound,
        concat_ws('|', channel, account, month) as part_of,
        md5(to_json([model_key, meter, processing])) as part_key
    from {{ ref('reconciliation_lines') }}
    group by channel, account, month, model_key, meter, processing

),

billed_months as (

    select channel, account, month
    from {{ ref('reconciliation_months') }}
    where billed_usd is not null

),

computed_units as (select part_of, part_key, {{ units_of('computed_cost_usd') }} as units from lines),

billed_units as (select part_of, part_key, {{ units_of('coalesce(billed_usd, 0)') }} as units from lines),

{{ whole_cents('computed_units', 'computed') }},

{{ whole_cents('billed_units', 'billed') }}

select
    lines.channel,
    lines.account,
    lines.month,
    lines.model_key,
    lines.meter,
    lines.processing,
    cast(lines.computed_quantity as decimal(38, 6)) as computed_quantity,
    cast(if(billed_months.month is null, null, lines.billed_quantity) as decimal(38, 6)) as billed_quantity,
    cast(lines.computed_cost_usd as decimal(38, 18)) as computed_cost_usd,
    cast(if(billed_months.month is null, null, lines.billed_usd) as decimal(38, 18)) as billed_usd,
    cast(lines.difference_usd as decimal(38, 18)) as difference_usd,
    {{ cents_as_money('computed_cents.cents') }} as computed_cents_usd,
    if(billed_months.month is null, null, {{ cents_as_money('billed_cents.cents') }}) as billed_cents_usd,
    {{ cents_as_money('billed_cents.cents - computed_cents.cents') }} as difference_cents_usd,
    lines.is_lower_bound
from lines
inner join computed_cents on lines.part_of = computed_cents.part_of and lines.part_key = computed_cents.part_key
inner join billed_cents on lines.part_of = billed_cents.part_of and lines.part_key = billed_cents.part_key
left join billed_months
    on lines.channel = billed_months.channel
    and lines.account = billed_months.account
    and lines.month = billed_months.month
