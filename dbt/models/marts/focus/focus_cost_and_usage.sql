-- grain: one row per charge, in the columns of FOCUS 1.2 and x_ columns after them
-- Sum of BilledCost per InvoiceId is the payable amount of that invoice. FOCUS forbids empty costs: a
-- row whose quantity or price is not proved is an Adjustment that carries its BilledCost in all four,
-- as FOCUS defines a charge without a price; x_ListCost and x_ContractedCost are empty there.
with charges as (select * from {{ ref('int_focus_charges') }}),

names as (select * from {{ ref('focus_names') }}),

meters as (select * from {{ ref('focus_meters') }}),

models as (

    select model_key, min(provider) as provider
    from {{ ref('fct_charge_lines') }}
    where model_key is not null
    group by model_key

),

priced as (

    select
        charges.charge_id,
        cast(charges.list_unit_price_usd * cast(meters.pricing_units as decimal(7, 0)) as decimal(38, 12))
            as list_unit_price,
        cast(charges.unit_price_usd * cast(meters.pricing_units as decimal(7, 0)) as decimal(38, 12))
            as contracted_unit_price,
        cast(
            case
                when charges.priced_per <> 1 then {{ exact_div('charges.quantity', 'charges.priced_per') }}
                when meters.pricing_units = 1000000 then charges.quantity * 0.000001
                else charges.quantity
            end as decimal(38, 12)
        ) as pricing_quantity
    from charges
    inner join meters on charges.meter = meters.meter
    where charges.row_kind = 'usage'

)

select
    cast(null as varchar) as AvailabilityZone,
    charges.billed_cost as BilledCost,
    charges.channel || ':' || charges.account as BillingAccountId,
    charges.account as BillingAccountName,
    'Organization' as BillingAccountType,
    charges.billed_currency as BillingCurrency,
    cast(charges.billing_month + interval 1 month as timestamp) as BillingPeriodEnd,
    cast(charges.billing_month as timestamp) as BillingPeriodStart,
    cast(null as varchar) as CapacityReservationId,
    cast(null as varchar) as CapacityReservationStatus,
    charges.charge_category as ChargeCategory,
    cast(null as varchar) as ChargeClass,
    case charges.row_kind
        when 'usage' then meters.sku_meter || ', ' || charges.model_key
        when 'price_difference' then concat_ws(
            ' ', meters.sku_meter || ', ' || charges.model_key || ':',
            if(charges.billed_cost > 0, 'billed above the contracted price', 'billed below the contracted price')
        )
        when 'unproved_usage' then concat_ws(
            ', ', 'Billed as one amount, quantity or price not proved', charges.meter, charges.model_key
        )
        when 'rounding' then 'Rounding of single rows'
        when 'balance' then 'Rounding of the invoice and what the days of its cost report do not show'
        when 'tax' then 'Tax'
        when 'credit' then 'Credit'
        when 'purchase' then 'Prepaid credits bought'
        when 'drawdown' then 'Usage paid from prepaid credits'
        when 'expiry' then 'Prepaid credits expired'
        when 'fee' then 'Fee'
        when 'commitment' then 'Commitment or minimum fee'
        when 'refund' then 'Refund'
        else 'Adjustment'
    end as ChargeDescription,
    case
        when charges.row_kind = 'usage' then 'Usage-Based'
        when charges.charge_kind in ('fee', 'commitment') then 'Recurring'
        else 'One-Time'
    end as ChargeFrequency,
    cast(charges.period_end + interval 1 day as timestamp) as ChargePeriodEnd,
    cast(charges.period_start as timestamp) as ChargePeriodStart,
    cast(null as varchar) as CommitmentDiscountCategory,
    cast(null as varchar) as CommitmentDiscountId,
    cast(null as varchar) as CommitmentDiscountName,
    cast(null as decimal(38, 12)) as CommitmentDiscountQuantity,
    cast(null as varchar) as CommitmentDiscountStatus,
    cast(null as varchar) as CommitmentDiscountType,
    cast(null as varchar) as CommitmentDiscountUnit,
    charges.quantity as ConsumedQuantity,
    if(charges.row_kind = 'usage', meters.consumed_unit, null) as ConsumedUnit,
    cast(
        case
            when charges.row_kind = 'usage' then charges.contracted_cost_usd
            when charges.row_kind = 'drawdown' then cast(0 as decimal(38, 18))
            else charges.billed_cost
        end as decimal(38, 18)
    ) as ContractedCost,
    cast(
        case
            when charges.row_kind = 'usage' then priced.contracted_unit_price
            when charges.row_kind = 'purchase' then 1
        end as decimal(38, 12)
    ) as ContractedUnitPrice,
    cast(
        case
            when charges.row_kind in ('purchase', 'drawdown') then cast(0 as decimal(38, 18))
            else charges.billed_cost
        end as decimal(38, 18)
    ) as EffectiveCost,
    charges.invoice_id as InvoiceId,
    coalesce(names.service_provider_name, charges.channel) as InvoiceIssuerName,
    cast(
        case
            when charges.row_kind = 'usage' then charges.list_cost_usd
            when charges.row_kind = 'drawdown' then cast(0 as decimal(38, 18))
            else charges.billed_cost
        end as decimal(38, 18)
    ) as ListCost,
    cast(
        case
            when charges.row_kind = 'usage' then priced.list_unit_price
            when charges.row_kind = 'purchase' then 1
        end as decimal(38, 12)
    ) as ListUnitPrice,
    if(charges.row_kind in ('usage', 'purchase'), 'Standard', null) as PricingCategory,
    charges.billed_currency as PricingCurrency,
    cast(
        case
            when charges.row_kind = 'usage' then priced.contracted_unit_price
            when charges.row_kind = 'purchase' then 1
        end as decimal(38, 12)
    ) as PricingCurrencyContractedUnitPrice,
    cast(
        case
            when charges.row_kind in ('purchase', 'drawdown') then cast(0 as decimal(38, 18))
            else charges.billed_cost
        end as decimal(38, 18)
    ) as PricingCurrencyEffectiveCost,
    cast(
        case
            when charges.row_kind = 'usage' then priced.list_unit_price
            when charges.row_kind = 'purchase' then 1
        end as decimal(38, 12)
    ) as PricingCurrencyListUnitPrice,
    cast(
        case
            when charges.row_kind = 'usage' then priced.pricing_quantity
            when charges.row_kind = 'purchase' then charges.billed_cost
        end as decimal(38, 12)
    ) as PricingQuantity,
    case
        when charges.row_kind = 'usage' then meters.pricing_unit
        when charges.row_kind = 'purchase' then 'Credits'
    end as PricingUnit,
    coalesce(names.service_provider_name, charges.channel) as ProviderName,
    coalesce(publishers.service_provider_name, models.provider, coalesce(names.service_provider_name, charges.channel)) as PublisherName,
    cast(null as varchar) as RegionId,
    cast(null as varchar) as RegionName,
    cast(null as varchar) as ResourceId,
    cast(null as varchar) as ResourceName,
    cast(null as varchar) as ResourceType,
    'AI and Machine Learning' as ServiceCategory,
    coalesce(names.service_name, charges.channel) as ServiceName,
    'Generative AI' as ServiceSubcategory,
    case
        when charges.row_kind = 'usage'
            then concat_ws('/', charges.channel, charges.model_key, charges.meter)
        when charges.row_kind = 'purchase' then charges.channel || '/prepaid-credits'
    end as SkuId,
    case
        when charges.row_kind = 'usage' then meters.sku_meter
        when charges.row_kind = 'purchase' then 'Prepaid Credits'
    end as SkuMeter,
    case
        when charges.row_kind = 'usage' and meters.token_direction is not null
            then cast(json_object(
                'x_ModelId', charges.model_key,
                'x_ModelDeveloper', coalesce(publishers.service_provider_name, models.provider, coalesce(names.service_provider_name, charges.channel)),
                'x_Processing', charges.processing,
                'x_TokenDirection', meters.token_direction,
                'x_TokenCacheAction', coalesce(meters.token_cache_action, 'Uncached')
            ) as varchar)
        when charges.row_kind = 'usage'
            then cast(json_object('x_ModelId', charges.model_key, 'x_Processing', charges.processing) as varchar)
    end as SkuPriceDetails,
    case
        when charges.row_kind = 'usage'
            then concat_ws(
                '/', charges.channel, charges.model_key, charges.meter, charges.processing, charges.rate_id
            )
        when charges.row_kind = 'purchase' then charges.channel || '/prepaid-credits/standard'
    end as SkuPriceId,
    charges.sub_account as SubAccountId,
    charges.sub_account as SubAccountName,
    if(charges.sub_account is null, null, coalesce(names.sub_account_type, 'Project')) as SubAccountType,
    cast(null as varchar) as Tags,
    charges.charge_id as x_ChargeId,
    coalesce(names.service_provider_name, charges.channel) as x_ServiceProviderName,
    if(charges.row_kind = 'balance', null, charges.billed_line_id) as x_InvoiceDetailId,
    charges.billing_status as x_BillingStatus,
    charges.row_kind as x_ChargeKind,
    charges.list_cost_usd as x_ListCost,
    charges.contracted_cost_usd as x_ContractedCost,
    charges.model_key as x_ModelId,
    charges.meter as x_Meter,
    charges.api_key_id as x_ApiKeyId,
    charges.rate_id as x_RateId,
    charges.contract_id as x_ContractId,
    charges.description as x_DocumentDescription,
    charges.document_path as x_DocumentPath,
    charges.billed_lines as x_BilledLines,
    charges.channel as x_Channel,
    charges.account as x_Account,
    charges.billing_month as x_Month
from charges
left join priced on charges.charge_id = priced.charge_id
left join names on charges.channel = names.code
left join meters on charges.meter = meters.meter
left join models on charges.model_key = models.model_key
left join names as publishers on models.provider = publishers.code
