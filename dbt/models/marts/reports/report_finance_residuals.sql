-- grain: one row per line of the reconciliation with an amount: what it is, what to do, what was decided
-- In cents, the lines of a cause add up to its step of the bridge.
with lines as (select * from {{ ref('reconciliation_lines') }} where residual_usd <> 0),

matches as (select * from {{ ref('residual_matches') }}),

steps as (select * from {{ ref('report_finance_bridges') }} where not is_total),

parts as (

    select
        lines.reconciliation_line_id as part_key,
        concat_ws('|', lines.channel, lines.account, lines.month, lines.residual_code) as part_of,
        {{ units_of('lines.residual_usd') }} as units,
        {{ cents_of('steps.amount_cents_usd') }} as target_cents
    from lines
    inner join steps
        on lines.channel = steps.channel
        and lines.account = steps.account
        and lines.month = steps.month
        and lines.residual_code = steps.step

),

{{ cents_to_target('parts', 'line') }}

select
    lines.channel,
    lines.account,
    lines.month,
    lines.residual_code,
    lines.usage_date,
    lines.model_key,
    lines.meter,
    lines.processing,
    lines.residual_usd,
    {{ cents_as_money('line_cents.cents') }} as residual_cents_usd,
    matches.match_state,
    coalesce(matches.is_over_tolerance, false) as is_over_tolerance,
    lines.finding,
    lines.action,
    matches.decided_by,
    matches.decided_at,
    matches.deferred_until,
    matches.note,
    matches.waits_because,
    lines.reconciliation_line_id
from lines
inner join line_cents on lines.reconciliation_line_id = line_cents.part_key
left join matches on lines.reconciliation_line_id = matches.reconciliation_line_id
