-- grain: one row per check; affected = 0 means that there is nothing to do
-- severity: act (a figure is wrong or incomplete until somebody acts) or note (good to know).
with calls as (select * from {{ ref('fct_llm_calls') }}),

files as (select * from {{ ref('landed_files') }}),

months as (select * from {{ ref('reconciliation_months') }}),

lines as (select * from {{ ref('reconciliation_lines') }}),

coverage as (select * from {{ ref('data_coverage') }}),

billed_lines as (select * from {{ ref('fct_billed_lines') }}),

drifting as (

    select
        'drift_months' as check_name,
        1 as sort_order,
        'act' as severity,
        count(*) filter (where status = 'drift') as affected,
        count(*) as total,
        'account months' as counted,
        sum(difference_usd) filter (where status = 'drift') as amount_usd,
        'A difference between computed and billed is above its tolerance.' as meaning,
        'Read the open lines, largest first; each names its action.' as action
    from months

),

unpriced as (

    select
        'unpriced_usage' as check_name,
        2 as sort_order,
        'act' as severity,
        count(*) filter (where unpriced_reason is not null) as affected,
        count(*) as total,
        'usage rows' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Usage without a price: every figure that holds it is a lower bound.' as meaning,
        'Follow the suggestion of each row of unpriced usage.' as action
    from calls

),

set_aside as (select * from {{ ref('quarantined_rows') }}),

landed_rows as (

    select coalesce(sum(rows_in) filter (where status = 'loaded'), 0) as total from files

),

faulty as (

    select
        'faulty_rows' as check_name,
        3 as sort_order,
        'act' as severity,
        (select count(*) from set_aside where reason_code <> 'duplicate') as affected,
        total,
        'landed rows' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Rows in quarantine: a value is missing or impossible, or copies contradict each other.' as meaning,
        'Correct the export and land it again.' as action
    from landed_rows

),

repeated as (

    select
        'repeated_calls' as check_name,
        7 as sort_order,
        'note' as severity,
        (select count(*) from set_aside where reason_code = 'duplicate') as affected,
        total,
        'landed rows' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Copies of a call that is already counted; the most complete record is kept.' as meaning,
        'Nothing to do.' as action
    from landed_rows

),

rejected as (

    select
        'rejected_files' as check_name,
        4 as sort_order,
        'act' as severity,
        count(*) filter (where status = 'rejected') as affected,
        count(*) as total,
        'files' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Files that could not be read or lack a column: nothing of them is loaded.' as meaning,
        'Land a corrected file; the reason stands beside each file.' as action
    from files

),

several_logs as (

    select
        'several_call_logs' as check_name,
        5 as sort_order,
        'act' as severity,
        count(*) filter (where call_log_sources > 1 and not is_ledger_ruled) as affected,
        count(*) as total,
        'account days' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Several call logs hold the day and no rule names one, so calls may stand twice.' as meaning,
        'Name the ledger in reference/source_precedence.csv.' as action
    from coverage

),

unattributed as (

    select
        'unattributed_usage' as check_name,
        6 as sort_order,
        'note' as severity,
        count(*) filter (where feature = 'unattributed') as affected,
        count(*) as total,
        'usage rows' as counted,
        sum(cost_usd) filter (where feature = 'unattributed') as amount_usd,
        'Usage that no log and no rule gives to a feature.' as meaning,
        'Map its API key, project or prompt template in reference/feature_map.csv.' as action
    from calls

),

unconfirmed as (

    select
        'unconfirmed_prices' as check_name,
        8 as sort_order,
        'note' as severity,
        count(*) filter (where has_unconfirmed_price) as affected,
        count(*) as total,
        'usage rows' as counted,
        sum(cost_usd) filter (where has_unconfirmed_price) as amount_usd,
        'Usage priced by a rate that no provider page or bill has confirmed yet.' as meaning,
        'Compare the rate with the provider price page or the contract.' as action
    from calls

),

accrued as (

    select
        'unbilled_days' as check_name,
        9 as sort_order,
        'note' as severity,
        count(distinct (channel, account, usage_date)) filter (where bill = 'none') as affected,
        count(distinct (channel, account, usage_date)) filter (where usage_date is not null) as total,
        'account days' as counted,
        sum(computed_cost_usd) filter (where bill = 'none') as amount_usd,
        'Days that no bill reaches yet: their trued-up cost is the computed cost, accrued.' as meaning,
        'Land the cost report or invoice when it is there.' as action
    from lines

),

copied as (

    select
        'duplicate_files' as check_name,
        10 as sort_order,
        'note' as severity,
        count(*) filter (where status = 'duplicate') as affected,
        count(*) as total,
        'files' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Files with the same content as one that is loaded: ignored.' as meaning,
        'Nothing to do.' as action
    from files

),

in_foreign_currency as (

    select
        'foreign_currency_lines' as check_name,
        11 as sort_order,
        'act' as severity,
        count(*) filter (where billed_usd is null) as affected,
        count(*) as total,
        'billed lines' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Billed in another currency than USD: not compared, since no dated rate is known.' as meaning,
        'Check these bills by hand; the usage of their days shows as not billed.' as action
    from billed_lines

),

-- in whole days of the tool's own close delay: a ticket that is not closed yet can be reopened
maturing_early as (

    select
        'final_before_closed' as check_name,
        12 as sort_order,
        'act' as severity,
        count(*) filter (where closed_at > last_resolved_at + to_days({{ maturity_days() }})) as affected,
        count(*) filter (where closed_at is not null) as total,
        'closed tickets' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        'Tickets were closed for good later than they count as final: until then they could be reopened.' as meaning,
        'Raise TRUEUP_RESOLUTION_MATURITY_DAYS to the support tool''s close delay.' as action
    from {{ ref('outcome_entities') }}
    where subject_type = 'ticket'

),

outcomes_now as (

    select month, sum(outcomes) as outcomes from {{ ref('outcome_months') }} group by month

),

restated as (

    select
        'restated_outcomes_' || strftime(changes.month, '%Y_%m') as check_name,
        100 + row_number() over (order by changes.month) as sort_order,
        'note' as severity,
        changes.changed as affected,
        coalesce(outcomes_now.outcomes, 0) + changes.taken_away as total,
        'outcomes' as counted,
        cast(null as decimal(38, 18)) as amount_usd,
        strftime(changes.month, '%B %Y') || ' was closed on ' || cast(cast(changes.closed_at as date) as varchar)
        || ', and outcomes of it were added or taken away since.' as meaning,
        'Read outcome_restatements: each change has its day and its cause.' as action
    from (
        select
            month,
            max(closed_at) as closed_at,
            sum(abs(change)) as changed,
            sum(greatest(-change, 0)) as taken_away
        from {{ ref('outcome_restatements') }}
        group by month
    ) as changes
    left join outcomes_now on changes.month = outcomes_now.month

),

unioned as (

    select * from drifting
    union all by name
    select * from unpriced
    union all by name
    select * from faulty
    union all by name
    select * from repeated
    union all by name
    select * from rejected
    union all by name
    select * from several_logs
    union all by name
    select * from unattributed
    union all by name
    select * from unconfirmed
    union all by name
    select * from accrued
    union all by name
    select * from copied
    union all by name
    select * from in_foreign_currency
    union all by name
    select * from maturing_early
    union all by name
    select * from restated

)

select
    check_name,
    cast(sort_order as bigint) as sort_order,
    severity,
    cast(affected as bigint) as affected,
    cast(total as bigint) as total,
    counted,
    case when affected > 0 then cast(amount_usd as decimal(38, 18)) end as amount_usd,
    meaning,
    action
from unioned
