"""The columns of every table, once for the workbook and the page: heading, kind and meaning."""

from __future__ import annotations

from dataclasses import dataclass

# How a value is written: text, code (a word of the marts), count, quantity, money (2 decimals),
# fine_money (6 decimals), unit_cost, price (of one unit, all its decimals), ratio, flag, day,
# month, moment (UTC).
NUMERIC_KINDS = frozenset(
    {"count", "quantity", "money", "fine_money", "unit_cost", "price", "ratio"}
)


@dataclass(frozen=True)
class Column:
    """One column: the mart's name, the heading, its kind, its width in characters, its meaning.

    `bounded` figures carry the lower-bound sign when the row's is_lower_bound is true. `signed`
    figures always show their sign.
    """

    key: str
    heading: str
    kind: str
    width: int
    note: str
    bounded: bool = False
    signed: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether the column is aligned right."""
        return self.kind in NUMERIC_KINDS


CLASS = Column(
    "class", "Class", "text", 20,
    "Feature, user class, resolution kind or task type. `unattributed` is spend that matched "
    "nothing; it is listed so that the rows of a unit and period add up to all spend.",
)  # fmt: skip
DENOMINATOR = Column(
    "denominator", "Outcomes", "count", 12,
    "What the spend is divided by: requests, active users, resolved tickets or successful tasks.",
)  # fmt: skip
COMPUTED_DIRECT = Column(
    "computed_direct_unit_cost_usd", "Direct, computed (USD)", "unit_cost", 16,
    "Tokens times rate card, of the spend matched to this class, divided by its outcomes.",
    bounded=True,
)  # fmt: skip
TRUED_UP_DIRECT = Column(
    "trued_up_direct_unit_cost_usd", "Direct, trued-up (USD)", "unit_cost", 16,
    "Spend matched to this class and tied to the bill, divided by its outcomes.",
    bounded=True,
)  # fmt: skip
COMPUTED_LOADED = Column(
    "computed_loaded_unit_cost_usd", "Loaded, computed (USD)", "unit_cost", 16,
    "As direct, plus the share of the spend in scope that matched nothing.",
    bounded=True,
)  # fmt: skip
TRUED_UP_LOADED = Column(
    "trued_up_loaded_unit_cost_usd", "Loaded, trued-up (USD)", "unit_cost", 16,
    "All spend in scope, tied to the bill, divided by the outcomes of the class.",
    bounded=True,
)  # fmt: skip
COMPUTED_SPEND = Column(
    "computed_cost_usd", "Spend, computed (USD)", "money", 16,
    "Tokens times the rate card. Usage without a price adds nothing, hence the sign ≥.",
    bounded=True,
)  # fmt: skip
TRUED_UP_SPEND = Column(
    "trued_up_cost_usd", "Spend, trued-up (USD)", "money", 16,
    "Spend tied to the bill; equal to computed where no bill is there yet.",
    bounded=True,
)  # fmt: skip
STATUS_COLUMN = Column(
    "trued_up_status", "Basis", "code", 14,
    "Trued-up: a bill covers the usage. Accrued: none does yet, so trued-up equals computed.",
)  # fmt: skip
PROVISIONAL = Column(
    "is_provisional", "Provisional", "flag", 12,
    "The period is not over in the data, or a ticket in it may still be reopened.",
)  # fmt: skip
LOWER_BOUND = Column(
    "is_lower_bound", "Lower bound", "flag", 12,
    "The figures hold usage whose price is not known: the true figure is higher.",
)  # fmt: skip
REASON = Column(
    "no_unit_cost_reason", "Why there is no unit cost", "text", 46,
    "Why the unit costs of this row are empty. Empty is unknown or not defined, never zero.",
)  # fmt: skip

UNIT_COSTS: tuple[Column, ...] = (
    Column("unit", "Unit", "code", 16, "The unit of value whose cost this is."),
    CLASS,
    Column("period_grain", "Period", "code", 9, "Calendar week (from Monday) or month."),
    Column("period_start", "Starts", "day", 12, "First day of the period."),
    Column("period_last_day", "Ends", "day", 12, "Last day of the period, included."),
    Column("is_full_period", "Full period", "flag", 11,
           "Usage reaches the last day of the period."),
    DENOMINATOR,
    Column("provisional_outcomes", "Of which provisional", "count", 12,
           "Tickets whose time for reopening is not over; empty for the other units."),
    Column("concluded_outcomes", "Concluded tasks", "count", 12,
           "Tasks that ended, successful or not; empty for the other units."),
    Column("success_ratio", "Success rate", "ratio", 11, "Successful tasks of concluded tasks."),
    COMPUTED_DIRECT,
    TRUED_UP_DIRECT,
    COMPUTED_LOADED,
    TRUED_UP_LOADED,
    COMPUTED_SPEND,
    TRUED_UP_SPEND,
    STATUS_COLUMN,
    PROVISIONAL,
    LOWER_BOUND,
    Column("unpriced_requests", "Unpriced requests", "count", 11,
           "Requests without a known price. They add nothing to the spend."),
    Column("match_coverage_ratio", "Matched spend", "ratio", 11,
           "Share of the spend in scope of the period that is matched to a class."),
    Column("price_coverage_ratio", "Priced usage", "ratio", 11,
           "Share of the usage rows of this class that have a price."),
    Column("in_scope", "In scope", "flag", 10,
           "No only by a named rule; never for want of a match."),
    Column("scope_rule", "Scope rule", "text", 18, "The rule that took the spend out of scope."),
    REASON,
)  # fmt: skip

SUMMARY_UNIT_COSTS: tuple[Column, ...] = (
    CLASS,
    DENOMINATOR,
    COMPUTED_DIRECT,
    TRUED_UP_DIRECT,
    COMPUTED_LOADED,
    TRUED_UP_LOADED,
    TRUED_UP_SPEND,
    STATUS_COLUMN,
    PROVISIONAL,
    LOWER_BOUND,
    REASON,
)

CHANNEL = Column("channel", "Channel", "text", 12, "Who bills.")
ACCOUNT = Column("account", "Account", "text", 16, "The billing organisation at that channel.")
MONTH = Column("month", "Month", "month", 10, "The month that the bill is for.")
CURRENCY = Column("currency", "Currency", "text", 9, "Currency of the comparison.")
DIFFERENCE = Column(
    "difference_usd", "Difference", "money", 14,
    "Billed minus computed: positive when the bill is higher.", signed=True,
)  # fmt: skip
DIFFERENCE_SHARE = Column(
    "difference_ratio", "Difference, % of bill", "ratio", 12, "Difference divided by billed."
)
BILLED = Column(
    "billed_usd", "Billed", "money", 15,
    "Usage and adjustments as billed, without tax, prepayments and credits. Empty: no bill yet.",
)  # fmt: skip

RECONCILIATION: tuple[Column, ...] = (
    MONTH,
    CHANNEL,
    ACCOUNT,
    CURRENCY,
    Column("status", "Status", "code", 14,
           "Matched, explained, drift, not billed, no usage or provisional."),
    Column("computed_cost_usd", "Computed", "money", 15, COMPUTED_SPEND.note, bounded=True),
    BILLED,
    DIFFERENCE,
    DIFFERENCE_SHARE,
    Column("explained_usd", "Of which explained", "money", 14,
           "The part of the difference whose cause is named.", signed=True),
    Column("unexplained_usd", "Of which unexplained", "money", 14,
           "The part of the difference without evidence of a cause.", signed=True),
    Column("payable_usd", "Payable by invoice", "money", 15,
           "All lines of the invoices of the month, with tax and credits. Empty: no invoice."),
    Column("breached_codes", "Over tolerance", "code", 18,
           "Residual codes above their tolerance, the largest first."),
    Column("largest_line", "Largest line", "text", 60,
           "The open line with the largest amount."),
    Column("largest_line_usd", "Largest line amount", "money", 14,
           "Amount of that line.", signed=True),
    LOWER_BOUND,
)  # fmt: skip

CODE = Column("residual_code", "Cause", "code", 18, "Which cause the evidence shows.")
MEANING = Column("meaning", "Meaning", "text", 60, "The cause in words.")
ACTION = Column("action", "What to do", "text", 60, "What closes the line.")

CODES: tuple[Column, ...] = (
    MONTH,
    CHANNEL,
    ACCOUNT,
    CURRENCY,
    CODE,
    Column("lines", "Lines", "count", 9, "Reconciliation lines with this cause."),
    Column("residual_usd", "Amount", "fine_money", 16,
           "Billed minus computed of these lines. Over a month they add up to its difference.",
           signed=True),
    Column("moved_usd", "Sum of sizes", "fine_money", 16,
           "The same without signs, so that a charge does not hide behind a credit."),
    Column("is_over_tolerance", "Over tolerance", "flag", 12,
           "The sum of sizes is above the tolerance of this cause."),
    MEANING,
    ACTION,
)  # fmt: skip

OPEN_LINES: tuple[Column, ...] = (
    Column("open_rank", "Rank", "count", 7, "1 is the largest amount, whatever its sign."),
    MONTH,
    Column("usage_date", "Day", "day", 12, "UTC day; empty where the bill speaks of the month."),
    CHANNEL,
    ACCOUNT,
    Column("model_key", "Model", "text", 28, "Model of the rate card, or as billed."),
    Column("meter", "Meter", "text", 26, "What is counted."),
    Column("processing", "Processing", "code", 12, "Realtime or batch, where the bill says so."),
    Column("api_key_id", "API key", "text", 24, "API key, where the bill names it."),
    CODE,
    Column("residual_usd", "Amount", "fine_money", 16,
           "Billed minus computed: positive when the bill is higher.", signed=True),
    CURRENCY,
    Column("pair_computed_cost_usd", "Computed", "fine_money", 16, COMPUTED_SPEND.note,
           bounded=True),
    Column("pair_billed_usd", "Billed", "fine_money", 16, BILLED.note),
    Column("pair_computed_quantity", "Quantity in the ledger", "quantity", 16,
           "Tokens or calls that the ledger holds."),
    Column("pair_provider_usage_quantity", "Quantity by provider usage", "quantity", 16,
           "The same by the provider's own usage report."),
    Column("pair_billed_quantity", "Quantity billed", "quantity", 16,
           "The same by the bill; empty where the bill states none."),
    Column("is_over_tolerance", "Over tolerance", "flag", 12,
           "Its cause is above tolerance in this month."),
    MEANING,
    ACTION,
    Column("reconciliation_line_id", "Line id", "text", 34,
           "Key of the line in marts.reconciliation_lines."),
)  # fmt: skip

CHECKS: tuple[Column, ...] = (
    Column("check_name", "Check", "code", 22, "What was looked at."),
    Column("severity", "Severity", "code", 10, "Act: figures are incomplete until somebody acts."),
    Column("affected", "Affected", "count", 11, "How many; 0 means that there is nothing to do."),
    Column("total", "Of", "count", 11, "Out of how many."),
    Column("counted", "Counted", "text", 15, "What is counted."),
    Column("amount_usd", "Amount (USD)", "money", 14,
           "Amount concerned; empty where it is not known or not an amount."),
    MEANING,
    ACTION,
)  # fmt: skip

UNPRICED: tuple[Column, ...] = (
    CHANNEL,
    ACCOUNT,
    Column("model_served", "Model as served", "text", 28, "The name that the source gives."),
    Column("processing", "Processing", "code", 12, "Realtime or batch."),
    Column("service_tier", "Tier", "code", 12, "Service tier that answered."),
    Column("geo", "Geography", "code", 11, "Where it was processed."),
    Column("unpriced_reason", "Reason", "code", 20, "Why there is no price."),
    Column("usage_rows", "Usage rows", "count", 11, "Rows of the ledger."),
    Column("requests", "Requests", "count", 11, "Requests in them."),
    Column("total_tokens", "Tokens", "count", 14, "Tokens in them."),
    Column("at_risk_usd", "At risk (USD)", "money", 14,
           "Tokens at the channel's mean price: an order of magnitude to sort by, never a cost."),
    Column("first_date", "First day", "day", 12, "First day seen."),
    Column("last_date", "Last day", "day", 12, "Last day seen."),
    Column("suggestion", "Suggestion", "text", 80, "What gives the usage a price."),
)  # fmt: skip

QUARANTINE: tuple[Column, ...] = (
    Column("source", "Source", "text", 24, "Landing folder."),
    Column("account_label", "Account folder", "text", 16, "Sub-folder of the source."),
    Column("reason_code", "Reason", "code", 20, "Why the rows were set aside."),
    Column("column_name", "Column", "text", 24, "The column at fault."),
    Column("quarantined_rows", "Rows", "count", 10, "Rows set aside."),
    Column("files", "Files", "count", 8, "Files with such rows."),
    Column("reason", "In words", "text", 60, "The reason in words."),
    Column("first_path", "First file", "text", 48, "A file to look at."),
)

QUARANTINED_ROWS: tuple[Column, ...] = (
    Column("path", "File", "text", 48, "Path below landing."),
    Column("row_number", "Row", "count", 9, "Data row of the file, from 1."),
    Column("column_name", "Column", "text", 24, "The column at fault."),
    Column("reason_code", "Reason", "code", 20, "Why the row was set aside."),
    Column("reason", "In words", "text", 60, "The reason in words."),
    Column("value_hint", "Value", "text", 26,
           "The value when it is a number or a date, else its length."),
)  # fmt: skip

COVERAGE: tuple[Column, ...] = (
    MONTH,
    CHANNEL,
    ACCOUNT,
    Column("days", "Days", "count", 8, "Days with usage or a bill."),
    Column("call_log_days", "With call log", "count", 10, "Days that a call log holds."),
    Column("provider_usage_days", "With provider usage", "count", 10,
           "Days that the provider's usage report holds."),
    Column("billed_days", "With daily bill", "count", 10,
           "Days that a cost report holds; an invoice alone has no days."),
    Column("call_log_ledger_days", "Ledger is call log", "count", 10,
           "Days on which the call log is the ledger; else it is provider usage."),
    Column("usage_rows", "Usage rows", "count", 12, "Rows of the ledger."),
    Column("unpriced_usage_rows", "Unpriced rows", "count", 10, "Rows without a price."),
    Column("cost_usd", "Computed (USD)", "money", 15, COMPUTED_SPEND.note, bounded=True),
    Column("first_date", "First day", "day", 12, "First day seen."),
    Column("last_date", "Last day", "day", 12, "Last day seen."),
)  # fmt: skip

FILES: tuple[Column, ...] = (
    Column("path", "File", "text", 52, "Path below landing."),
    Column("source", "Source", "text", 24, "Landing folder."),
    Column("account_label", "Account folder", "text", 16, "Sub-folder of the source."),
    Column("status", "Status", "code", 12, "Loaded, duplicate (ignored) or rejected."),
    Column("reason", "Reason", "text", 50, "Why it was not loaded, or what is special."),
    Column("rows_in", "Rows in", "count", 10, "Rows read."),
    Column("rows_loaded", "Loaded", "count", 10, "Rows loaded."),
    Column("rows_quarantined", "Quarantined", "count", 11, "Rows set aside at the door."),
    Column("first_day", "First day", "day", 12, "First day in the file."),
    Column("last_day", "Last day", "day", 12, "Last day in the file."),
)
