"""A month of two accounts with figures made by hand, published with the real finance marts.

The marts below them are made from their contracts and hold the rows given here; the finance marts
are the real models, rendered with the real macros.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal as D  # noqa: N817  (a column of figures)
from pathlib import Path
from typing import Any

import duckdb
import yaml
from reports_snapshot import REPORT_MODELS, report_sql

PROJECT = Path(__file__).resolve().parents[2]
MARTS = PROJECT / "dbt" / "models" / "marts"
RESIDUAL_CODES = PROJECT / "dbt" / "seeds" / "residual_codes.csv"
# In the order of their references.
FINANCE_MODELS = (
    "report_finance_bridges",
    "report_finance_cover",
    "report_finance_lines",
    "report_finance_residuals",
    "report_finance_disputes",
    "report_finance_accruals",
    "report_finance_rates",
    "report_finance_totals",
)
GIVEN = (
    "payable_bridges",
    "reconciliation_lines",
    "reconciliation_months",
    "reconciliation_evidence",
    "dispute_lines",
    "implied_rates",
    "rate_proposals",
    "close_states",
    "residual_matches",
    "accruals",
    "journal_lines",
    "restatement_journal",
    "invoices",
    "prepaid_balances",
    "focus_invoice_verdicts",
    "fct_charge_lines",
    "rate_card",
    "report_snapshot",
    "report_coverage_months",
    "report_unit_costs",
)

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
COMMAND = "=cmd|'/C calc'!A0"
# What a spreadsheet takes for a formula, each in another column of text.
STARTS = ("=1+1", "+1", "-1", "@SUM(1)", "\tTAB", "\rRETURN")
SCRIPT = "<script>alert('x')</script>"

OPENAI = {"channel": "openai", "account": "default", "month": SEPTEMBER}
ODD = {"channel": "anthropic", "account": COMMAND, "month": SEPTEMBER}


def _step(of: dict[str, Any], no: int, step: str, amount: str) -> dict[str, Any]:
    is_total = step in ("computed", "billed", "payable")
    return {**of, "step_no": no, "step": step, "amount_usd": D(amount), "is_total": is_total,
            "meaning": f"What {step} is."}  # fmt: skip


def _line(
    of: dict[str, Any], name: str, code: str, amounts: tuple[str, str, str], **more: Any
) -> Any:
    computed, billed, residual = amounts
    return {**of, "reconciliation_line_id": name, "residual_code": code, "model_key": "gpt-5",
            "meter": name, "processing": "realtime", "currency": "USD", "line_no": 1,
            "computed_quantity": 1000, "billed_quantity": D(1000),
            "computed_cost_usd": D(computed), "billed_usd": D(billed), "residual_usd": D(residual),
            "is_lower_bound": False, "finding": f"Line {name}.", "action": "Look.",
            **more}  # fmt: skip


def _charge(name: str, cost: str | None, **more: Any) -> dict[str, Any]:
    return {"channel": "openai", "account": "default", "usage_date": date(2026, 9, 3),
            "provider": "openai", "model_key": name, "meter": "output_tokens", "quantity": D(7),
            "unit_price_usd": D("0.000000000025"), "cost_usd": None if cost is None else D(cost),
            "charge_origin": "call", "rate_id": "r1", **more}  # fmt: skip


# 10.004 + 0.003 + 1.004 = 11.011 billed; 13.00 payable. In cents 10.00 + 0.00 + 1.01 = 11.01: the
# steps have 0.003 and 1.004 to share 1.01, and the largest takes what the totals' rounding adds.
ROWS: dict[str, list[dict[str, Any]]] = {
    "payable_bridges": [
        _step(OPENAI, 1, "computed", "10.004"),
        _step(OPENAI, 2, "rounding", "0.003"),
        _step(OPENAI, 3, "rate_region", "1.004"),
        _step(OPENAI, 4, "billed", "11.011"),
        _step(OPENAI, 5, "payable", "13"),
        _step(ODD, 1, "computed", "5.555"),
        _step(ODD, 2, "not_billed", "-5.555"),
    ],
    "reconciliation_lines": [
        _line(OPENAI, "a", "rate_region", ("5", "5.502", "0.502")),
        _line(OPENAI, "b", "rate_region", ("5.004", "5.506", "0.502")),
        _line(OPENAI, "c", "rounding", ("0", "0.003", "0.003"), billed_quantity=None),
        _line(ODD, "d", "not_billed", ("5.555", "0", "-5.555"), model_key=COMMAND,
              meter=STARTS[1], processing=STARTS[2], finding=STARTS[3], action=STARTS[4]),
    ],
    "reconciliation_months": [
        {**OPENAI, "currency": "USD", "status": "drift", "computed_cost_usd": D("10.004"),
         "billed_usd": D("11.011"), "payable_usd": D(13), "difference_usd": D("1.007"),
         "unexplained_usd": D(0), "breached_codes": "rate_region", "is_lower_bound": False},
        {**ODD, "currency": "USD", "status": "not_billed", "computed_cost_usd": D("5.555"),
         "difference_usd": D("-5.555"), "unexplained_usd": D(0), "is_lower_bound": True},
    ],
    "close_states": [
        {**OPENAI, "state": "closed", "reviewed_by": "Ada", "reviewed_at": "2026-10-02 09:00",
         "closed_by": SCRIPT, "closed_at": "2026-10-03 10:30", "rate_card_version": "v1",
         "evidence_hash": "h1", "current_evidence_hash": "h2", "is_evidence_unchanged": False,
         "changed_evidence": "bills", "note": STARTS[5]},
    ],
    "residual_matches": [
        {**OPENAI, "reconciliation_line_id": "a", "residual_code": "rate_region",
         "residual_usd": D("0.502"), "match_state": "confirmed", "decided_by": "Ada",
         "decided_at": "2026-10-02 09:00", "note": STARTS[0], "is_over_tolerance": True},
        {**OPENAI, "reconciliation_line_id": "b", "residual_code": "rate_region",
         "residual_usd": D("0.502"), "match_state": "suggested", "is_over_tolerance": True},
    ],
    "dispute_lines": [
        {**of, "dispute_no": no, "reconciliation_line_id": line, "residual_code": "rate_region",
         "model_key": COMMAND, "meter": "output_tokens", "billed_usd": D("5.5"),
         "expected_usd": D(5), "disputed_usd": D(claim), "billed_quantity": D(1000),
         "expected_quantity": D(1000), "billed_unit_price_usd": D("0.0000165"),
         "expected_unit_price_usd": D("0.000015"), "document_path": "openai_costs/a.json",
         "document_row": 7, "deciding_document": STARTS[3], "claim": "Too much."}
        for of, no, line, claim in (
            (OPENAI, 1, "a", "0.505"), (OPENAI, 2, "b", "0.505"), (ODD, 1, "d", "2.25"),
        )
    ],
    "reconciliation_evidence": [
        {"reconciliation_line_id": "a", "evidence_no": 1, "evidence_kind": "billed_line",
         "evidence_id": "x", "document_path": STARTS[0], "row_number": 7, "amount_usd": D("5.502")},
    ],
    # 3 x 33.335 = 100.005, which is 100.01: two of the three get the cent above
    "accruals": [
        {**ODD, "cost_center": center, "basis": "not_billed", "accrued_usd": D("33.335"),
         "reversal_month": OCTOBER, "reversed_usd": D("-33.335"), "expense_account": "6000",
         "is_recorded": False}
        for center in ("a", "b", None)
    ],
    "journal_lines": [
        {**OPENAI, "entry_id": "e1", "source_entry_id": "e1", "line_no": no, "debit_usd": D(debit),
         "credit_usd": D(credit), "posting_date": date(2026, 9, 30), "entry_kind": "invoice",
         "ledger_account": account, "description": STARTS[2], "is_recorded": False}
        for no, account, debit, credit in ((1, "6000", "13", "0"), (2, "2000", "0", "13"))
    ],
    "invoices": [
        {"channel": "openai", "account": "default", "invoice_id": STARTS[0], "currency": "USD",
         "billing_month": SEPTEMBER, "usage_amount": D(12), "tax_amount": D(1),
         "payable_amount": D(13), "payable_usd": D(13), "lines": 2,
         "document_path": "invoice_lines/a.csv"},
    ],
    # 3.335 + 3.335 + 3.334 = 10.004: 10.00, so one of them gets the cent
    "fct_charge_lines": [
        _charge("gpt-5", "3.335"), _charge(COMMAND, "3.335"), _charge(SCRIPT, "3.334"),
        _charge("unknown", None, unit_price_usd=None, rate_id=None, unpriced_reason="no_price"),
    ],
    "rate_card": [{"rate_id": "r1", "source": "price page", "read_on": "2026-09-01"}],
    "report_snapshot": [
        {"first_usage_date": SEPTEMBER, "last_usage_date": date(2026, 9, 30), "usage_rows": 4,
         "rate_card_versions": "v1", "landed_files": 1, "open_lines": 4,
         "outcomes_as_of_at": datetime(2026, 10, 2, 12)},  # noqa: DTZ001
    ],
    "report_unit_costs": [
        {"unit": "feature", "class": SCRIPT, "period_grain": "month", "period_start": SEPTEMBER,
         "in_scope": True, "unit_order": 1, "denominator": 4,
         "computed_direct_unit_cost_usd": D("2.5"), "trued_up_cost_usd": D(11),
         "trued_up_status": "trued_up", "is_lower_bound": False, "is_provisional": False},
    ],
}  # fmt: skip


def contracts() -> dict[str, dict[str, str]]:
    """Return {mart: {column: type}} of every contracted mart."""
    found = {}
    for path in MARTS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            found[model["name"]] = {c["name"]: c["data_type"] for c in model.get("columns") or []}
    return found


def build_books(path: Path) -> Path:
    """Write the snapshot to `path`."""
    types = contracts()
    types.setdefault("rate_card", {"rate_id": "varchar", "source": "varchar", "read_on": "date"})
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute("create schema reference")
        con.execute(
            "create table reference.residual_codes as select * from read_csv($file)",
            {"file": str(RESIDUAL_CODES)},
        )
        for mart in GIVEN:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types[mart].items())
            con.execute(f"create table marts.{mart} ({columns})")
            for row in ROWS.get(mart, []):
                names = ", ".join(f'"{name}"' for name in row)
                places = ", ".join(f"${name}" for name in row)
                con.execute(f"insert into marts.{mart} ({names}) values ({places})", row)
        for model in FINANCE_MODELS:
            assert (REPORT_MODELS / f"{model}.sql").exists()
            con.execute(f"create table marts.{model} as {report_sql(model)}")
    return path
