{# The columns of FOCUS 1.0 to 1.4, and those of identity that 1.5 drafts. #}
{% macro focus_known_columns() -%}
    [
        'AllocatedMethodDetails', 'AllocatedMethodId', 'AllocatedResourceId', 'AllocatedResourceName',
        'AllocatedTags', 'AvailabilityZone', 'BilledCost', 'BillingAccountId', 'BillingAccountName',
        'BillingAccountType', 'BillingCurrency', 'BillingPeriodEnd', 'BillingPeriodStart',
        'CapacityReservationId', 'CapacityReservationStatus', 'ChargeCategory', 'ChargeClass',
        'ChargeDescription', 'ChargeFrequency', 'ChargePeriodEnd', 'ChargePeriodStart',
        'CommitmentDiscountCategory', 'CommitmentDiscountId', 'CommitmentDiscountName',
        'CommitmentDiscountQuantity', 'CommitmentDiscountStatus', 'CommitmentDiscountType',
        'CommitmentDiscountUnit', 'ConsumedQuantity', 'ConsumedUnit', 'ContractApplied', 'ContractedCost',
        'ContractedUnitPrice', 'CredentialDetails', 'CredentialId', 'EffectiveCost', 'HostProviderName',
        'InvoiceDetailId', 'InvoiceId', 'InvoiceIssuerName', 'ListCost', 'ListUnitPrice',
        'PricingCategory', 'PricingCurrency', 'PricingCurrencyContractedUnitPrice',
        'PricingCurrencyEffectiveCost', 'PricingCurrencyListUnitPrice', 'PricingQuantity', 'PricingUnit',
        'PrincipalId', 'ProviderName', 'PublisherName', 'RegionId', 'RegionName', 'ResourceId',
        'ResourceName', 'ResourceType', 'ServiceCategory', 'ServiceName', 'ServiceProviderName',
        'ServiceSubcategory', 'SkuId', 'SkuMeter', 'SkuPriceDetails', 'SkuPriceId', 'SubAccountId',
        'SubAccountName', 'SubAccountType', 'Tags'
    ]
{%- endmacro %}
