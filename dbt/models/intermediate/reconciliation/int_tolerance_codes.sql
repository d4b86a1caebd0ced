{{ config(materialized='table') }}
-- grain: one row per channel, account, month, currency and residual code, with the tolerance it is in
-- A code is over its own limit: a rule of tolerances.csv for the code, else for its family, else for its
-- tolerance, else the default. What has no rule of its own counts towards the limit of its tolerance too.
with lines as (select * from {{ ref('reconciliation_lines') }}),

codes as (select * from {{ ref('residual_codes') }}),

meters as (select * from {{ ref('meters') }}),

kinds as (select *, unnest(string_split(residuals, '|')) as residual from {{ ref('tolerance_kinds') }}),

rules as (select * from {{ ref('stg_reference__tolerances') }}),

kind_of_code as (

    select codes.residual_code, kinds.tolerance, kinds.default_tolerance_tokens
    from codes
    inner join kinds on kinds.residual in (codes.residual_code, codes.family)
    where codes.is_usage and (codes.default_tolerance_pct is not null or codes.residual_code = 'rounding')
    qualify row_number() over (
        partition by codes.residual_code order by kinds.residual <> codes.residual_code, kinds.sort_order
    ) = 1

),

by_code as (

    select
        lines.channel,
        lines.account,
        lines.month,
        lines.currency,
        lines.residual_code,
        lines.family,
        lines.is_usage,
        count(*) as lines,
        sum(lines.residual_usd) as residual_usd,
        sum(abs(lines.residual_usd)) as moved_usd,
        -- tokens speak only where every line counts some
        case
            when count(*) = count(*) filter (where meters.is_token and lines.residual_quantity is not null)
                then cast(sum(abs(lines.residual_quantity)) as decimal(38, 6))
        end as moved_tokens
    from lines
    left join meters on lines.meter = meters.meter
    group by
        lines.channel, lines.account, lines.month, lines.currency, lines.residual_code, lines.family, lines.is_usage

),

totals as (

    select
        lines.channel,
        lines.account,
        lines.month,
        lines.currency,
        -- what is billed for usage: with tax, credits and prepaid amounts a share would mean little
        sum(lines.computed_cost_usd) + sum(if(lines.is_usage, lines.residual_usd, {{ zero_money() }}))
            as month_billed_usd,
        coalesce(sum(lines.computed_quantity) filter (where meters.is_token), 0) as computed_tokens
    from lines
    left join meters on lines.meter = meters.meter
    group by lines.channel, lines.account, lines.month, lines.currency

),

ruled as (

    select
        by_code.*,
        totals.month_billed_usd,
        totals.computed_tokens,
        kind_of_code.tolerance,
        -- a name that is a tolerance too holds for the sum of its codes
        coalesce(rules.residual_code <> kind_of_code.tolerance, rules.residual_code is not null) as has_own_rule,
        coalesce(rules.tolerance_pct, cast(codes.default_tolerance_pct as decimal(9, 4))) as tolerance_pct,
        coalesce(rules.tolerance_usd, cast(codes.default_tolerance_usd as decimal(38, 18))) as tolerance_usd,
        coalesce(rules.tolerance_tokens, kind_of_code.default_tolerance_tokens) as tolerance_tokens
    from by_code
    inner join totals
        on by_code.channel = totals.channel
        and by_code.account = totals.account
        and by_code.month = totals.month
        and by_code.currency = totals.currency
    inner join codes on by_code.residual_code = codes.residual_code
    left join kind_of_code on by_code.residual_code = kind_of_code.residual_code
    left join rules
        on rules.residual_code in (by_code.residual_code, by_code.family, kind_of_code.tolerance)
        and (rules.channel is null or by_code.channel = rules.channel)
        and (rules.account is null or by_code.account = rules.account)
    qualify row_number() over (
        partition by by_code.channel, by_code.account, by_code.month, by_code.currency, by_code.residual_code
        order by
            case rules.residual_code when by_code.residual_code then 0 when by_code.family then 1 else 2 end,
            rules.channel is null, rules.account is null
    ) = 1

)

select
    *,
    {{ over_limit('moved_usd', 'moved_tokens', 'month_billed_usd', 'computed_tokens') }} as is_over_limit
from ruled
