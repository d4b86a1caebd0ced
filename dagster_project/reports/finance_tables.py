"""The tables of the month-end report, once for workbook, page, PDF and CSV."""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.reports import columns
from dagster_project.reports.columns import ACCOUNT, ACTION, CHANNEL, CODE, MEANING, Column


@dataclass(frozen=True)
class Table:
    """One table. `query` selects the rows of $month; `printed` names the columns of the PDF.

    `columns` are shown in the workbook and on the page; the CSV holds every column of the query.
    """

    key: str
    title: str
    note: str
    query: str
    columns: tuple[Column, ...]
    printed: tuple[str, ...]
    empty: str

    def printed_columns(self) -> tuple[Column, ...]:
        """Return the columns that fit a sheet of paper."""
        by_key = {column.key: column for column in self.columns}
        return tuple(by_key[key] for key in self.printed)


def _cents(
    name: str, heading: str, note: str, *, signed: bool = False, bounded: bool = False
) -> Column:
    key = f"{name}_cents_usd"
    return Column(key, heading, "money", 14, note, bounded=bounded, signed=signed)


def _exact(key: str, heading: str, note: str, *, bounded: bool = False) -> Column:
    text = f"{note} To the last digit."
    return Column(key, f"{heading}, exact", "fine_money", 17, text, bounded=bounded)


MODEL = Column("model_key", "Model", "text", 28, "Model of the rate card, or as billed.")
METER = Column("meter", "Meter", "text", 24, "What is counted.")
PROCESSING = Column("processing", "Processing", "code", 12, "Realtime or batch.")
DAY = Column("usage_date", "Day", "day", 12, "UTC day; empty where the bill speaks of the month.")
COMPUTED = _cents(
    "computed", "Computed", "Quantities times prices of contract or rate card.", bounded=True
)
BILLED = _cents("billed", "Billed", "As billed. Empty: no bill yet.")
DIFFERENCE = _cents("difference", "Difference", "Billed minus computed.", signed=True)
LINE_ID = Column("reconciliation_line_id", "Line id", "text", 34, "Key of the line in the marts.")
NOTE = Column("note", "Note", "text", 40, "Note of the decision.")
DECIDED_BY = Column("decided_by", "Decided by", "text", 16, "Who decided.")
DECIDED_AT = Column("decided_at", "Decided at", "moment", 17, "When, in UTC.")
DOCUMENT = Column("document_path", "Document", "text", 44, "File below landing.")
CARD = Column("rate_card_version", "Rate card", "text", 24, "Rate card that priced the month.")
CURRENCY = Column("currency", "Currency", "text", 9, "Currency of the document.")
WHO = (CHANNEL, ACCOUNT)

COVER = Table(
    "cover", "Cover",
    "Does the bill agree, and who has signed. Rows are in whole cents and add up to the totals "
    "under them; the CSV files beside the workbook hold every digit.",
    "select * from marts.report_finance_cover where month = $month order by channel, account",
    (
        *WHO,
        Column("status", "Status", "code", 13, "Whether bill and computation agree."),
        COMPUTED,
        DIFFERENCE,
        BILLED,
        _cents("explained", "Of which explained", "Differences with a named cause.", signed=True),
        _cents("unexplained", "Of which unexplained", "Differences without evidence of a cause.",
               signed=True),
        _cents("payable", "Payable by invoice", "All lines of the invoices, with tax and credits."),
        Column("breached_codes", "Over tolerance", "code", 20, "Causes above their tolerance."),
        Column("undecided_lines", "Lines to decide", "count", 10, "Lines that nobody decided on."),
        Column("decided_lines", "Lines decided", "count", 10,
               "Lines confirmed, written off or deferred."),
        Column("state", "State", "code", 11, "Open, reviewed or closed."),
        Column("reviewed_by", "Reviewed by", "text", 16, "Who reviewed the month."),
        Column("reviewed_at", "Reviewed at", "moment", 17, "When, in UTC."),
        Column("closed_by", "Closed by", "text", 16, "Who closed the month."),
        Column("closed_at", "Closed at", "moment", 17, "When, in UTC."),
        CARD,
        Column("evidence_hash", "Evidence at the decision", "text", 66,
               "Hash over the files and rates that the decision saw."),
        Column("current_evidence_hash", "Evidence now", "text", 66, "The same hash of today."),
        Column("is_evidence_unchanged", "Evidence unchanged", "flag", 12,
               "Both hashes agree; empty before a decision."),
        Column("changed_evidence", "What has changed", "text", 28, "What differs."),
        NOTE,
        Column("is_lower_bound", "Lower bound", "flag", 12,
               "The computed cost lacks usage whose price is not known."),
    ),
    ("channel", "account", "status", "computed_cents_usd", "difference_cents_usd",
     "billed_cents_usd", "unexplained_cents_usd", "payable_cents_usd", "state", "reviewed_by",
     "closed_by", "closed_at"),
    "No usage and no bill in this month.",
)  # fmt: skip

BRIDGE = Table(
    "bridge", "Bridge",
    "From computed cost to what is payable: computed and the steps under it add up to billed.",
    "select * from marts.report_finance_bridges where month = $month "
    "order by channel, account, step_no",
    (
        *WHO,
        Column("step_no", "No.", "count", 6, "Order of the steps."),
        Column("step", "Step", "code", 20, "A total, or the cause of a difference."),
        Column("is_total", "Total", "flag", 8, "Yes where the row is the sum of those above it."),
        _cents("amount", "Amount", "In whole cents.", bounded=True),
        _exact("amount_usd", "Amount", "The same.", bounded=True),
        MEANING,
    ),
    ("channel", "account", "step", "amount_cents_usd", "meaning"),
    "No step.",
)  # fmt: skip

LINES = Table(
    "lines", "Lines",
    "Computed against billed, by model and meter.",
    "select * from marts.report_finance_lines where month = $month "
    "order by channel, account, model_key nulls last, meter nulls last, processing nulls last",
    (
        *WHO, MODEL, METER, PROCESSING,
        Column("computed_quantity", "Quantity in the ledger", "quantity", 16, "Units used."),
        Column("billed_quantity", "Quantity billed", "quantity", 16, "Units billed."),
        COMPUTED, BILLED, DIFFERENCE,
        _exact("computed_cost_usd", "Computed", "Computed cost.", bounded=True),
        _exact("billed_usd", "Billed", "As billed."),
        _exact("difference_usd", "Difference", "Billed minus computed."),
        Column("is_lower_bound", "Lower bound", "flag", 12,
               "The computed cost lacks usage whose price is not known."),
    ),
    ("channel", "account", "model_key", "meter", "processing", "computed_cents_usd",
     "billed_cents_usd", "difference_cents_usd"),
    "No usage and no bill in this month.",
)  # fmt: skip

RESIDUALS = Table(
    "residuals", "Residuals",
    "Every difference with its cause, what to do and what was decided. The lines of a cause add "
    "up to its step of the bridge.",
    "select * from marts.report_finance_residuals where month = $month "
    "order by abs(residual_usd) desc, reconciliation_line_id",
    (
        *WHO, CODE,
        Column("match_state", "Decision", "code", 14,
               "Unreconciled, suggested, confirmed, written off or deferred."),
        _cents("residual", "Amount", "Billed minus computed.", signed=True),
        DAY, MODEL, METER, PROCESSING,
        Column("finding", "Finding", "text", 60, "What was found, with its numbers."),
        ACTION,
        Column("is_over_tolerance", "Over tolerance", "flag", 11,
               "Its cause is above tolerance in this month."),
        DECIDED_BY, DECIDED_AT,
        Column("deferred_until", "Deferred until", "month", 11, "Month that it waits for."),
        NOTE,
        Column("waits_because", "Why it waits again", "text", 40,
               "Why an earlier decision no longer holds."),
        _exact("residual_usd", "Amount", "Billed minus computed."),
        LINE_ID,
    ),
    ("channel", "account", "residual_code", "match_state", "residual_cents_usd", "finding"),
    "No difference.",
)  # fmt: skip

DISPUTES = Table(
    "disputes", "Disputes",
    "What to hold against the provider, and the document that decides; one file for each "
    "provider and account lies in exports/disputes.",
    "select * from marts.report_finance_disputes where month = $month "
    "order by channel, account, dispute_no",
    (
        *WHO,
        Column("dispute_no", "No.", "count", 6, "The largest claim first."),
        CODE, DAY, MODEL, METER, PROCESSING,
        Column("billed_quantity", "Quantity billed", "quantity", 16, "Units billed."),
        Column("expected_quantity", "Quantity expected", "quantity", 16,
               "Units that should have been billed."),
        Column("billed_unit_price_usd", "Unit price billed", "price", 20,
               "What the bill implies for one unit."),
        Column("expected_unit_price_usd", "Unit price expected", "price", 20,
               "Price of contract or rate card."),
        _cents("disputed", "Claim", "What was billed too much."),
        _exact("billed_usd", "Billed", "As billed."),
        _exact("expected_usd", "Expected", "What should have been billed."),
        _exact("disputed_usd", "Claim", "What was billed too much."),
        Column("deciding_document", "Deciding document", "text", 44, "What settles the claim."),
        DOCUMENT,
        Column("document_row", "Row", "count", 8, "Row of the document."),
        Column("claim", "In words", "text", 60, "The claim, and what to do."),
        _cents("claim", "Claim of the account", "All claims of the month at this account."),
        LINE_ID,
    ),
    ("channel", "account", "residual_code", "usage_date", "model_key", "meter",
     "disputed_cents_usd", "deciding_document"),
    "Nothing to dispute.",
)  # fmt: skip

ACCRUALS = Table(
    "accruals", "Accruals",
    "Owed for the month and not invoiced, by cost center, and taken back in the month after.",
    "select * from marts.report_finance_accruals where month = $month "
    "order by channel, account, cost_center nulls last, basis",
    (
        *WHO,
        Column("cost_center", "Cost center", "text", 22, "Who bears it; empty: not mapped."),
        Column("basis", "Basis", "code", 14, "Not billed, or billed and not invoiced."),
        Column("expense_account", "Expense account", "text", 18, "Ledger account."),
        _cents("accrued", "Accrued", "Owed and not invoiced."),
        Column("reversal_month", "Reversed in", "month", 11, "Month that takes it back."),
        _cents("reversed", "Reversed", "What is taken back.", signed=True),
        _exact("accrued_usd", "Accrued", "Owed and not invoiced."),
        _exact("reversed_usd", "Reversed", "What is taken back."),
        Column("is_recorded", "Recorded by the close", "flag", 12,
               "Yes: as the month was closed with it."),
    ),
    ("channel", "account", "cost_center", "basis", "expense_account", "accrued_cents_usd",
     "reversal_month", "reversed_cents_usd"),
    "Everything is invoiced.",
)  # fmt: skip

JOURNAL = Table(
    "journal", "Journal",
    "Entries posted in the month; debit and credit of each entry are equal.",
    "select * from marts.journal_lines where month = $month "
    "order by posting_date, entry_id, line_no",
    (
        Column("entry_id", "Entry", "text", 40, "Key of the entry."),
        Column("line_no", "Line", "count", 6, "Line of the entry."),
        Column("posting_date", "Posted on", "day", 12, "Day of posting."),
        *WHO,
        Column("entry_kind", "Kind", "code", 18, "What the entry is."),
        Column("ledger_account", "Account of the ledger", "text", 20, "Account of the books."),
        Column("cost_center", "Cost center", "text", 22, "Who bears it."),
        Column("debit_usd", "Debit", "money", 14, "In whole cents."),
        Column("credit_usd", "Credit", "money", 14, "In whole cents."),
        Column("description", "Text", "text", 44, "Text of the line."),
        Column("source_entry_id", "Of entry", "text", 40, "Entry that it belongs to."),
        Column("is_recorded", "Recorded by the close", "flag", 12,
               "Yes: as the month was closed with it."),
    ),
    ("posting_date", "channel", "account", "entry_kind", "ledger_account", "cost_center",
     "debit_usd", "credit_usd"),
    "No entry is posted in this month.",
)  # fmt: skip

RESTATEMENTS = Table(
    "restatements", "Restatements",
    "What changed after the month was closed, before and after.",
    "select * from marts.restatement_journal where month = $month "
    "order by channel, account, measure, change_no",
    (
        *WHO,
        Column("measure", "Figure", "code", 20, "The figure that changed."),
        Column("change_no", "No.", "count", 6, "Order of the changes."),
        Column("restated_at", "Restated at", "moment", 17, "When, in UTC."),
        Column("before_usd", "Before", "fine_money", 16, "As it was closed."),
        Column("after_usd", "After", "fine_money", 16, "As it is now."),
        Column("change_usd", "Change", "fine_money", 16, "After minus before.", signed=True),
        Column("cause", "Cause", "code", 24, "What arrived or was decided."),
        Column("finding", "In words", "text", 60, "The change in words."),
    ),
    ("channel", "account", "measure", "restated_at", "before_usd", "after_usd", "change_usd",
     "cause"),
    "Nothing has changed since.",
)  # fmt: skip

_KINDS = ("usage", "adjustment", "fee", "commitment", "purchase", "drawdown", "expiry", "credit",
          "refund", "tax")  # fmt: skip
INVOICES = Table(
    "invoices", "Invoices",
    "What the invoices of the month ask for, in the currency of each.",
    "select * from marts.invoices where billing_month = $month "
    "order by channel, account, invoice_id, currency",
    (
        *WHO,
        Column("invoice_id", "Invoice", "text", 24, "Number of the document."),
        Column("issued_on", "Issued on", "day", 12, "Date of the document."),
        Column("period_start", "From", "day", 12, "First day."),
        Column("period_end", "To", "day", 12, "Last day."),
        CURRENCY,
        *(Column(f"{kind}_amount", kind.capitalize(), "money", 13, f"Lines of kind {kind}.")
          for kind in _KINDS),
        Column("payable_amount", "Payable", "money", 14, "All lines, expired prepaid apart."),
        Column("payable_usd", "Payable, USD", "money", 14, "The same in USD; empty: no rate."),
        Column("stated_total_amount", "Stated total", "money", 14, "As the document says."),
        Column("stated_difference_amount", "Off the stated total", "money", 14,
               "Payable minus stated.", signed=True),
        Column("lines", "Lines", "count", 8, "Lines of the document."),
        Column("fx_rate", "USD for one", "price", 14, "Rate of exchange."),
        Column("fx_rate_date", "Rate of", "day", 12, "Day of the rate."),
        Column("fx_policy", "Rate policy", "code", 14, "Which day's rate counts."),
        Column("currency_reason", "Why not in USD", "text", 30, "Why there is no rate."),
        DOCUMENT,
        Column("source", "Source", "text", 18, "Landing folder."),
        Column("document_type", "Type", "code", 14, "Invoice or cost export."),
    ),
    ("channel", "account", "invoice_id", "issued_on", "currency", "usage_amount", "credit_amount",
     "tax_amount", "payable_amount", "payable_usd", "document_path"),
    "No invoice for this month.",
)  # fmt: skip

PREPAID = Table(
    "prepaid", "Prepaid",
    "Prepaid credits: bought, used and lost.",
    "select * from marts.prepaid_balances where month = $month order by channel, account, currency",
    (
        *WHO, CURRENCY,
        Column("opening_amount", "Opening", "money", 14, "At the start of the month."),
        Column("purchased_amount", "Bought", "money", 14, "Bought in the month."),
        Column("drawn_amount", "Used", "money", 14, "Usage paid from it."),
        Column("expired_amount", "Lost", "money", 14, "Expired in the month."),
        Column("closing_amount", "Closing", "money", 14, "At the end of the month."),
        Column("is_overdrawn", "Overdrawn", "flag", 11,
               "Yes: a purchase before the first document is missing."),
    ),
    ("channel", "account", "currency", "opening_amount", "purchased_amount", "drawn_amount",
     "expired_amount", "closing_amount"),
    "No prepaid credits.",
)  # fmt: skip

RATES = Table(
    "rates", "Rates used",
    "Every price that the computed cost of the month rests on, and where it is from.",
    "select * from marts.report_finance_rates where month = $month "
    "order by channel, account, cost_usd desc nulls last, price_use_id",
    (
        *WHO, Column("provider", "Provider", "text", 12, "Who made the model."), MODEL, METER,
        PROCESSING,
        Column("service_tier", "Tier", "code", 12, "Service tier that answered."),
        Column("geo", "Geography", "code", 11, "Where it was processed."),
        Column("quantity", "Quantity", "quantity", 16, "Units priced."),
        Column("list_unit_price_usd", "List price", "price", 20, "List price of one unit."),
        Column("unit_price_usd", "Price", "price", 20, "Price of one unit by contract or list."),
        _cents("cost", "Cost", "Quantity times price; empty: no price is known.", bounded=True),
        _exact("cost_usd", "Cost", "Quantity times price."),
        Column("unpriced_reason", "Why no price", "code", 18, "Why there is no price."),
        Column("price_document", "From", "text", 50, "Contract, or source of the card's line."),
        Column("read_on", "Read on", "day", 12, "Day on which the source was read."),
        Column("rate_status", "Confirmed", "code", 13, "Status of the card's line."),
        Column("charge_origin", "Charge", "code", 13, "Call, usage bucket or period."),
        Column("cost_basis", "Basis", "code", 14, "What the cost rests on."),
        CARD,
        Column("rate_id", "Rate id", "text", 20, "Key of the card's line."),
    ),
    ("channel", "account", "model_key", "meter", "processing", "quantity", "unit_price_usd",
     "cost_cents_usd", "price_document"),
    "No usage in this month.",
)  # fmt: skip

IMPLIED = Table(
    "implied_rates", "Implied rates",
    "Prices solved from the lines of the bill, beside those of contract or card.",
    "select * from marts.implied_rates where month = $month "
    "order by channel, account, overcharge_usd desc nulls last, model_key, meter, processing, "
    "first_day, implied_unit_price_usd",
    (
        *WHO, MODEL, METER, PROCESSING,
        Column("first_day", "From", "day", 12, "First day."),
        Column("last_day", "To", "day", 12, "Last day."),
        Column("billed_lines", "Lines", "count", 8, "Lines of the bill."),
        Column("quantity", "Quantity", "quantity", 16, "Units billed."),
        Column("billed_usd", "Billed", "fine_money", 16, "As billed."),
        Column("implied_unit_price_usd", "Price billed", "price", 20, "Billed for one unit."),
        Column("card_unit_price_usd", "Price of the card", "price", 20, "Contract or rate card."),
        Column("matches", "Is the price of", "text", 40, "What has the billed price."),
        Column("overcharge_usd", "Too much", "fine_money", 16, "Billed above the card.",
               signed=True),
    ),
    ("channel", "account", "model_key", "meter", "quantity", "implied_unit_price_usd",
     "card_unit_price_usd", "overcharge_usd", "matches"),
    "The bills of this month state no quantities.",
)  # fmt: skip

PROPOSALS = Table(
    "rate_proposals", "Rate proposals",
    "Lines that contract or rate card would need for the bill to be right.",
    "select * from marts.rate_proposals where month = $month order by all",
    (
        *WHO,
        Column("proposal", "For", "code", 12, "Contract or rate card."),
        Column("provider", "Provider", "text", 12, "Who made the model."),
        MODEL, METER, PROCESSING,
        Column("service_tier", "Tier", "code", 12, "Service tier."),
        Column("geo", "Geography", "code", 11, "Where it is processed."),
        Column("kind", "Kind", "code", 14, "Multiplier or fixed price."),
        Column("value", "Value", "price", 16, "The multiplier, or the price."),
        Column("per", "Per", "count", 12, "Units of the price."),
        CURRENCY,
        Column("valid_from", "Valid from", "day", 12, "First day."),
        Column("valid_to", "Valid to", "day", 12, "Day after the last."),
        Column("doc_ref", "Seen in", "text", 24, "Where it was seen."),
        Column("reason", "Why", "text", 60, "What speaks for it."),
    ),
    ("channel", "account", "proposal", "model_key", "meter", "kind", "value", "per", "valid_from",
     "reason"),
    "Nothing to propose.",
)  # fmt: skip

VERDICTS = Table(
    "focus_verdicts", "FOCUS verdicts",
    "Each invoice against the charges, by the limit of FOCUS 1.4 and by our tighter one.",
    "select * from marts.focus_invoice_verdicts where month = $month "
    "order by channel, account, invoice_id, compared_with",
    (
        *WHO,
        Column("invoice_id", "Invoice", "text", 24, "Number of the document."),
        CURRENCY,
        Column("payable_amount", "Payable", "money", 14, "All lines of the invoice."),
        Column("compared_with", "Compared with", "code", 18, "Which charges."),
        Column("compared_amount", "Charges", "fine_money", 16, "Sum of these charges."),
        Column("variance_amount", "Variance", "fine_money", 16, "Invoice minus charges.",
               signed=True),
        Column("focus_tolerance_amount", "FOCUS limit", "fine_money", 16, "Limit of FOCUS 1.4."),
        Column("is_within_focus_tolerance", "Within FOCUS", "flag", 10, "Within that limit."),
        Column("limit_amount", "Our limit", "fine_money", 16, "Our limit."),
        Column("is_within_limit", "Within ours", "flag", 10, "Within that limit."),
        Column("outcome", "Verdict", "text", 60, "The verdict in words."),
    ),
    ("channel", "account", "invoice_id", "compared_with", "payable_amount", "compared_amount",
     "variance_amount", "is_within_focus_tolerance", "is_within_limit"),
    "No invoice to judge.",
)  # fmt: skip

COVERAGE = Table(
    "coverage", "Coverage",
    "Which days each book holds.",
    "select * from marts.report_coverage_months where month = $month order by channel, account",
    tuple(column for column in columns.COVERAGE if column.key != "month"),
    ("channel", "account", "days", "call_log_days", "provider_usage_days", "billed_days",
     "usage_rows", "unpriced_usage_rows", "cost_usd"),
    "No day is covered.",
)  # fmt: skip

UNIT_COSTS = Table(
    "unit_costs", "Unit costs",
    "What a unit of value cost, on both bases.",
    "select * from marts.report_unit_costs where period_grain = 'month' and period_start = $month "
    "order by unit_order, in_scope desc, class = 'unattributed', class, scope_rule",
    columns.UNIT_COSTS,
    ("unit", "class", "denominator", "computed_direct_unit_cost_usd",
     "trued_up_direct_unit_cost_usd", "computed_loaded_unit_cost_usd",
     "trued_up_loaded_unit_cost_usd", "trued_up_cost_usd", "trued_up_status"),
    "No spend and no outcome.",
)  # fmt: skip

TABLES = (
    COVER, BRIDGE, LINES, RESIDUALS, DISPUTES, ACCRUALS, JOURNAL, RESTATEMENTS, INVOICES, PREPAID,
    RATES, IMPLIED, PROPOSALS, VERDICTS, COVERAGE, UNIT_COSTS,
)  # fmt: skip
