-- grain: one row per month that was closed, figure, and change of it after the close, in order
-- Recorded at the close + every change = the figure now, to the last digit. A cause is named where one
-- kind of evidence alone changed; else the change is `unexplained` and the finding says what changed.
with records as (select * from {{ ref('int_close_records') }}),

-- every close that recorded its figures, those that were opened again too
closes as (

    select channel, account, month, opening_no, decided_at as closed_at, figures
    from {{ ref('int_month_decisions') }}
    where decision = 'close' and decision_no = 1 and figures is not null

),

evidence as (select * from {{ ref('close_evidence') }}),

items as (select * from {{ ref('int_evidence_items') }}),

figures_now as (select * from {{ ref('close_figures') }}),

recorded as (

    select
        channel,
        account,
        month,
        opening_no,
        figure.measure as measure,
        cast(figure.amount_usd as decimal(38, 18)) as amount_usd
    from (
        select
            channel,
            account,
            month,
            opening_no,
            unnest(from_json(figures, '[{"measure": "VARCHAR", "amount_usd": "VARCHAR"}]')) as figure
        from closes
    )

),

-- a month that was opened again and closed again: from what the one close recorded to what the next did
successive as (

    select
        *,
        lag(opening_no) over (partition by channel, account, month order by opening_no) as earlier_no
    from closes

),

again as (

    select
        successive.channel,
        successive.account,
        successive.month,
        successive.opening_no,
        successive.closed_at,
        pairs.measure,
        pairs.before_usd,
        pairs.after_usd
    from successive
    cross join lateral (
        select
            measure,
            max(amount_usd) filter (where opening_no = successive.earlier_no) as before_usd,
            max(amount_usd) filter (where opening_no = successive.opening_no) as after_usd
        from recorded
        where recorded.channel = successive.channel
            and recorded.account = successive.account
            and recorded.month = successive.month
        group by measure
    ) as pairs
    where successive.earlier_no is not null

),

evidence_then as (

    select
        channel,
        account,
        month,
        kind.evidence_kind as evidence_kind,
        kind.kind_hash as kind_hash,
        kind.last_arrival_no as last_arrival_no
    from (
        select
            channel,
            account,
            month,
            unnest(from_json(
                evidence,
                '[{"evidence_kind": "VARCHAR", "kind_hash": "VARCHAR", "last_arrival_no": "BIGINT"}]'
            )) as kind
        from records
    )

),

-- what is not as the close found it; a landed file dates its change
changed as (

    select
        kinds.channel,
        kinds.account,
        kinds.month,
        kinds.evidence_kind,
        (
            select max(items.arrived_at)
            from items
            where items.channel = kinds.channel
                and items.account = kinds.account
                and items.month = kinds.month
                and items.evidence_kind = kinds.evidence_kind
                and items.arrival_no > coalesce(evidence_then.last_arrival_no, 0)
        ) as changed_at
    from (
        select channel, account, month, evidence_kind from evidence_then
        union
        select evidence.channel, evidence.account, evidence.month, evidence.evidence_kind
        from evidence
        semi join records
            on evidence.channel = records.channel
            and evidence.account = records.account
            and evidence.month = records.month
    ) as kinds
    left join evidence_then
        on kinds.channel = evidence_then.channel
        and kinds.account = evidence_then.account
        and kinds.month = evidence_then.month
        and kinds.evidence_kind = evidence_then.evidence_kind
    left join evidence
        on kinds.channel = evidence.channel
        and kinds.account = evidence.account
        and kinds.month = evidence.month
        and kinds.evidence_kind = evidence.evidence_kind
    where evidence_then.kind_hash is distinct from evidence.kind_hash

),

-- booked restatements are rows of the ledger with a date and an amount of their own
corrections as (

    select
        channel,
        account,
        cast(date_trunc('month', usage_date) as date) as month,
        restated_on,
        sum(cost_usd) as amount_usd
    from {{ ref('fct_charge_lines') }}
    where charge_class = 'correction'
    group by all

),

-- which changes can move which figures
causes as (

    select channel, account, month, evidence_kind as changed_kind, changed_at from changed
    where evidence_kind <> 'tolerances'
    union all
    select channel, account, month, 'rate_card' as changed_kind, cast(max(restated_on) as timestamp) as changed_at
    from corrections
    semi join records using (channel, account, month)
    group by channel, account, month

),

compared as (

    select
        records.channel,
        records.account,
        records.month,
        records.closed_at,
        measures.measure,
        before.amount_usd as before_usd,
        figures_now.amount_usd as after_usd
    from records
    inner join (
        select channel, account, month, measure from figures_now
        union
        select channel, account, month, measure from recorded
    ) as measures
        on records.channel = measures.channel
        and records.account = measures.account
        and records.month = measures.month
    left join recorded as before
        on records.channel = before.channel
        and records.account = before.account
        and records.month = before.month
        and records.opening_no = before.opening_no
        and measures.measure = before.measure
    left join figures_now
        on measures.channel = figures_now.channel
        and measures.account = figures_now.account
        and measures.month = figures_now.month
        and measures.measure = figures_now.measure

),

known as (

    select
        compared.channel,
        compared.account,
        compared.month,
        compared.measure,
        'rate_card' as cause,
        cast(corrections.restated_on as timestamp) as restated_at,
        corrections.amount_usd as change_usd,
        'correction rows that a restatement booked' as finding
    from compared
    inner join corrections
        on compared.channel = corrections.channel
        and compared.account = corrections.account
        and compared.month = corrections.month
    where compared.measure = 'computed'

),

-- closed before any bill had come
unbilled as (

    select records.channel, records.account, records.month
    from records
    anti join (select * from recorded where measure = 'billed') as billed
        on records.channel = billed.channel
        and records.account = billed.account
        and records.month = billed.month
        and records.opening_no = billed.opening_no

),

rests as (

    select
        compared.channel,
        compared.account,
        compared.month,
        compared.measure,
        coalesce(compared.after_usd, 0) - coalesce(compared.before_usd, 0) - coalesce((
            select sum(known.change_usd)
            from known
            where known.channel = compared.channel
                and known.account = compared.account
                and known.month = compared.month
                and known.measure = compared.measure
        ), 0) as change_usd,
        unbilled.month is not null as was_unbilled
    from compared
    left join unbilled
        on compared.channel = unbilled.channel
        and compared.account = unbilled.account
        and compared.month = unbilled.month

),

explained as (

    select
        rests.channel,
        rests.account,
        rests.month,
        rests.measure,
        rests.change_usd,
        rests.was_unbilled,
        list(causes.changed_kind order by causes.changed_kind) filter (where causes.changed_kind is not null)
            as changed_kinds,
        max(causes.changed_at) as changed_at
    from rests
    left join causes
        on rests.channel = causes.channel
        and rests.account = causes.account
        and rests.month = causes.month
        and case
            when rests.measure = 'computed' then causes.changed_kind in ('usage_files', 'contracts', 'mapping')
            when rests.measure in ('billed', 'payable') then causes.changed_kind in ('bill_files', 'mapping', 'currency')
            else true
        end
    where rests.change_usd <> 0
    group by all

),

lines as (

    select
        channel, account, month, measure, 0 as part_no, opening_no, 'decision' as cause, closed_at as restated_at,
        coalesce(after_usd, 0) - coalesce(before_usd, 0) as change_usd,
        'opened again, and closed with another figure' as finding
    from again
    where after_usd is distinct from before_usd

    union all by name

    select
        known.channel, known.account, known.month, known.measure, 1 as part_no, records.opening_no, known.cause,
        known.restated_at, known.change_usd, known.finding
    from known
    inner join records
        on known.channel = records.channel and known.account = records.account and known.month = records.month
    where known.change_usd <> 0

    union all by name

    select
        explained.channel, explained.account, explained.month, explained.measure, 2 as part_no, records.opening_no,
        case
            when len(explained.changed_kinds) is distinct from 1 then 'unexplained'
            when explained.changed_kinds[1] = 'usage_files' then 'late_usage'
            when explained.changed_kinds[1] = 'bill_files' and explained.was_unbilled then 'late_bill'
            when explained.changed_kinds[1] = 'bill_files' then 'restated_bill'
            when explained.changed_kinds[1] = 'contracts' then 'contract'
            else explained.changed_kinds[1]
        end as cause,
        explained.changed_at as restated_at,
        explained.change_usd,
        case
            when len(explained.changed_kinds) = 1 then 'only this evidence changed since the close: '
            when len(explained.changed_kinds) > 1 then 'more than one kind of evidence changed: '
            else 'no evidence of the month changed'
        end || coalesce(array_to_string(explained.changed_kinds, ', '), '') as finding
    from explained
    inner join records
        on explained.channel = records.channel
        and explained.account = records.account
        and explained.month = records.month

),

first_figures as (

    select channel, account, month, measure, arg_min(amount_usd, opening_no) as amount_usd, min(opening_no) as opening_no
    from recorded
    group by channel, account, month, measure

),

run as (

    select
        lines.*,
        row_number() over figure as change_no,
        -- a figure that only a later close knew starts from nothing
        coalesce(if(first_close.opening_no = first_figures.opening_no, first_figures.amount_usd, 0), 0)
            + sum(lines.change_usd) over figure as after_usd
    from lines
    left join first_figures
        on lines.channel = first_figures.channel
        and lines.account = first_figures.account
        and lines.month = first_figures.month
        and lines.measure = first_figures.measure
    left join (
        select channel, account, month, min(opening_no) as opening_no from closes group by all
    ) as first_close
        on lines.channel = first_close.channel
        and lines.account = first_close.account
        and lines.month = first_close.month
    window figure as (
        partition by lines.channel, lines.account, lines.month, lines.measure
        order by lines.opening_no, lines.part_no, lines.restated_at nulls last
        rows between unbounded preceding and current row
    )

)

select
    channel,
    account,
    month,
    measure,
    change_no,
    restated_at,
    cast(after_usd - change_usd as decimal(38, 18)) as before_usd,
    cast(after_usd as decimal(38, 18)) as after_usd,
    cast(change_usd as decimal(38, 18)) as change_usd,
    cause,
    finding
from run
