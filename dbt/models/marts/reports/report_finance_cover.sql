-- grain: one row per channel, account and month: does the bill agree, and who has signed
with bridges as (select * from {{ ref('report_finance_bridges') }}),

months as (select * from {{ ref('reconciliation_months') }}),

states as (select * from {{ ref('close_states') }}),

matches as (

    select
        channel,
        account,
        month,
        count(*) filter (match_state in ('unreconciled', 'suggested')) as undecided_lines,
        count(*) filter (match_state in ('confirmed', 'written_off', 'deferred')) as decided_lines
    from {{ ref('residual_matches') }} as residuals
    -- nobody has to decide on rounding, nor on tax and credits
    inner join {{ ref('residual_codes') }} as codes
        on residuals.residual_code = codes.residual_code and codes.family <> 'match' and codes.is_usage
    group by channel, account, month

),

shown as (

    select
        channel,
        account,
        month,
        max(amount_cents_usd) filter (step = 'computed') as computed_cents_usd,
        max(amount_cents_usd) filter (step = 'billed') as billed_cents_usd,
        max(amount_cents_usd) filter (step = 'payable') as payable_cents_usd
    from bridges
    where is_total
    group by channel, account, month

),

measured as (

    select
        months.*,
        shown.computed_cents_usd,
        shown.billed_cents_usd,
        shown.payable_cents_usd,
        coalesce(shown.billed_cents_usd, {{ zero_money() }}) - shown.computed_cents_usd as difference_cents_usd,
        {{ cents_as_money(cents_of('coalesce(months.unexplained_usd, 0)')) }} as unexplained_cents_usd
    from months
    inner join shown
        on months.channel = shown.channel
        and months.account = shown.account
        and months.month = shown.month

)

select
    measured.channel,
    measured.account,
    measured.month,
    measured.status,
    coalesce(states.state, 'open') as state,
    measured.computed_cents_usd,
    measured.billed_cents_usd,
    cast(measured.difference_cents_usd as decimal(38, 18)) as difference_cents_usd,
    cast(measured.difference_cents_usd - measured.unexplained_cents_usd as decimal(38, 18)) as explained_cents_usd,
    measured.unexplained_cents_usd,
    measured.payable_cents_usd,
    measured.breached_codes,
    coalesce(matches.undecided_lines, 0) as undecided_lines,
    coalesce(matches.decided_lines, 0) as decided_lines,
    states.reviewed_by,
    states.reviewed_at,
    states.closed_by,
    states.closed_at,
    states.rate_card_version,
    states.evidence_hash,
    states.current_evidence_hash,
    states.is_evidence_unchanged,
    states.changed_evidence,
    states.note,
    measured.is_lower_bound
from measured
left join states
    on measured.channel = states.channel
    and measured.account = states.account
    and measured.month = states.month
left join matches
    on measured.channel = matches.channel
    and measured.account = matches.account
    and measured.month = matches.month
