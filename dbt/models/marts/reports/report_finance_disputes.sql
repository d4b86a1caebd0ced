-- grain: one row per line to hold against the provider, in cents that add up to what is claimed in a month
with disputes as (select * from {{ ref('dispute_lines') }}),

parts as (

    select
        concat_ws('|', channel, account, month) as part_of,
        lpad(cast(dispute_no as varchar), 12, '0') as part_key,
        {{ units_of('disputed_usd') }} as units
    from disputes

),

{{ whole_cents('parts', 'line') }}

select
    disputes.*,
    {{ cents_as_money('line_cents.cents') }} as disputed_cents_usd,
    {{ cents_as_money('sum(line_cents.cents) over (partition by line_cents.part_of)') }} as claim_cents_usd
from disputes
inner join line_cents
    on concat_ws('|', disputes.channel, disputes.account, disputes.month) = line_cents.part_of
    and lpad(cast(disputes.dispute_no as varchar), 12, '0') = line_cents.part_key
