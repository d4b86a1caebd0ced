-- grain: one row per channel, account and month: open, reviewed or closed, by whom, and on what evidence
with months as (select * from {{ ref('int_close_months') }}),

decisions as (select * from {{ ref('int_month_decisions') }} where is_standing),

evidence as (select * from {{ ref('close_evidence') }}),

versions as (select * from {{ ref('rate_card_versions') }} where is_current),

closes as (select * from decisions where decision = 'close' and decision_no = 1),

-- the last look at the month before it was closed
reviews as (

    select decisions.*
    from decisions
    left join closes
        on decisions.channel = closes.channel
        and decisions.account = closes.account
        and decisions.month = closes.month
    where decisions.decision = 'review' and coalesce(decisions.decided_at <= closes.decided_at, true)
    qualify row_number() over (
        partition by decisions.channel, decisions.account, decisions.month
        order by decisions.decided_at desc, decisions.decision_id desc
    ) = 1

),

hashes as (

    select
        channel,
        account,
        month,
        sha256(string_agg(concat_ws(' ', evidence_kind, kind_hash), chr(10) order by evidence_kind)) as evidence_hash
    from evidence
    group by channel, account, month

),

stated as (

    select
        months.*,
        case
            when closes.decision_id is not null then 'closed'
            when reviews.decision_id is not null then 'reviewed'
            else 'open'
        end as state,
        reviews.decided_by as reviewed_by,
        reviews.decided_at as reviewed_at,
        closes.decided_by as closed_by,
        closes.decided_at as closed_at,
        coalesce(closes.rate_card_version, versions.rate_card_version) as rate_card_version,
        if(closes.decision_id is not null, closes.evidence_hash, reviews.evidence_hash) as evidence_hash,
        if(closes.decision_id is not null, closes.evidence, reviews.evidence) as evidence,
        hashes.evidence_hash as current_evidence_hash,
        if(closes.decision_id is not null, closes.note, reviews.note) as note,
        closes.despite_drift
    from months
    cross join versions
    left join hashes
        on months.channel = hashes.channel and months.account = hashes.account and months.month = hashes.month
    left join closes
        on months.channel = closes.channel and months.account = closes.account and months.month = closes.month
    left join reviews
        on months.channel = reviews.channel and months.account = reviews.account and months.month = reviews.month

),

recorded as (

    select channel, account, month, kind.evidence_kind as evidence_kind, kind.kind_hash as kind_hash
    from (
        select
            channel,
            account,
            month,
            unnest(from_json(evidence, '[{"evidence_kind": "VARCHAR", "kind_hash": "VARCHAR"}]')) as kind
        from stated
        where evidence is not null
    )

),

-- which kinds differ now from what the decision recorded
changed as (

    select
        coalesce(recorded.channel, evidence.channel) as channel,
        coalesce(recorded.account, evidence.account) as account,
        coalesce(recorded.month, evidence.month) as month,
        string_agg(
            coalesce(recorded.evidence_kind, evidence.evidence_kind), ', '
            order by coalesce(recorded.evidence_kind, evidence.evidence_kind)
        ) as changed_evidence
    from recorded
    full outer join (
        select evidence.* from evidence
        semi join recorded
            on evidence.channel = recorded.channel
            and evidence.account = recorded.account
            and evidence.month = recorded.month
    ) as evidence
        on recorded.channel = evidence.channel
        and recorded.account = evidence.account
        and recorded.month = evidence.month
        and recorded.evidence_kind = evidence.evidence_kind
    where recorded.kind_hash is distinct from evidence.kind_hash
    group by all

)

select
    stated.channel,
    stated.account,
    stated.month,
    stated.state,
    stated.reviewed_by,
    stated.reviewed_at,
    stated.closed_by,
    stated.closed_at,
    stated.rate_card_version,
    stated.evidence_hash,
    stated.current_evidence_hash,
    stated.evidence_hash = stated.current_evidence_hash as is_evidence_unchanged,
    changed.changed_evidence,
    stated.note,
    stated.despite_drift
from stated
left join changed
    on stated.channel = changed.channel and stated.account = changed.account and stated.month = changed.month
