"""Cost exports of clouds and FOCUS files: what is counted, in which unit, and which delivery holds.

Haiku 4.5 costs 1 USD per million input tokens and 5 output by a global profile of Bedrock.
"""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from exports import json_lines
from harness import Home

from dagster_project.lib.settings import PROJECT_ROOT

D = Decimal
SAMPLES = PROJECT_ROOT.parent / "shared" / "data" / "focus"
OFFICIAL, INVENTED = SAMPLES / "focus_sample_1.0_official.csv", SAMPLES / "focus_llm_200.csv"
OWN_LOG = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,id,,,
requested_at,at,,,
channel,channel,,,
account,account,,,
model_served,model,,,
usage_convention,,disjoint,,
input_tokens,in,,,
output_tokens,out,,,
status,,success,,
"""
FOCUS = {
    "BilledCost": "1.00",
    "BillingAccountId": "acme",
    "BillingAccountName": "Acme",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-09-01T00:00:00Z",
    "BillingPeriodEnd": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "Input tokens",
    "ChargePeriodStart": "2026-09-10T00:00:00Z",
    "ChargePeriodEnd": "2026-09-11T00:00:00Z",
    "ConsumedQuantity": "1000000",
    "ConsumedUnit": "Tokens",
    "ContractedCost": "1.00",
    "ContractedUnitPrice": "1.00",
    "EffectiveCost": "1.00",
    "InvoiceId": "F-1",
    "InvoiceIssuerName": "OpenAI",
    "ListCost": "1.00",
    "ListUnitPrice": "1.00",
    "PricingQuantity": "1",
    "PricingUnit": "1000000 Tokens",
    "ProviderName": "OpenAI",
    "PublisherName": "OpenAI",
    "ServiceCategory": "AI and Machine Learning",
    "ServiceName": "OpenAI API",
    "ServiceSubcategory": "Generative AI",
    "SkuId": "gpt-5-mini/input",
    "SkuMeter": "Input Tokens",
    "SkuPriceDetails": "",
    "x_ModelId": "gpt-5-mini",
}
CUR = {
    "bill_billing_entity": "AWS",
    "bill_bill_type": "Anniversary",
    "bill_invoice_id": "",
    "bill_billing_period_start_date": "2026-09-01T00:00:00Z",
    "bill_payer_account_id": "111122223333",
    "line_item_usage_account_id": "444455556666",
    "line_item_line_item_type": "Usage",
    "line_item_usage_start_date": "2026-09-10T10:00:00Z",
    "line_item_usage_end_date": "2026-09-10T11:00:00Z",
    "line_item_product_code": "AmazonBedrock",
    "line_item_usage_type": "USE1-Claude4.5Haiku-input-tokens-cross-region-global",
    "line_item_usage_amount": "2000",
    "line_item_currency_code": "USD",
    "line_item_unblended_rate": "0.001",
    "line_item_unblended_cost": "2",
    "line_item_line_item_description": "",
    "line_item_iam_principal": "arn:aws:sts::1:assumed-role/x/jane@example.com",
    "product": '{"product_name": "Amazon Bedrock", "servicename": "Amazon Bedrock"}',
    "pricing_unit": "1K tokens",
}
AZURE = {
    "BillingAccountId": "8611537",
    "BillingPeriodStartDate": "09/01/2026",
    "Date": "09/10/2026",
    "SubscriptionId": "sub-1",
    "MeterId": "m-1",
    "MeterCategory": "Azure OpenAI",
    "MeterSubCategory": "",
    "MeterName": "gpt 4o 1120 Inp glbl Tokens",
    "Product": "Azure OpenAI - gpt 4o 1120 Inp glbl - US East",
    "Quantity": "1000",
    "EffectivePrice": "0.0025",
    "UnitPrice": "0.0025",
    "UnitOfMeasure": "1K",
    "CostInBillingCurrency": "2.5",
    "BillingCurrencyCode": "USD",
    "ChargeType": "Usage",
    "ResourceLocation": "EastUS",
    "Tags": '{"owner": "jane@example.com"}',
}
GCP = {
    "billing_account_id": "0000-AAAAAA-000000",
    "service": {"id": "C7E2-9256-1C43", "description": "Vertex AI"},
    "sku": {"id": "S-1", "description": "Gemini 2.5 Flash Text Output - Predictions"},
    "usage_start_time": "2026-09-10T08:00:00Z",
    "usage_end_time": "2026-09-10T09:00:00Z",
    "project": {"id": "my-proj", "labels": [{"key": "owner", "value": "jane@example.com"}]},
    "location": {"location": "global"},
    "cost": 2.5,
    "currency": "USD",
    "usage": {"amount": 1000000.0, "unit": "count", "amount_in_pricing_units": 1000000.0,
              "pricing_unit": "count"},
    "credits": [],
    "invoice": {"month": "202609"},
    "cost_type": "regular",
}  # fmt: skip


def table(base: dict[str, str], *changes: dict[str, str]) -> str:
    """A CSV of rows that differ from a base row; a column set to '-' is not in the file."""
    rows = [{**base, **change} for change in changes]
    names = [name for name in rows[0] if rows[0][name] != "-"]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def parquet(path: Path, text: str) -> bytes:
    """The same table as Parquet, with real times and decimals."""
    source = path / "made.csv"
    source.write_text(text, encoding="utf-8")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            "copy (select * replace (cast(BilledCost as decimal(18, 6)) as BilledCost,"
            " cast(ChargePeriodStart as timestamp) as ChargePeriodStart,"
            " cast(ConsumedQuantity as double) as ConsumedQuantity) from"
            f" read_csv('{source}', all_varchar = true)) to '{path / 'made.parquet'}'"
        )
    return (path / "made.parquet").read_bytes()


def gcp(*changes: dict[str, Any]) -> str:
    return json_lines(*({**GCP, **change} for change in changes))


def gcp_parquet(folder: Path) -> bytes:
    """A row as BigQuery writes Parquet: records, and a list of them."""
    row = {**GCP, "billing_account_id": "parquet",
           "credits": [{"name": "Free", "type": "PROMOTION", "amount": -0.25}]}  # fmt: skip
    (folder / "a.json").write_text(json.dumps(row), encoding="utf-8")
    with duckdb.connect() as con:
        con.execute(f"copy (from '{folder / 'a.json'}') to '{folder / 'a.parquet'}'")
    return (folder / "a.parquet").read_bytes()


@pytest.fixture(scope="module")
def exported(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home.reference("mappings/own_log", OWN_LOG)
    home.reference("accounts", (
        "source,instance,channel,account\n"
        "focus_costs,parted,*,parts\nfocus_costs,added,openai,additions\n"
    ))  # fmt: skip
    home.drop("own_log/september.jsonl", json_lines(
        {"id": "a", "at": "2026-09-10T10:10:00Z", "channel": "aws", "account": "111122223333",
         "model": "global.anthropic.claude-haiku-4-5-20251001-v1:0", "in": 2_000_000, "out": 0},
        {"id": "b", "at": "2026-09-12T10:10:00Z", "channel": "aws", "account": "111122223333",
         "model": "global.anthropic.claude-haiku-4-5-20251001-v1:0", "in": 1_000_000, "out": 0},
    ))  # fmt: skip
    write_focus(home, tmp_path_factory.mktemp("parquet"))
    write_aws(home)
    home.drop("gcp_billing/a.jsonl", gcp(
        {"credits": [{"name": "Committed", "type": "COMMITTED_USAGE_DISCOUNT", "amount": -0.5},
                     {"name": "Free", "type": "PROMOTION", "amount": -1e-05}]},
        {"sku": {"id": "S-2", "description": "Gemini 3 Flash Text Input Caching Storage"}},
        {"cost_type": "rounding_error", "cost": -0.01, "usage": None},
        # 20:00 on 30 September in California is October in UTC
        {"usage_start_time": "2026-10-01T03:00:00Z", "usage_end_time": "2026-10-01T04:00:00Z"},
        {"service": {"description": "Cloud Storage"}, "cost": 9.0},
        {"invoice": {"month": "2026-09"}}, {"credits": [{"amount": "much"}]},
        {"credits": [{"name": "no amount"}]}, {"credits": {"amount": -1}},
    ))  # fmt: skip
    home.drop("gcp_billing/b.parquet", gcp_parquet(tmp_path_factory.mktemp("gcp")))
    home.drop("azure_costs/part_0_0001.csv", table(
        AZURE, {},
        {"MeterName": "GPT 5 Inpt Glbl 1M Tokens", "UnitOfMeasure": "1M", "Quantity": "2",
         "EffectivePrice": "1.25"},
        {"MeterName": "gpt 4o 1120 cached Inp glbl Tokens"},
    ))  # fmt: skip
    home.drop("azure_costs/part_1_0001.csv", table(
        AZURE, {"MeterName": "5.4 opt Gl 1M Tokens", "UnitOfMeasure": "1M", "Quantity": "3"},
        {"ChargeType": "RoundingAdjustment", "CostInBillingCurrency": "-0.01"},
        {"ChargeType": "Refund", "CostInBillingCurrency": "-1"},
        {"MeterCategory": "Virtual Machines", "Product": "VM", "MeterName": "D2s"},
    ))  # fmt: skip
    if OFFICIAL.exists():
        home.drop("focus_costs/official.csv", OFFICIAL.read_bytes())
        home.drop("focus_costs/llm.csv", INVENTED.read_bytes())
    home.compute()
    return home


def write_focus(home: Home, folder: Path) -> None:
    day = "2026-09-{}T00:00:00Z"
    # the month stated twice: by the tenth, and whole
    home.drop("focus_costs/2026-09-15.csv", table(FOCUS, {}, {"BilledCost": "50"}))
    home.drop("focus_costs/2026-09-30.csv", table(
        FOCUS, {},
        {"SkuMeter": "Cached input", "ContractedUnitPrice": "0.00", "ListUnitPrice": "0.00000"},
        {"SkuMeter": "", "ChargeDescription": "gpt-5-mini output", "ConsumedQuantity": "",
         "PricingQuantity": "3000", "PricingUnit": "1K tokens", "ContractedUnitPrice": "0.002"},
        {"ChargeCategory": "Tax", "BilledCost": "0.2", "SkuMeter": ""},
        {"ChargeCategory": "Purchase", "ChargeDescription": "Prepaid credits", "SkuMeter": "",
         "BilledCost": "100"},
        {"ChargeClass": "Correction", "BilledCost": "-3", "ConsumedQuantity": "-3000000",
         "ChargePeriodStart": "2026-08-14T00:00:00Z", "ChargePeriodEnd": "2026-08-15T00:00:00Z"},
        {"ServiceName": "OpenAI API", "ChargePeriodStart": day.format(20)},
    ))  # fmt: skip
    # parts of one delivery, and additions
    for part in ("00001", "00002"):
        home.drop(f"focus_costs/parts/export-{part}.csv", table(
            {**FOCUS, "BillingAccountId": "parted", "InvoiceId": "F-2"}, {"BilledCost": part[-1]}
        ))  # fmt: skip
        home.drop(f"focus_costs/added/append/{part}.csv", table(
            {**FOCUS, "BillingAccountId": "added", "InvoiceId": "F-3"}, {"BilledCost": part[-1]}
        ))  # fmt: skip
    newest = {"ServiceProviderName": "Anthropic", "ProviderName": "-", "PublisherName": "-",
              "InvoiceIssuerName": "Anthropic", "BillingAccountId": "newest",
              "InvoiceId": ""}  # fmt: skip
    home.drop("focus_costs/newest.parquet", parquet(folder, table({**FOCUS, **newest}, {})))
    home.drop("focus_costs/odd.csv", table(
        {**FOCUS, "BillingAccountId": "odd", "InvoiceId": "-", "ServiceSubcategory": "-",
         "ListCost": "0", "ChargeClass": "NULL", "ChargeFrequency": "Usage-based", "Id": "1",
         "ChargePeriodStart": "2026-09-10 00:00:00", "BillingAccountName": "-"},
        {}, {"ProviderName": "Microsoft", "ServiceName": "Azure Machine Learning"},
        {"BilledCost": "NULL"},
    ))  # fmt: skip


def write_aws(home: Home) -> None:
    market = {"bill_billing_entity": "AWS Marketplace", "line_item_product_code": "8rdv6vp6r3kk",
              "product": '{"product_name": "Claude Sonnet 4.5 (Amazon Bedrock Edition)"}',
              }  # fmt: skip
    home.drop("aws_cur/2026-09-12/a.csv", table(CUR, {"line_item_unblended_cost": "99"}))
    home.drop("aws_cur/2026-10-03/a.csv", table(
        CUR, {},
        {**market, "line_item_usage_type": "USE1-MP:USE1_output_tokens_global_standard-Units",
         "pricing_unit": "1M tokens", "line_item_usage_amount": "0.5",
         "line_item_unblended_rate": "15", "line_item_unblended_cost": "7.5"},
        {**market, "line_item_usage_type": "USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units",
         "pricing_unit": "Units"},
        {"line_item_usage_type": "USE1-NovaPro-output-tokens-batch"},
        {"line_item_usage_type": "USE1-openai.gpt-oss-120b-mantle-input-tokens-flex"},
        {"line_item_line_item_type": "Tax", "line_item_unblended_cost": "0.4"},
        {"line_item_line_item_type": "Credit", "line_item_unblended_cost": "-1"},
        {"line_item_line_item_type": "Refund", "line_item_unblended_cost": "-0.5"},
        {"line_item_line_item_type": "EdpDiscount", "line_item_unblended_cost": "-0.25"},
        {"line_item_product_code": "AmazonSageMaker", "line_item_unblended_cost": "40",
         "product": '{"product_name": "Amazon SageMaker"}',
         "line_item_usage_start_date": "2026-09-30T10:00:00Z"},
    ))  # fmt: skip


def billed(home: Home, source: str, account: str = "%") -> list[tuple[object, ...]]:
    """Billed lines of a source, in the order of the file."""
    return home.sql(
        "select charge_kind, model_key, meter, quantity::hugeint, billed_unit_price_usd,"
        f" billed_usd from marts.fct_billed_lines where source = '{source}'"
        f" and account like '{account}' order by usage_date, billed_line_id"
    )


def invoice(home: Home, account: str, columns: str) -> list[tuple[object, ...]]:
    return home.sql(
        f"select {columns} from marts.invoices where account = '{account}' order by invoice_id"
    )


# ---- FOCUS


def test_the_newest_delivery_of_a_billing_period_counts_alone(exported: Home) -> None:
    """Of two statements of September the later one: 4 of usage, not 51 more; and no old line."""
    assert invoice(exported, "acme", (
        "invoice_id, is_issuer_invoice_id, usage_amount, tax_amount, purchase_amount,"
        " adjustment_amount, payable_amount, lines, cast(billing_month as varchar)"
    )) == [
        ("F-1", True, D(4), D("0.2"), D(100), D(-3), D("101.2"), 7, "2026-09-01")
    ]  # fmt: skip


def test_focus_quantities_become_tokens_and_a_price_of_zero_is_none(exported: Home) -> None:
    model = "gpt-5-mini-2025-08-07"
    assert [line for line in billed(exported, "focus_costs", "acme") if line[0] != "tax"] == [
        ("adjustment", model, "input_uncached_tokens", -3_000_000, D("0.000001"), D(-3)),
        ("usage", model, "input_uncached_tokens", 1_000_000, D("0.000001"), D(1)),
        ("usage", model, "input_cache_read_tokens", 1_000_000, None, D(1)),
        ("usage", model, "output_tokens", 3_000_000, D("0.000002"), D(1)),
        ("purchase", model, None, None, None, D(100)),
        ("usage", model, "input_uncached_tokens", 1_000_000, D("0.000001"), D(1)),
    ]


def test_parts_of_a_delivery_and_additions_are_added(exported: Home) -> None:
    """accounts.csv gives both accounts a name of ours."""
    assert invoice(exported, "parts", "payable_amount, lines") == [(D(3), 2)]
    assert invoice(exported, "additions", "payable_amount, lines") == [(D(3), 2)]


def test_without_an_invoice_number_issuer_account_period_and_currency_name_it(
    exported: Home,
) -> None:
    assert invoice(exported, "newest", "invoice_id, is_issuer_invoice_id, channel") == [
        ("Anthropic|newest|2026-09-01|USD", False, "anthropic")
    ]


def test_a_file_that_does_not_conform_loads_and_its_gaps_are_listed(exported: Home) -> None:
    gaps = exported.sql(
        "select focus_version, column_name, rule, gap_rows from marts.focus_gaps"
        " where document_path = 'focus_costs/odd.csv' order by all"
    )
    assert gaps == [
        ("1.0", "BillingAccountName", "missing_column", 2),
        ("1.0", "ChargeClass", "literal_null", 2),
        ("1.0", "ChargeFrequency", "not_allowed_value", 2),
        ("1.0", "ChargePeriodStart", "time_format: a space in place of T", 2),
        ("1.0", "Id", "stray_column", 2),
        ("1.0", "ListCost", "zero_is_no_price", 2),
    ]
    assert exported.sql(
        "select column_name, reason_code from marts.quarantined_rows"
        " where path = 'focus_costs/odd.csv'"
    ) == [("billed_cost", "missing_value")]


def test_the_version_is_told_by_the_columns(exported: Home) -> None:
    """The newest file has a ServiceProviderName and no ProviderName; the odd one no InvoiceId."""
    assert exported.sql(
        "select distinct document_path, focus_version from marts.focus_gaps where document_path in"
        " ('focus_costs/2026-09-30.csv', 'focus_costs/newest.parquet', 'focus_costs/odd.csv')"
        " order by all"
    ) == [
        ("focus_costs/2026-09-30.csv", "1.2"),
        ("focus_costs/newest.parquet", "1.4"),
        ("focus_costs/odd.csv", "1.0"),
    ]


def test_other_services_of_a_cloud_are_listed_and_enter_nothing(exported: Home) -> None:
    assert exported.sql(
        "select channel, service_name, lines, billed_amount from marts.export_scope"
        " where not is_in_scope and document_path <> 'focus_costs/official.csv' order by all"
    ) == [
        ("aws", "AmazonSageMaker Amazon SageMaker", 1, D(40)),
        ("azure", "Azure Machine Learning", 1, D(1)),
        ("azure", "Virtual Machines", 1, D("2.5")),
        ("google", "Cloud Storage", 1, D(9)),
    ]
    assert exported.one(
        "select count(*) from marts.fct_billed_lines where billed_amount in (9, 40)"
    ) == 0  # fmt: skip


# ---- AWS


def test_bedrock_lines_are_read_in_the_unit_that_they_state(exported: Home) -> None:
    """2000 x 1K and 0.5 x 1M tokens; a bare `Units` says nothing, so the quantity is unknown."""
    haiku = "anthropic.claude-haiku-4-5-20251001-v1:0"
    sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    lines = billed(exported, "aws_cur")
    assert [line for line in lines if line[0] == "usage"] == [
        ("usage", haiku, "input_uncached_tokens", 2_000_000, D("0.000001"), D(2)),
        ("usage", sonnet, "output_tokens", 500_000, D("0.000015"), D("7.5")),
        ("usage", sonnet, "input_cache_write_1h_tokens", None, None, D(2)),
        ("usage", "amazon.nova-pro-v1:0", "output_tokens", 2_000_000, D("0.000001"), D(2)),
        ("usage", "openai.gpt-oss-120b", "input_uncached_tokens", 2_000_000, D("0.000001"), D(2)),
    ]
    assert exported.sql(
        "select processing, service_tier, geo from marts.fct_billed_lines where source = 'aws_cur'"
        " and charge_kind = 'usage' order by billed_line_id"
    ) == [
        ("realtime", None, "global"),
        ("realtime", "standard", "global"),
        ("realtime", None, "global"),
        ("batch", None, None),
        ("realtime", "flex", None),
    ]


def test_a_month_of_aws_that_is_not_final_has_no_invoice_number_of_theirs(exported: Home) -> None:
    assert invoice(exported, "111122223333", (
        "invoice_id, is_issuer_invoice_id, usage_amount, tax_amount, credit_amount,"
        " refund_amount, adjustment_amount, payable_amount"
    )) == [
        ("AWS Marketplace|111122223333|2026-09-01|USD", False, D("9.5"), D(0), D(0), D(0), D(0),
         D("9.5")),
        ("AWS|111122223333|2026-09-01|USD", False, D(6), D("0.4"), D(-1), D("-0.5"), D("-0.25"),
         D("4.65")),
    ]  # fmt: skip


def test_an_export_bills_the_days_it_covers_those_without_a_line_too(exported: Home) -> None:
    """2 USD tie on the tenth. On the twelfth 1 USD was used and the report, which reaches the
    thirtieth by a line of another service, bills none of it."""
    assert exported.sql(
        "select cast(usage_date as varchar), residual_code, sum(residual_usd) from"
        " marts.reconciliation_lines where channel = 'aws' and model_key like '%haiku%'"
        " group by all order by all"
    ) == [
        ("2026-09-10", "matched", D(0)),
        # the agreed discount names the model and no meter
        ("2026-09-10", "unmapped", D("-0.25")),
        ("2026-09-12", "used_not_billed", D(-1)),
    ]


# ---- Google and Azure


def test_google_credits_are_lines_of_their_own(exported: Home) -> None:
    """Two rows of 2.50 in September, one of the next day in UTC on the same invoice."""
    assert invoice(exported, "0000-AAAAAA-000000", (
        "usage_amount, adjustment_amount, credit_amount, payable_amount, lines"
    )) == [(D("7.5"), D("-0.51"), D("-0.00001"), D("6.98999"), 6)]  # fmt: skip
    assert exported.sql(
        "select cast(usage_date as varchar), cast(billing_month as varchar), meter, quantity::int,"
        " model_key from marts.fct_billed_lines where account = '0000-AAAAAA-000000'"
        " and charge_kind = 'usage' order by all"
    ) == [
        ("2026-09-10", "2026-09-01", "output_tokens", 1_000_000, "gemini-2.5-flash"),
        ("2026-09-10", "2026-09-01", "unmapped", 1_000_000, None),
        ("2026-10-01", "2026-10-01", "output_tokens", 1_000_000, "gemini-2.5-flash"),
    ]


def test_records_of_a_parquet_file_are_read(exported: Home) -> None:
    assert invoice(exported, "parquet", "usage_amount, credit_amount") == [(D("2.5"), D("-0.25"))]


def test_a_credit_without_an_amount_and_a_month_of_another_form_go_to_quarantine(
    exported: Home,
) -> None:
    assert exported.sql(
        "select row_number, column_name, reason_code from marts.quarantined_rows"
        " where path = 'gcp_billing/a.jsonl' order by 1"
    ) == [
        (6, "invoice_month", "not_allowed_value"),
        (7, "credits", "not_a_number"),
        (8, "credits", "not_a_number"),
        (9, "credits", "not_a_number"),
    ]


def test_azure_quantities_are_read_in_the_unit_of_their_meter(exported: Home) -> None:
    """Both parts of the export count."""
    assert sorted(billed(exported, "azure_costs"), key=str) == sorted([
        ("usage", "gpt-4o-2024-11-20", "input_uncached_tokens", 1_000_000, D("0.0000025"),
         D("2.5")),
        ("usage", "gpt-5-2025-08-07", "input_uncached_tokens", 2_000_000, D("0.00000125"),
         D("2.5")),
        ("usage", "gpt-4o-2024-11-20", "input_cache_read_tokens", 1_000_000, D("0.0000025"),
         D("2.5")),
        ("usage", "gpt-5.4-2026-03-05", "output_tokens", 3_000_000, D("0.0000000025"), D("2.5")),
        ("adjustment", "gpt-4o-2024-11-20", "unmapped", None, None, D("-0.01")),
        ("refund", "gpt-4o-2024-11-20", None, None, None, D(-1)),
    ], key=str)  # fmt: skip


def test_no_person_of_an_export_reaches_the_warehouse(exported: Home) -> None:
    for path in exported.settings.warehouse.parent.iterdir():
        assert b"jane@example.com" not in path.read_bytes()


def test_published_samples_load_whole(exported: Home) -> None:
    """The official FOCUS 1.0 sample has no language model; its gaps were counted in the file."""
    if not OFFICIAL.exists():
        pytest.skip("the samples (../shared/data/focus) are not on this machine")
    assert exported.sql(
        "select document_path, is_in_scope, sum(lines)::int from marts.export_scope"
        " where document_path in ('focus_costs/official.csv', 'focus_costs/llm.csv')"
        " group by all order by all"
    ) == [("focus_costs/llm.csv", True, 200), ("focus_costs/official.csv", False, 1000)]
    gaps = {
        (column, rule): rows
        for column, rule, rows in exported.sql(
            "select column_name, rule, gap_rows from marts.focus_gaps"
            " where document_path = 'focus_costs/official.csv'"
        )
    }
    assert gaps["Tags", "literal_null"] == 289
    assert gaps["Id", "stray_column"] == 1000
    assert gaps["BillingPeriodStart", "time_format: a space in place of T"] == 1000
    with INVENTED.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for invoice_id in ("INV-EXA-202509", "INV-SAM-202509"):
        wanted = sum(D(row["BilledCost"]) for row in rows if row["InvoiceId"] == invoice_id)
        assert exported.sql(
            f"select payable_amount from marts.invoices where invoice_id = '{invoice_id}'"
        ) == [(wanted,)]
    assert exported.sql(
        "select distinct charge_kind from marts.fct_billed_lines where invoice_id like 'INV-%'"
        " order by all"
    ) == [("adjustment",), ("credit",), ("purchase",), ("tax",), ("usage",)]
