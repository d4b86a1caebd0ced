{{ config(meta={'dagster': {'ref': {'name': 'restatement_journal'}}}) }}
-- A returned row is a figure of a closed month that is not what its close recorded plus every change.
with changes as (

    select channel, account, month, measure, arg_max(after_usd, change_no) as after_usd
    from {{ ref('restatement_journal') }}
    group by channel, account, month, measure

),

records as (select * from {{ ref('int_close_records') }}),

recorded as (

    select channel, account, month, figure.measure as measure, cast(figure.amount_usd as decimal(38, 18)) as amount_usd
    from (
        select
            channel, account, month,
            unnest(from_json(figures, '[{"measure": "VARCHAR", "amount_usd": "VARCHAR"}]')) as figure
        from records
    )

),

figures as (

    select figures.* from {{ ref('close_figures') }} as figures
    semi join records
        on figures.channel = records.channel
        and figures.account = records.account
        and figures.month = records.month

)

select
    coalesce(figures.channel, recorded.channel) as channel,
    coalesce(figures.account, recorded.account) as account,
    coalesce(figures.month, recorded.month) as month,
    coalesce(figures.measure, recorded.measure) as measure,
    figures.amount_usd,
    coalesce(changes.after_usd, recorded.amount_usd, 0) as journal_usd
from figures
full outer join recorded
    on figures.channel = recorded.channel
    and figures.account = recorded.account
    and figures.month = recorded.month
    and figures.measure = recorded.measure
left join changes
    on coalesce(figures.channel, recorded.channel) = changes.channel
    and coalesce(figures.account, recorded.account) = changes.account
    and coalesce(figures.month, recorded.month) = changes.month
    and coalesce(figures.measure, recorded.measure) = changes.measure
where coalesce(figures.amount_usd, 0) <> coalesce(changes.after_usd, recorded.amount_usd, 0)
