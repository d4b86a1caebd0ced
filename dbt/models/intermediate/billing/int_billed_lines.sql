{{ config(materialized='table') }}
-- grain: one row per billed line: cost report lines by day, invoice lines by period
-- One cost report is the bill of record per channel, account and day: a dated rule, else the one
-- that publishes the most exact amounts. An invoice stands above both and is compared by month.
-- An invoice that crosses a month belongs to the month it starts in.
with lines as (select * from {{ ref('int_bill_lines') }}),

documents as (select * from {{ ref('bill_documents') }}),

rules as (select * from {{ ref('stg_reference__source_precedence') }} where role = 'bill'),

meters as (select * from {{ ref('billing_meters') }}),

aliases as (select * from {{ ref('model_aliases') }}),

billed_names as (select * from {{ ref('billed_model_names') }}),

own_names as (select * from {{ ref('stg_reference__model_aliases') }}),

tiers as (select * from {{ ref('service_tier_aliases') }}),

geos as (select * from {{ ref('geo_aliases') }}),

conversions as (select * from {{ ref('int_fx_conversions') }}),

files as (select * from {{ ref('stg_control__loaded_files') }}),

report_days as (

    select distinct channel, account, usage_date, source
    from lines
    where document_type = 'cost_report'

),

bills_of_record as (

    select report_days.channel, report_days.account, report_days.usage_date, report_days.source
    from report_days
    left join documents on report_days.source = documents.source
    left join rules
        on report_days.source = rules.source
        and (rules.channel is null or report_days.channel = rules.channel)
        and (rules.account is null or report_days.account = rules.account)
        and report_days.usage_date >= rules.valid_from
        and report_days.usage_date < rules.valid_to
    qualify row_number() over (
        partition by report_days.channel, report_days.account, report_days.usage_date
        order by rules.source is null, documents.precedence, report_days.source
    ) = 1

),

converted as (

    select
        lines.*,
        lines.document_type = 'invoice' or bills_of_record.source is not null as is_bill_of_record,
        case
            when lines.billed_currency = 'USD' then cast(1 as decimal(28, 18)) else conversions.fx_rate
        end as fx_rate,
        conversions.fx_rate_date,
        conversions.fx_policy,
        case when lines.billed_currency <> 'USD' then conversions.currency_reason end as currency_reason
    from lines
    left join bills_of_record
        on lines.channel = bills_of_record.channel
        and lines.account = bills_of_record.account
        and lines.usage_date = bills_of_record.usage_date
        and lines.source = bills_of_record.source
    left join conversions
        on lines.channel = conversions.channel
        and lines.account = conversions.account
        and lines.billed_currency = conversions.currency
        and lines.billing_month = conversions.billing_month
        and lines.conversion_date = conversions.conversion_date

),

-- the channel's own word for a tier wins over the word of any channel
tier_words as (

    select distinct lines.channel, lines.raw_service_tier, tiers.service_tier
    from lines
    inner join tiers
        on lower(lines.raw_service_tier) = tiers.raw_service_tier
        and (tiers.channel = lines.channel or tiers.channel = '*')
    qualify row_number() over (
        partition by lines.channel, lines.raw_service_tier order by tiers.channel = '*'
    ) = 1

)

select
    -- the same content may lie under two accounts, so the file alone does not name the line
    concat_ws(
        ':', converted.source, converted.account_label, converted.file_id, converted.row_number, converted.line_part
    ) as billed_line_id,
    converted.source,
    converted.file_id,
    converted.row_number,
    converted.document_type,
    converted.is_bill_of_record,
    converted.channel,
    converted.account,
    converted.sub_account,
    converted.api_key_id,
    converted.invoice_id,
    converted.charge_kind,
    converted.description,
    converted.raw_model,
    coalesce(own_names.model_key, aliases.model_key, billed_names.model_key) as model_key,
    -- an invoice template may name the house meter itself
    case
        when converted.is_day_total then null
        when meters.meter is not null then meters.meter
        when converted.document_type = 'invoice' then converted.raw_meter
        when converted.raw_meter is null and converted.charge_kind not in ('usage', 'adjustment') then null
        else 'unmapped'
    end as meter,
    converted.raw_processing as processing,
    coalesce(tier_words.service_tier, lower(converted.raw_service_tier)) as service_tier,
    coalesce(geos.geo, lower(converted.raw_geo)) as geo,
    cast(converted.raw_quantity * coalesce(meters.quantity_factor, 1) as decimal(38, 18)) as quantity,
    converted.quantity_unit,
    converted.billed_amount,
    converted.billed_currency,
    case
        when converted.billed_currency = 'USD' then converted.billed_amount
        else {{ exact_product('converted.billed_amount', 'converted.fx_rate') }}
    end as billed_usd,
    case
        when converted.billed_currency = 'USD' then try_cast(converted.stated_unit_price as decimal(28, 18))
        else try_cast({{ exact_product('converted.stated_unit_price', 'converted.fx_rate') }} as decimal(28, 18))
    end as billed_unit_price_usd,
    converted.fx_rate,
    converted.fx_rate_date,
    converted.fx_policy,
    converted.currency_reason,
    -- half a unit of the last place is in the currency of the bill
    case
        when converted.billed_currency = 'USD' or converted.fx_rate is null
            then {{ as_money('documents.half_unit_usd') }}
        else {{ exact_product(as_money('documents.half_unit_usd'), 'converted.fx_rate') }}
    end as rounding_allowance_usd,
    converted.usage_date,
    converted.period_start,
    converted.period_end,
    converted.billing_month,
    converted.invoice_month,
    converted.issued_on,
    converted.is_issuer_invoice_id,
    converted.stated_total_amount,
    files.document_path
from converted
left join documents on converted.source = documents.source
left join files
    on converted.source = files.source
    and converted.account_label = files.account_label
    and converted.file_id = files.file_id
left join meters
    on converted.source = meters.source
    and converted.raw_meter = meters.label
left join tier_words
    on converted.channel = tier_words.channel
    and converted.raw_service_tier = tier_words.raw_service_tier
left join geos
    on converted.channel = geos.channel
    and lower(converted.raw_geo) = geos.raw_geo
left join aliases
    on converted.channel = aliases.channel
    and converted.raw_model = aliases.raw_model
    and coalesce(converted.usage_date, converted.period_start)
    >= coalesce(cast(aliases.valid_from as date), date '1970-01-01')
    and coalesce(converted.usage_date, converted.period_start)
    < coalesce(cast(aliases.valid_to as date), date '9999-12-31')
left join billed_names
    on converted.channel = billed_names.channel
    and lower(converted.raw_model) = billed_names.billed_name
-- the user's own names, those of one account before those of all
left join own_names
    on converted.channel = own_names.channel
    and converted.raw_model = own_names.raw_model
    and (own_names.account is null or converted.account = own_names.account)
    and coalesce(converted.usage_date, converted.period_start) >= own_names.valid_from
    and coalesce(converted.usage_date, converted.period_start) < own_names.valid_to
qualify row_number() over (
    partition by billed_line_id order by own_names.account is null, own_names.valid_from desc
) = 1
