"""A small published snapshot with figures made by hand, for the tests of the reports.

The marts that the pipeline builds are written as rows; the report marts are built from the real
models, rendered with the real macros, so that a change of a model changes what is tested.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

PROJECT = Path(__file__).resolve().parents[2]
REPORT_MODELS = PROJECT / "dbt" / "models" / "marts" / "reports"

# In the order of their references.
MODELS = (
    "report_spend_months",
    "report_unit_costs",
    "report_reconciliation_codes",
    "report_reconciliation_open_lines",
    "report_coverage_months",
    "report_quarantine",
    "report_data_quality",
    "report_snapshot",
)

SCHEMAS = {"residual_codes": "reference", "int_outcome_as_of": "intermediate"}

SCRIPT = "<script>alert('x')</script>"
FORMULA = "=HYPERLINK(0)"

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)

UNIT_COST_COLUMNS = """
    period_grain varchar, period_start date, {name} varchar, in_scope boolean, scope_rule varchar,
    computed_cost_usd decimal(38, 18), trued_up_cost_usd decimal(38, 18), trued_up_status varchar,
    {denominators}
    computed_direct_unit_cost_usd decimal(38, 12), computed_loaded_unit_cost_usd decimal(38, 12),
    trued_up_direct_unit_cost_usd decimal(38, 12), trued_up_loaded_unit_cost_usd decimal(38, 12),
    match_coverage_ratio double, price_coverage_ratio double, requests bigint,
    unpriced_requests bigint, is_lower_bound boolean, is_provisional boolean
"""

TABLES = {
    "marts.cost_per_feature": UNIT_COST_COLUMNS.format(
        name="feature", denominators="feature_requests bigint,"
    ),
    "marts.cost_per_active_user": UNIT_COST_COLUMNS.format(
        name="user_class", denominators="active_users bigint,"
    ),
    "marts.cost_per_resolved_ticket": UNIT_COST_COLUMNS.format(
        name="resolution_kind",
        denominators="resolved_final bigint, resolved_provisional bigint,",
    ),
    "marts.cost_per_successful_task": UNIT_COST_COLUMNS.format(
        name="task_type",
        denominators="concluded_tasks bigint, successful_tasks bigint, task_success_ratio double,",
    ),
    "marts.cost_per_conversion": UNIT_COST_COLUMNS.format(
        name="conversion_type",
        denominators="conversions_final bigint, conversions_provisional bigint,",
    ),
    "marts.fct_llm_calls": """
        usage_date date, feature varchar, cost_usd decimal(38, 18), unpriced_reason varchar,
        has_unconfirmed_price boolean, rate_card_version varchar
    """,
    "marts.fct_outcomes": "outcome_id varchar, is_counted boolean",
    "marts.landed_files": """
        source varchar, account_label varchar, path varchar, status varchar, reason varchar,
        rows_in bigint, rows_loaded bigint, rows_quarantined bigint, first_day date, last_day date,
        control_totals varchar
    """,
    "marts.quarantined_rows": """
        source varchar, account_label varchar, path varchar, row_number bigint,
        column_name varchar, reason_code varchar, reason varchar, value_hint varchar
    """,
    "marts.unpriced_usage": """
        channel varchar, account varchar, model_served varchar, model_key varchar,
        processing varchar, service_tier varchar, geo varchar, unpriced_reason varchar,
        usage_rows bigint, requests bigint, total_tokens bigint, at_risk_usd decimal(38, 18),
        first_date date, last_date date,
        suggestion varchar
    """,
    "marts.fct_billed_lines": "billed_usd decimal(38, 18), billed_currency varchar",
    "marts.data_coverage": """
        channel varchar, account varchar, usage_date date, has_call_log boolean,
        has_provider_usage boolean, has_bill boolean, ledger varchar, is_ledger_ruled boolean,
        call_log_sources bigint, usage_rows bigint, unpriced_usage_rows bigint,
        cost_usd decimal(38, 18)
    """,
    "marts.reconciliation_lines": """
        reconciliation_line_id varchar, channel varchar, account varchar, month date,
        usage_date date, bill varchar, api_key_id varchar, model_key varchar, meter varchar,
        processing varchar, line_no bigint, residual_code varchar, currency varchar,
        computed_quantity decimal(38, 0), provider_usage_quantity decimal(38, 0),
        billed_quantity decimal(38, 18), computed_cost_usd decimal(38, 18),
        billed_usd decimal(38, 18), residual_usd decimal(38, 18),
        card_unit_price_usd decimal(28, 18), is_explained boolean, is_proved boolean,
        is_lower_bound boolean, finding varchar, meaning varchar, action varchar
    """,
    "marts.reconciliation_tolerances": """
        channel varchar, account varchar, month date, currency varchar, tolerance varchar,
        sort_order bigint, moved_usd decimal(38, 18), moved_ratio double,
        billed_usage_usd decimal(38, 18), tolerance_pct decimal(9, 4), limit_usd decimal(38, 18),
        moved_tokens decimal(38, 6), limit_tokens decimal(38, 6), lines bigint,
        residual_codes varchar, is_breached boolean, breached_codes varchar, meaning varchar
    """,
    "marts.focus_invoice_verdicts": """
        channel varchar, account varchar, month date, invoice_id varchar, currency varchar,
        payable_amount decimal(38, 18), compared_with varchar, compared_currency varchar,
        variance_amount decimal(38, 18), focus_tolerance_amount decimal(38, 18),
        is_within_focus_tolerance boolean, limit_amount decimal(38, 18), is_within_limit boolean,
        outcome varchar
    """,
    "marts.reconciliation_months": """
        channel varchar, account varchar, month date, currency varchar,
        computed_cost_usd decimal(38, 18), billed_usd decimal(38, 18),
        payable_usd decimal(38, 18), difference_usd decimal(38, 18),
        explained_usd decimal(38, 18), unexplained_usd decimal(38, 18), difference_ratio double,
        status varchar, breached_codes varchar, largest_line varchar,
        largest_line_usd decimal(38, 18), is_lower_bound boolean
    """,
    "marts.outcome_entities": """
        subject_type varchar, last_resolved_at timestamp, closed_at timestamp
    """,
    "marts.outcome_months": "month date, outcomes bigint",
    "marts.outcome_restatements": "month date, change bigint, closed_at timestamp",
    "intermediate.int_outcome_as_of": "as_of_at timestamp, as_of_date date",
}


def unit_cost_row(name: str, start: date, costs: tuple[str, ...] | None, **values: Any) -> Any:
    """Return one row of a unit-cost mart; `costs` are the unit costs in the marts' order."""
    row: dict[str, Any] = {
        "period_grain": "month",
        "period_start": start,
        "class": name,
        "in_scope": True,
        "trued_up_status": "trued_up",
        "match_coverage_ratio": 0.875,
        "price_coverage_ratio": 1.0,
        "requests": 0,
        "unpriced_requests": 0,
        "is_lower_bound": False,
        "is_provisional": False,
    }
    if costs is not None:
        names = ("computed_direct", "computed_loaded", "trued_up_direct", "trued_up_loaded")
        row |= {
            f"{basis}_unit_cost_usd": Decimal(cost)
            for basis, cost in zip(names, costs, strict=True)
        }
    return row | values


def money(computed: str, trued_up: str) -> dict[str, Decimal]:
    """Return the two amounts of spend of a row."""
    return {"computed_cost_usd": Decimal(computed), "trued_up_cost_usd": Decimal(trued_up)}


# September: 10 + 1 + 2 + 0 = 13 USD computed and 12 + 1 + 2 + 0.5 = 15.5 USD trued-up.
FEATURES = [
    unit_cost_row(SCRIPT, SEPTEMBER, ("2.5", "3", "3", "3.5"), **money("10", "12"),
                  feature_requests=4, requests=4),
    unit_cost_row(FORMULA, SEPTEMBER, ("0.5", "0.5", "0.5", "0.5"), **money("1", "1"),
                  feature_requests=2, requests=2, unpriced_requests=1, is_lower_bound=True),
    unit_cost_row("batch", SEPTEMBER, None, **money("2", "2"), feature_requests=0),
    unit_cost_row("unattributed", SEPTEMBER, None, **money("0", "0.5"), feature_requests=0),
    unit_cost_row(SCRIPT, OCTOBER, ("1", "1", "1", "1"), **money("3", "3"), feature_requests=3,
                  requests=3, is_provisional=True, trued_up_status="accrued"),
    *(
        unit_cost_row(SCRIPT, start, (cost, cost, cost, cost), period_grain="week",
                      **money("1", "1"), feature_requests=1, requests=1)
        for start, cost in ((date(2026, 9, 7), "0.000001234567"), (date(2026, 9, 14), "2.25"))
    ),
]  # fmt: skip
USERS = [
    unit_cost_row("end_user", SEPTEMBER, ("0.125", "0.125", "0.15", "0.15"), **money("5", "6"),
                  active_users=40),
    unit_cost_row("internal_user", SEPTEMBER, None, **money("8", "9.5"), active_users=0,
                  in_scope=False, scope_rule="internal_user"),
]  # fmt: skip
TICKETS = [
    unit_cost_row("ai_confirmed", SEPTEMBER, ("0.5", "0.5", "0.5", "0.5"), **money("5", "5"),
                  resolved_final=8, resolved_provisional=2, is_provisional=True),
]  # fmt: skip
TASKS = [
    unit_cost_row("draft", SEPTEMBER, ("1", "1", "1", "1"), **money("13", "15.5"),
                  concluded_tasks=20, successful_tasks=13, task_success_ratio=0.65),
]  # fmt: skip

CALLS = [
    {"usage_date": date(2026, 9, 1), "feature": SCRIPT, "cost_usd": Decimal(13)},
    {"usage_date": date(2026, 9, 30), "feature": FORMULA, "unpriced_reason": "unknown_model"},
    {"usage_date": date(2026, 10, 2), "feature": SCRIPT, "cost_usd": Decimal(3)},
]

PAIR = {
    "channel": "openai", "account": "default", "month": SEPTEMBER, "currency": "USD",
    "usage_date": date(2026, 9, 10), "bill": "cost_report", "model_key": SCRIPT,
    "meter": "output_tokens", "is_lower_bound": False,
}  # fmt: skip
UNBILLED = {
    **PAIR, "month": OCTOBER, "usage_date": date(2026, 10, 2), "bill": "none",
    "residual_code": "not_billed", "line_no": 1,
}  # fmt: skip
# 13 computed + 2.504 unlogged - 0.004 rounding = 15.5 billed.
LINES = [
    {**PAIR, "reconciliation_line_id": "a", "line_no": 1, "residual_code": "rounding",
     "computed_quantity": 1000, "computed_cost_usd": Decimal(13), "billed_usd": Decimal("15.5"),
     "residual_usd": Decimal("-0.004")},
    {**PAIR, "reconciliation_line_id": "b", "line_no": 2, "residual_code": "unlogged",
     "computed_quantity": 0, "computed_cost_usd": Decimal(0), "billed_usd": Decimal(0),
     "billed_quantity": Decimal(0), "residual_usd": Decimal("2.504"),
     "meaning": "Billed usage that the call log does not hold.", "action": "Map the key."},
    {**UNBILLED, "reconciliation_line_id": "c", "computed_cost_usd": Decimal(3),
     "billed_usd": Decimal(0), "residual_usd": Decimal(-3)},
]  # fmt: skip
MONTHS = [
    {"channel": "openai", "account": "default", "month": SEPTEMBER, "currency": "USD",
     "computed_cost_usd": Decimal(13), "billed_usd": Decimal("15.5"),
     "difference_usd": Decimal("2.5"), "explained_usd": Decimal("2.5"),
     "unexplained_usd": Decimal(0), "difference_ratio": 0.161290323, "status": "drift",
     "breached_codes": "unlogged", "largest_line": f"unlogged 2026-09-10 {SCRIPT} output_tokens",
     "largest_line_usd": Decimal("2.504"), "is_lower_bound": True},
    {"channel": "openai", "account": "default", "month": OCTOBER, "currency": "USD",
     "computed_cost_usd": Decimal(3), "difference_usd": Decimal(-3),
     "explained_usd": Decimal(-3), "unexplained_usd": Decimal(0), "status": "not_billed",
     "is_lower_bound": False},
]  # fmt: skip

VERDICTS = [
    {"channel": "openai", "account": "default", "month": SEPTEMBER, "invoice_id": "OAI-1",
     "currency": "USD", "payable_amount": Decimal("16.62"), "compared_with": "cost_report",
     "compared_currency": "USD", "variance_amount": Decimal("0.12"),
     "focus_tolerance_amount": Decimal(1), "is_within_focus_tolerance": True,
     "limit_amount": Decimal("0.01562"), "is_within_limit": False, "outcome": "fail"},
]  # fmt: skip

TOLERANCES = [
    {"channel": "openai", "account": "default", "month": SEPTEMBER, "currency": "USD",
     "tolerance": "coverage", "sort_order": 4, "moved_usd": Decimal("2.504"),
     "moved_ratio": 0.161548387, "billed_usage_usd": Decimal("15.5"),
     "tolerance_pct": Decimal(1), "limit_usd": Decimal("0.155"), "lines": 1,
     "residual_codes": "unlogged", "is_breached": True, "breached_codes": "unlogged"},
    {"channel": "openai", "account": "default", "month": SEPTEMBER, "currency": "USD",
     "tolerance": "rounding", "sort_order": 1, "moved_usd": Decimal("0.004"),
     "moved_ratio": 0.000258065, "billed_usage_usd": Decimal("15.5"), "lines": 1,
     "residual_codes": "rounding", "is_breached": False},
]  # fmt: skip

ROWS: dict[str, list[dict[str, Any]]] = {
    "marts.cost_per_feature": FEATURES,
    "marts.cost_per_active_user": USERS,
    "marts.cost_per_resolved_ticket": TICKETS,
    "marts.cost_per_successful_task": TASKS,
    "marts.fct_llm_calls": CALLS,
    "marts.fct_outcomes": [{"outcome_id": "o1", "is_counted": True}],
    "marts.landed_files": [
        {"source": "gateway", "account_label": "default", "path": "gateway/a.csv",
         "status": "loaded", "rows_in": 7, "rows_loaded": 5, "rows_quarantined": 2},
        {"source": "gateway", "account_label": "default", "path": "gateway/b.csv",
         "status": "rejected", "reason": "no data rows"},
    ],
    "marts.outcome_entities": [
        {"subject_type": "ticket", "last_resolved_at": "2026-09-02", "closed_at": closed}
        for closed in ("2026-09-07", "2026-09-10", None)
    ],
    "marts.outcome_months": [{"month": SEPTEMBER, "outcomes": 9}],
    "marts.outcome_restatements": [
        {"month": SEPTEMBER, "change": change, "closed_at": "2026-10-02"}
        for change in (1, -1)
    ],
    "marts.quarantined_rows": [
        {"source": "gateway", "account_label": "default", "path": "gateway/a.csv",
         "row_number": 3, "column_name": "output_tokens", "reason_code": "negative",
         "reason": "a count cannot be negative", "value_hint": "-5"},
        {"source": "gateway", "account_label": "default", "path": "gateway/a.csv",
         "row_number": 4, "column_name": "call_id", "reason_code": "duplicate",
         "reason": "the call id stands more than once"},
    ],
    "marts.unpriced_usage": [
        {"channel": "openai", "account": "default", "model_served": SCRIPT,
         "processing": "realtime", "service_tier": "standard", "geo": "global",
         "unpriced_reason": "unknown_model", "usage_rows": 1, "requests": 1, "total_tokens": 70,
         "first_date": date(2026, 9, 30), "last_date": date(2026, 9, 30),
         "suggestion": "Add a line to dbt/seeds/model_aliases.csv"},
    ],
    "marts.fct_billed_lines": [
        {"billed_usd": "15.5", "billed_currency": "USD"},
        {"billed_usd": None, "billed_currency": "EUR"},
    ],
    "marts.data_coverage": [
        {"channel": "openai", "account": "default", "usage_date": date(2026, 9, 10),
         "has_call_log": True, "has_provider_usage": False, "has_bill": True,
         "ledger": "call_log", "is_ledger_ruled": False, "call_log_sources": 1, "usage_rows": 2,
         "unpriced_usage_rows": 1, "cost_usd": Decimal(13)},
    ],
    "marts.reconciliation_lines": LINES,
    "marts.reconciliation_months": MONTHS,
    "marts.reconciliation_tolerances": TOLERANCES,
    "marts.focus_invoice_verdicts": VERDICTS,
    "intermediate.int_outcome_as_of": [
        {"as_of_at": datetime(2026, 10, 2, 12), "as_of_date": date(2026, 10, 2)}  # noqa: DTZ001
    ],
}  # fmt: skip


def build_snapshot(path: Path, rows: dict[str, list[dict[str, Any]]] | None = None) -> Path:
    """Write the snapshot to `path`; without rows of its own it holds ROWS above."""
    content = ROWS if rows is None else rows
    con = duckdb.connect(str(path))
    try:
        for schema in ("marts", "intermediate", "reference"):
            con.execute(f"create schema {schema}")
        con.execute(
            "create table reference.residual_codes as select * from read_csv($file)",
            {"file": str(PROJECT / "dbt" / "seeds" / "residual_codes.csv")},
        )
        for table, columns in TABLES.items():
            con.execute(f"create table {table} ({columns})")
            for row in content.get(table, []):
                _insert(con, table, row)
        for model in MODELS:
            con.execute(f"create table marts.{model} as {report_sql(model)}")
    finally:
        con.close()
    return path


def report_sql(model: str) -> str:
    """Return the SQL of a report model, rendered as dbt would on this snapshot."""
    macros = "".join(
        (PROJECT / "dbt" / "macros" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("money", "windows", "finance")
    )
    text = (REPORT_MODELS / f"{model}.sql").read_text(encoding="utf-8")
    template = Environment(autoescape=False).from_string(macros + text)
    return template.render(
        ref=lambda name: f"{SCHEMAS.get(name, 'marts')}.{name}",
        env_var=lambda name, default="": default,
        is_incremental=lambda: False,
    )


def _insert(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    named = dict(row)
    if "class" in named:
        # Each unit-cost mart names its class itself, in the third column.
        third = con.execute(f"describe {table}").fetchall()[2][0]
        named[third] = named.pop("class")
    columns = ", ".join(named)
    places = ", ".join(f"${key}" for key in named)
    con.execute(f"insert into {table} ({columns}) values ({places})", named)
