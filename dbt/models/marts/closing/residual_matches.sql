-- grain: one row per line of the reconciliation with an amount: what was decided on it
-- A decision holds for the amount that it saw: when the amount changes, the line waits again and says so.
with lines as (select * from {{ ref('reconciliation_lines') }} where residual_usd <> 0),

months as (select * from {{ ref('reconciliation_months') }}),

latest as (

    select *
    from {{ ref('stg_decisions__decisions') }}
    where decision in ('confirm', 'write_off', 'defer', 'unmatch')
    qualify row_number() over (
        partition by reconciliation_line_id order by decided_at desc, decision_id desc
    ) = 1

),

-- the newest month that the data speak of, as everywhere: not the clock
reached as (select max(month) as month from months),

judged as (

    select
        lines.*,
        latest.decision,
        latest.residual_usd as decided_usd,
        latest.deferred_until,
        latest.decided_by,
        latest.decided_at,
        latest.note,
        case
            when latest.decision in ('confirm', 'write_off', 'defer') and latest.residual_usd <> lines.residual_usd
                then 'the amount was ' || {{ plain_number('latest.residual_usd') }} || ' when it was decided'
            when latest.decision = 'defer' and latest.deferred_until <= reached.month
                then 'deferred until ' || strftime(latest.deferred_until, '%Y-%m') || ', which has come'
            when latest.decision = 'unmatch' then 'the decision was taken back'
        end as waits_because
    from lines
    cross join reached
    left join latest on lines.reconciliation_line_id = latest.reconciliation_line_id

)

select
    judged.reconciliation_line_id,
    judged.channel,
    judged.account,
    judged.month,
    judged.usage_date,
    judged.residual_code,
    judged.residual_usd,
    case
        when judged.decision is null or judged.waits_because is not null
            then if(judged.is_explained, 'suggested', 'unreconciled')
        when judged.decision = 'confirm' then 'confirmed'
        when judged.decision = 'write_off' then 'written_off'
        else 'deferred'
    end as match_state,
    judged.meaning as suggested_cause,
    judged.decided_by,
    judged.decided_at,
    judged.decided_usd,
    judged.deferred_until,
    judged.note,
    judged.waits_because,
    coalesce(list_contains(string_split(months.breached_codes, ', '), judged.residual_code), false)
        as is_over_tolerance
from judged
left join months
    on judged.channel = months.channel
    and judged.account = months.account
    and judged.month = months.month
    and judged.currency = months.currency
