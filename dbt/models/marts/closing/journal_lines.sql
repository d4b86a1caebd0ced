-- grain: one row per journal entry and line, in whole cents; debits and credits of an entry are equal
-- What a close recorded stands as it was; what has changed since is an entry `restatement` in the first
-- month after it that is open.
with wanted as (select * from {{ ref('int_journal_wanted') }}),

records as (select * from {{ ref('int_close_records') }} where journal is not null),

booked as (

    select
        channel,
        account,
        month,
        line.entry_id as entry_id,
        line.source_entry_id as source_entry_id,
        line.line_no as line_no,
        cast(line.posting_date as date) as posting_date,
        line.entry_kind as entry_kind,
        line.ledger_account as ledger_account,
        coalesce(line.cost_center, '') as cost_center,
        line.description as description,
        cast(line.debit_usd as decimal(38, 18)) - cast(line.credit_usd as decimal(38, 18)) as amount_usd
    from (
        select
            channel,
            account,
            month,
            unnest(from_json(
                journal,
                '[{"entry_id": "VARCHAR", "source_entry_id": "VARCHAR", "line_no": "BIGINT", "posting_date": "VARCHAR", "entry_kind": "VARCHAR", "ledger_account": "VARCHAR", "cost_center": "VARCHAR", "description": "VARCHAR", "debit_usd": "VARCHAR", "credit_usd": "VARCHAR"}]'
            )) as line
        from records
    )

),

-- an entry that a closed month holds, where it was first booked
booked_entries as (

    select source_entry_id, channel, account, min(month) as month
    from booked
    group by source_entry_id, channel, account

),

fresh as (

    select wanted.*, wanted.entry_id as source_entry_id
    from wanted
    anti join booked_entries on wanted.entry_id = booked_entries.source_entry_id

),

differences as (

    select
        source_entry_id,
        ledger_account,
        cost_center,
        sum(amount_usd) as amount_usd
    from (
        select wanted.entry_id as source_entry_id, wanted.ledger_account, wanted.cost_center, wanted.amount_usd
        from wanted
        semi join booked_entries on wanted.entry_id = booked_entries.source_entry_id
        union all
        select source_entry_id, ledger_account, cost_center, -amount_usd as amount_usd
        from booked
    )
    group by source_entry_id, ledger_account, cost_center
    having sum(amount_usd) <> 0

),

unposted as (

    select * from fresh
    union all by name
    select
        'restatement:' || differences.source_entry_id as entry_id,
        differences.source_entry_id,
        booked_entries.channel,
        booked_entries.account,
        booked_entries.month,
        'restatement' as entry_kind,
        differences.ledger_account,
        differences.cost_center,
        'Restatement of ' || differences.source_entry_id as description,
        differences.amount_usd
    from differences
    inner join booked_entries on differences.source_entry_id = booked_entries.source_entry_id

),

-- the first month from its own on that is not closed
asked_months as (select distinct channel, account, month from unposted),

open_months as (

    select channel, account, month, min(posting_month) as posting_month
    from (
        select channel, account, month, month as posting_month from asked_months
        union
        select
            asked_months.channel, asked_months.account, asked_months.month,
            cast(records.month + interval 1 month as date) as posting_month
        from asked_months
        inner join records
            on asked_months.channel = records.channel
            and asked_months.account = records.account
            and asked_months.month <= records.month
    ) as candidates
    anti join records
        on candidates.channel = records.channel
        and candidates.account = records.account
        and candidates.posting_month = records.month
    group by channel, account, month

),

posted as (

    select
        if(
            unposted.entry_kind = 'restatement',
            unposted.entry_id || ':' || strftime(open_months.posting_month, '%Y-%m'), unposted.entry_id
        ) as entry_id,
        unposted.source_entry_id,
        -- an entry of its own month stands at its end; what comes later, and a reversal, at a month's start
        if(
            open_months.posting_month = unposted.month and unposted.entry_kind <> 'accrual_reversal',
            last_day(unposted.month), open_months.posting_month
        ) as posting_date,
        open_months.posting_month as month,
        unposted.channel,
        unposted.account,
        unposted.entry_kind,
        unposted.ledger_account,
        unposted.cost_center,
        unposted.description,
        unposted.amount_usd
    from unposted
    inner join open_months
        on unposted.channel = open_months.channel
        and unposted.account = open_months.account
        and unposted.month = open_months.month

),

numbered as (

    select
        *,
        row_number() over (
            partition by entry_id
            order by amount_usd < 0, entry_kind, ledger_account, cost_center
        ) as line_no,
        false as is_recorded
    from posted

    union all by name

    select *, true as is_recorded
    from booked

)

select
    entry_id,
    source_entry_id,
    cast(line_no as bigint) as line_no,
    posting_date,
    month,
    channel,
    account,
    entry_kind,
    ledger_account,
    nullif(cost_center, '') as cost_center,
    cast(greatest(amount_usd, {{ zero_money() }}) as decimal(38, 18)) as debit_usd,
    cast(greatest(-amount_usd, {{ zero_money() }}) as decimal(38, 18)) as credit_usd,
    description,
    is_recorded
from numbered
