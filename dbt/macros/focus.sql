{# Minor units in one unit of a currency, by ISO 4217: cents, and the currencies without or with three. #}
{% macro minor_units(currency) -%}
    case
        when {{ currency }} in ('JPY', 'KRW', 'VND', 'CLP', 'ISK', 'PYG', 'UGX', 'XAF', 'XOF', 'XPF') then 1
        when {{ currency }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000
        else 100
    end
{%- endmacro %}

{# Largest whole number whose square is at most `n` (a HUGEINT up to 10^30): the floating root is off by one at
   most there, and squares of whole numbers decide. #}
{% macro whole_root(n) -%}
    {%- set root = "cast(floor(sqrt(" ~ n ~ ")) as hugeint)" -%}
    case
        when ({{ root }} + 1) * ({{ root }} + 1) <= {{ n }} then {{ root }} + 1
        when {{ root }} * {{ root }} > {{ n }} then {{ root }} - 1
        else {{ root }}
    end
{%- endmacro %}

{# Tolerance of FOCUS 1.4 for an invoice against cost and usage rows, MAX(100 * subunit, SQRT(rows) * 0.5 *
   subunit), cut after six decimals of the subunit: to show. The verdict is `within_invoice_tolerance`. #}
{% macro invoice_tolerance(row_count, currency) -%}
    cast(
        cast(greatest(
            100000000::hugeint * 2, {{ whole_root("(" ~ row_count ~ ")::hugeint * 1000000000000") }}
        ) as decimal(20, 0)) * 0.0000005
        * case {{ minor_units(currency) }} when 1 then 1.000 when 1000 then 0.001 else 0.010 end
        as decimal(38, 18)
    )
{%- endmacro %}

{# Whether |amount| is within that tolerance, exactly: with x = 2 * |amount| in subunits, x <= 200 or x * x <= rows.
   x is taken apart into a whole number and 10^-18 parts of one, so the square stays in whole numbers. #}
{% macro within_invoice_tolerance(amount, row_count, currency) -%}
    {%- set parts = "(abs(replace(cast(cast(" ~ amount ~ " as decimal(38, 18)) as varchar), '.', '')::hugeint) * 2 * "
        ~ minor_units(currency) ~ ")" -%}
    {%- set one = "1000000000000000000::hugeint" -%}
    {%- set whole = "(" ~ parts ~ " // " ~ one ~ ")" -%}
    {%- set rest = "(" ~ parts ~ " % " ~ one ~ ")" -%}
    case
        when {{ parts }} <= 200 * {{ one }} then true
        when {{ whole }} > 3000000000 then false
        when {{ whole }} * {{ whole }} > ({{ row_count }})::hugeint then false
        else 2 * {{ whole }} * {{ rest }} + ({{ rest }} * {{ rest }} + {{ one }} - 1) // {{ one }}
            <= (({{ row_count }})::hugeint - {{ whole }} * {{ whole }}) * {{ one }}
    end
{%- endmacro %}

{# What FOCUS 1.2 asks of a row and the official rules pass over, by name: a condition that no row may meet. #}
{% macro focus_row_rules() -%}
    {{ return({
        'charge_category_is_allowed':
            "ChargeCategory not in ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')",
        'charge_class_is_allowed':
            "ChargeClass <> 'Correction'",
        'charge_frequency_is_allowed':
            "ChargeFrequency is null or ChargeFrequency not in ('One-Time', 'Recurring', 'Usage-Based')",
        'pricing_category_is_allowed':
            "PricingCategory not in ('Standard', 'Dynamic', 'Committed', 'Other')",
        'service_is_of_its_category':
            "ServiceCategory <> 'AI and Machine Learning' or ServiceSubcategory not in ('AI Platforms', 'Bots', 'Generative AI', 'Machine Learning', 'Natural Language Processing', 'Other (AI and Machine Learning)')",
        'list_cost_is_price_times_quantity':
            "abs(cast(ListUnitPrice as decimal(38, 12)) * cast(PricingQuantity as decimal(38, 12)) - ListCost) > 0.000000001",
        'contracted_cost_is_price_times_quantity':
            "abs(cast(ContractedUnitPrice as decimal(38, 12)) * cast(PricingQuantity as decimal(38, 12)) - ContractedCost) > 0.000000001",
        'rows_with_a_price_have_a_sku':
            "ChargeCategory in ('Usage', 'Purchase') and (SkuId is null or SkuPriceId is null or SkuMeter is null)",
        'rows_with_a_price_have_a_quantity':
            "ChargeCategory in ('Usage', 'Purchase') and (PricingQuantity is null or PricingUnit is null)",
        'rows_with_a_price_have_unit_prices':
            "ChargeCategory in ('Usage', 'Purchase') and (ListUnitPrice is null or ContractedUnitPrice is null or PricingCategory is null)",
        'other_rows_claim_no_price':
            "ChargeCategory not in ('Usage', 'Purchase') and (ListUnitPrice is not null or ContractedUnitPrice is not null or PricingQuantity is not null or PricingUnit is not null or PricingCategory is not null or SkuId is not null or SkuPriceId is not null)",
        'usage_says_what_was_consumed':
            "ChargeCategory = 'Usage' and (ConsumedQuantity is null or ConsumedUnit is null)",
        'only_usage_says_what_was_consumed':
            "ChargeCategory <> 'Usage' and (ConsumedQuantity is not null or ConsumedUnit is not null)",
        'unit_prices_are_not_negative':
            "ListUnitPrice < 0 or ContractedUnitPrice < 0",
        'usage_is_billed_at_its_contracted_cost':
            "ChargeCategory = 'Usage' and BilledCost <> ContractedCost",
        'effective_cost_is_the_cost_of_use':
            "EffectiveCost <> case when ChargeCategory = 'Purchase' or x_ChargeKind = 'drawdown' then 0 else BilledCost end",
        'rows_without_a_price_carry_their_billed_cost':
            "ChargeCategory <> 'Usage' and x_ChargeKind <> 'drawdown' and (ListCost <> BilledCost or ContractedCost <> BilledCost)",
        'proved_costs_are_the_costs':
            "x_ListCost <> ListCost or x_ContractedCost <> ContractedCost",
        'periods_start_before_they_end':
            "not (ChargePeriodStart < ChargePeriodEnd and BillingPeriodStart < BillingPeriodEnd)",
        'names_stand_with_their_ids':
            "(SubAccountId is null) <> (SubAccountName is null) or (SubAccountId is null) <> (SubAccountType is null)",
        'tags_are_a_flat_object':
            "Tags is not null and coalesce(json_type(try_cast(Tags as json)) <> 'OBJECT' or len(list_filter(json_extract(try_cast(Tags as json), '$.*'), lambda item: json_type(item) in ('OBJECT', 'ARRAY'))) > 0, true)",
        'price_details_have_known_keys':
            "SkuPriceDetails is not null and coalesce(json_type(try_cast(SkuPriceDetails as json)) <> 'OBJECT' or len(list_filter(json_keys(try_cast(SkuPriceDetails as json)), lambda name: not starts_with(name, 'x_') and name not in ('CoreCount', 'DiskMaxIops', 'DiskSpace', 'DiskType', 'GpuCount', 'InstanceType', 'InstanceSeries', 'MemorySize', 'NetworkMaxIops', 'NetworkMaxThroughput', 'OperatingSystem', 'Redundancy', 'StorageClass'))) > 0, true)",
    }) }}
{%- endmacro %}

{# The 57 columns of FOCUS 1.2 Cost and Usage. #}
{% macro focus_columns() -%}
    {{ return([
        'AvailabilityZone', 'BilledCost', 'BillingAccountId', 'BillingAccountName', 'BillingAccountType',
        'BillingCurrency', 'BillingPeriodEnd', 'BillingPeriodStart', 'CapacityReservationId',
        'CapacityReservationStatus', 'ChargeCategory', 'ChargeClass', 'ChargeDescription', 'ChargeFrequency',
        'ChargePeriodEnd', 'ChargePeriodStart', 'CommitmentDiscountCategory', 'CommitmentDiscountId',
        'CommitmentDiscountName', 'CommitmentDiscountQuantity', 'CommitmentDiscountStatus',
        'CommitmentDiscountType', 'CommitmentDiscountUnit', 'ConsumedQuantity', 'ConsumedUnit', 'ContractedCost',
        'ContractedUnitPrice', 'EffectiveCost', 'InvoiceId', 'InvoiceIssuerName', 'ListCost', 'ListUnitPrice',
        'PricingCategory', 'PricingCurrency', 'PricingCurrencyContractedUnitPrice',
        'PricingCurrencyEffectiveCost', 'PricingCurrencyListUnitPrice', 'PricingQuantity', 'PricingUnit',
        'ProviderName', 'PublisherName', 'RegionId', 'RegionName', 'ResourceId', 'ResourceName', 'ResourceType',
        'ServiceCategory', 'ServiceName', 'ServiceSubcategory', 'SkuId', 'SkuMeter', 'SkuPriceDetails',
        'SkuPriceId', 'SubAccountId', 'SubAccountName', 'SubAccountType', 'Tags',
    ]) }}
{%- endmacro %}

{# Breaches of an export, one row per rule that some row breaks, with how many. `export` is the table of charges,
   `billed_lines` the lines it was made from; columns are known by name, so the export must be a table. #}
{% macro focus_breaches(export, billed_lines) -%}
with breaches as (

    {% for name, condition in focus_row_rules().items() -%}
    select '{{ name }}' as rule, count(*) as breaches from {{ export }} where {{ condition }}
    union all
    {% endfor -%}
    select 'rows_stand_once' as rule, count(*) - count(distinct x_ChargeId) as breaches from {{ export }}
    union all
    select 'columns_are_of_focus_or_named_x' as rule, count(*) as breaches
    from (describe {{ export }}) as columns
    where not starts_with(column_name, 'x_')
        and column_name not in ('{{ focus_columns() | join("', '") }}')
    union all
    select 'an_invoice_has_one_currency' as rule, count(*) as breaches
    from (
        select InvoiceIssuerName, InvoiceId
        from {{ export }}
        where InvoiceId is not null
        group by InvoiceIssuerName, InvoiceId
        having count(distinct BillingCurrency) > 1
    ) as mixed
    union all
    -- the payable amount of each invoice document, in its own currency
    select 'billed_cost_sums_to_the_invoice' as rule, count(*) as breaches
    from (
        select x_Channel as channel, x_Account as account, InvoiceId as invoice_id, sum(BilledCost) as export_amount
        from {{ export }}
        where InvoiceId is not null
        group by x_Channel, x_Account, InvoiceId
    ) as exported
    full join (
        select channel, account, invoice_id, sum(billed_amount) as invoice_amount
        from {{ billed_lines }}
        where document_type = 'invoice'
        group by channel, account, invoice_id
    ) as invoices
        on exported.channel = invoices.channel
        and exported.account = invoices.account
        and exported.invoice_id = invoices.invoice_id
    -- an invoice whose lines a cost export names has no document that could say more
    where invoices.invoice_id is not null and exported.export_amount is distinct from invoices.invoice_amount

)

select rule, breaches
from breaches
where breaches > 0
{%- endmacro %}
