{{ config(materialized='table') }}
-- grain: one row per channel, account and UTC day with usage from any source
-- Names the ledger source of that day: a dated rule, else the call log where there is one, else
-- provider usage. The other source is control only, so one traffic is counted once.
with usage_rows as (

    -- a charge of a period is no traffic: it says nothing of who counted the calls
    select *, grain = 'call' and not is_period_charge as is_logged_call
    from {{ ref('int_usage_rows') }}

),

rules as (select * from {{ ref('stg_reference__source_precedence') }} where role = 'ledger'),

-- grain: one row per day and file that tells of it
file_days as (

    select
        channel,
        account,
        usage_date,
        source,
        account_label,
        file_id,
        bool_or(is_logged_call) as has_call_log,
        bool_or(grain = 'bucket') as has_provider_usage
    from usage_rows
    group by channel, account, usage_date, source, account_label, file_id

),

days as (

    select
        channel,
        account,
        usage_date,
        count(distinct case when has_call_log then source end) as call_log_sources,
        bool_or(has_call_log) as has_call_log,
        bool_or(has_provider_usage) as has_provider_usage,
        list(struct_pack(source := source, account_label := account_label, file_id := file_id)) as files
    from file_days
    group by channel, account, usage_date

),

ruled as (

    select
        days.*,
        rules.source as ruled_source
    from days
    left join rules
        on (rules.channel is null or days.channel = rules.channel)
        and (rules.account is null or days.account = rules.account)
        and days.usage_date >= rules.valid_from
        and days.usage_date < rules.valid_to
    qualify row_number() over (
        partition by days.channel, days.account, days.usage_date
        order by rules.channel is null, rules.account is null, rules.valid_from desc, rules.row_number
    ) = 1

)

select
    channel,
    account,
    usage_date,
    call_log_sources,
    has_call_log,
    has_provider_usage,
    case
        when ruled_source is null then if(has_call_log, 'call_log', 'provider_usage')
        when ruled_source = 'provider_usage' then 'provider_usage'
        else 'call_log'
    end as ledger,
    case when ruled_source not in ('call_log', 'provider_usage') then ruled_source end as ledger_source,
    -- what the day stands on
    files,
    ruled_source is not null as is_ruled
from ruled
