"""Cost and usage in the FinOps FOCUS shape, of any version and any issuer: CSV or Parquet.

Few exports conform, so a file is taken as long as it says what, when and how much; what it lacks
is kept beside the rows (null_words, time_form, columns_in_file) and listed by the mart focus_gaps.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, bind
from dagster_project.sources.base import Layout, Source, texts

# column of ours, alternatives in the file: the newest version's name first
PLAIN = (
    ("billing_account_id", "BillingAccountId"),
    ("sub_account_id", "SubAccountId"),
    ("charge_category", "ChargeCategory"),
    ("charge_class", "ChargeClass"),
    ("charge_description", "ChargeDescription"),
    ("charge_frequency", "ChargeFrequency"),
    ("commitment_discount_id", "CommitmentDiscountId"),
    ("consumed_unit", "ConsumedUnit"),
    ("pricing_unit", "PricingUnit"),
    ("invoice_id", "InvoiceId"),
    ("invoice_issuer", "InvoiceIssuerName", "InvoiceIssuer"),
    ("provider_name", "ServiceProviderName", "ProviderName", "Provider"),
    ("service_category", "ServiceCategory"),
    ("service_subcategory", "ServiceSubcategory"),
    ("service_name", "ServiceName"),
    ("region_id", "RegionId"),
    ("sku_id", "SkuId"),
    ("sku_meter", "SkuMeter", "x_SkuMeterName", "x_UsageType"),
    ("model_id", "x_ModelId"),
    ("api_key_id", "x_ApiKeyId", "CredentialId"),
    ("service_tier", "x_ServiceTier"),
)
AMOUNTS = (
    ("consumed_quantity", "ConsumedQuantity"),
    ("pricing_quantity", "PricingQuantity"),
    ("list_unit_price", "ListUnitPrice"),
    ("contracted_unit_price", "ContractedUnitPrice"),
    ("list_cost", "ListCost"),
    ("contracted_cost", "ContractedCost"),
    ("effective_cost", "EffectiveCost"),
)
TIMES = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
DETAILS = (
    ("details_model_id", "x_ModelId|ModelId"),
    ("token_direction", "x_TokenDirection|TokenDirection"),
    ("token_cache_action", "x_TokenCacheAction|TokenCacheAction"),
    ("token_type", "x_TokenType|TokenType"),
)
HOLDS_NULL = (
    *(name for _, *names in (*PLAIN, *AMOUNTS) for name in names),
    *("AvailabilityZone", "CommitmentDiscountCategory", "CommitmentDiscountName"),
    *("CommitmentDiscountStatus", "CommitmentDiscountType", "ResourceId", "ResourceName"),
    *("ResourceType", "SkuPriceId", "Tags", "PricingCategory", "SubAccountName"),
)

SOURCE = Source(
    name="focus_costs",
    raw_table="focus_costs",
    policy="aggregate",
    columns=(
        Column("charge_start_at", "timestamp", required=True),
        Column("charge_end_at", "timestamp"),
        Column("period_start_at", "timestamp"),
        Column("period_end_at", "timestamp"),
        Column("billed_cost", "money", required=True),
        Column("billing_currency", required=True),
        *texts(*(name for name, *_ in PLAIN)),
        *(Column(name, "money") for name, _ in AMOUNTS),
        *texts(*(name for name, _ in DETAILS)),
        Column("null_words", "json_list"),
        Column("time_form"),
        Column("columns_in_file", "json_list"),
    ),
    keys=("charge_start_at", "billed_cost"),
    day_columns=("charge_start_at",),
    layouts=(
        Layout(
            formats=("csv", "parquet"),
            marks=frozenset({"BilledCost", "BillingCurrency", "ChargePeriodStart"}),
            bindings=(
                bind("charge_start_at", "ChargePeriodStart", transform="filled", in_file=True),
                bind("charge_end_at", "ChargePeriodEnd", transform="filled"),
                bind("period_start_at", "BillingPeriodStart", transform="filled"),
                bind("period_end_at", "BillingPeriodEnd", transform="filled"),
                bind("billed_cost", "BilledCost", transform="filled", in_file=True),
                bind("billing_currency", "BillingCurrency", transform="filled", in_file=True),
                *(bind(name, *paths, transform="filled") for name, *paths in (*PLAIN, *AMOUNTS)),
                *(bind(name, "SkuPriceDetails", transform=f"key:{keys}") for name, keys in DETAILS),
                bind("null_words", *HOLDS_NULL, transform="null_words"),
                bind("time_form", *TIMES, transform="time_form"),
                bind("columns_in_file", transform="column_names"),
            ),
        ),
    ),
)
