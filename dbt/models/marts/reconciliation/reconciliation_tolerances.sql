-- grain: one row per channel, account, month, currency and tolerance, where a bill reaches the month
-- A tolerance is breached by the sum of the codes in it, or by a code that is over a rule of its own.
with codes as (select * from {{ ref('int_tolerance_codes') }} where tolerance is not null),

kinds as (select * from {{ ref('tolerance_kinds') }}),

rules as (select * from {{ ref('stg_reference__tolerances') }}),

billed_months as (

    select distinct channel, account, month, currency
    from {{ ref('reconciliation_lines') }}
    where bill <> 'none'

),

by_kind as (

    select
        codes.channel,
        codes.account,
        codes.month,
        codes.currency,
        codes.tolerance,
        any_value(codes.month_billed_usd) as month_billed_usd,
        any_value(codes.computed_tokens) as computed_tokens,
        sum(codes.lines) as lines,
        sum(codes.moved_usd) as moved_usd,
        if(count(codes.moved_tokens) = count(*), sum(codes.moved_tokens), null) as moved_tokens,
        coalesce(sum(codes.moved_usd) filter (where not codes.has_own_rule), {{ zero_money() }}) as summed_usd,
        if(
            count(codes.moved_tokens) filter (where not codes.has_own_rule) = count(*) filter (where not codes.has_own_rule),
            coalesce(sum(codes.moved_tokens) filter (where not codes.has_own_rule), 0), null
        ) as summed_tokens,
        bool_or(codes.is_over_limit) as has_code_over_limit,
        list(codes.residual_code order by codes.moved_usd desc, codes.residual_code) as residual_codes,
        list(codes.residual_code order by codes.moved_usd desc, codes.residual_code)
            filter (where codes.is_over_limit) as codes_over_limit,
        list(codes.residual_code order by codes.moved_usd desc, codes.residual_code)
            filter (where codes.is_over_limit or not codes.has_own_rule) as codes_of_sum
    from codes
    inner join billed_months
        on codes.channel = billed_months.channel
        and codes.account = billed_months.account
        and codes.month = billed_months.month
        and codes.currency = billed_months.currency
    group by codes.channel, codes.account, codes.month, codes.currency, codes.tolerance

),

ruled as (

    select
        by_kind.*,
        kinds.sort_order,
        kinds.meaning,
        coalesce(rules.tolerance_pct, kinds.default_tolerance_pct) as tolerance_pct,
        coalesce(rules.tolerance_usd, kinds.default_tolerance_usd) as tolerance_usd,
        coalesce(rules.tolerance_tokens, kinds.default_tolerance_tokens) as tolerance_tokens
    from by_kind
    inner join kinds on by_kind.tolerance = kinds.tolerance
    left join rules
        on by_kind.tolerance = rules.residual_code
        and (rules.channel is null or by_kind.channel = rules.channel)
        and (rules.account is null or by_kind.account = rules.account)
    qualify row_number() over (
        partition by by_kind.channel, by_kind.account, by_kind.month, by_kind.currency, by_kind.tolerance
        order by rules.channel is null, rules.account is null
    ) = 1

),

judged as (

    select
        *,
        {{ over_limit('summed_usd', 'summed_tokens', 'month_billed_usd', 'computed_tokens') }} as is_sum_over_limit
    from ruled

)

select
    channel,
    account,
    month,
    currency,
    tolerance,
    cast(sort_order as bigint) as sort_order,
    cast(moved_usd as decimal(38, 18)) as moved_usd,
    {{ ratio('moved_usd', 'month_billed_usd') }} as moved_ratio,
    cast(month_billed_usd as decimal(38, 18)) as billed_usage_usd,
    tolerance_pct,
    cast(greatest(abs(month_billed_usd) * tolerance_pct * 0.01, tolerance_usd) as decimal(38, 18)) as limit_usd,
    cast(moved_tokens as decimal(38, 6)) as moved_tokens,
    cast(if(
        tolerance_tokens is null, null,
        greatest(cast(computed_tokens as decimal(38, 6)) * coalesce(tolerance_pct, 0) * 0.01, tolerance_tokens)
    ) as decimal(38, 6)) as limit_tokens,
    cast(lines as bigint) as lines,
    array_to_string(residual_codes, ', ') as residual_codes,
    is_sum_over_limit or has_code_over_limit as is_breached,
    array_to_string(if(is_sum_over_limit, codes_of_sum, codes_over_limit), ', ') as breached_codes,
    meaning
from judged
