"""What an invoice adds, leaves out or counts in another way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from august import FIRST, HAIKU, IN, LAST, OUT, BillLine, Books, bill_lines, monthly
from fault_tools import CENT, D, Draw, Expected, calls_of, lines_of, rewrite, swap


def _invoiced(books: Books) -> None:
    """An invoice that repeats the cost report as one line, rounded to cents."""
    books.repeats_bill = books.provider != "google"


def tax_on_the_invoice(books: Books, draw: Draw) -> list[Expected]:
    """Value added tax as a line of its own."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("19.37"), kind="tax", item="VAT"))
    return [Expected.of("tax", [D("19.37")])]


def a_credit_on_the_invoice(books: Books, draw: Draw) -> list[Expected]:
    """A promotional credit."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("-7.50"), kind="credit", item="Promo"))
    return [Expected.of("credit", [D("-7.50")])]


def prepaid_credits_bought(books: Books, draw: Draw) -> list[Expected]:
    """A purchase of credits on the same invoice."""
    del draw
    _invoiced(books)
    books.invoice.append(
        BillLine(None, None, "", None, D("50.00"), kind="purchase", item="Credits")
    )
    return [Expected.of("prepaid", [D("50.00")])]


def a_fee_on_the_invoice(books: Books, draw: Draw) -> list[Expected]:
    """A support fee."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("12.00"), kind="fee", item="Support"))
    return [Expected.of("fee", [D("12.00")])]


def a_line_that_nothing_explains(books: Books, draw: Draw) -> list[Expected]:
    """An adjustment without a word."""
    del draw
    _invoiced(books)
    books.invoice.append(BillLine(None, None, "", None, D("3.21"), item="Adjustment"))
    return [Expected.of("unexplained", [D("3.21")])]


def an_invoice_line_at_twice_the_price(books: Books, draw: Draw) -> list[Expected]:
    """Output at a price seven percent above the list."""
    del draw
    at = next(n for n, line in enumerate(books.invoice) if line.meter == OUT)
    line = books.invoice[at]
    more = (line.amount * D("0.07")).quantize(CENT)
    books.invoice[at] = replace(line, amount=line.amount + more)
    return [Expected.of("rate", [more])]


def an_invoice_line_counts_more(books: Books, draw: Draw) -> list[Expected]:
    """A million tokens more than the log holds, at the right price."""
    del draw
    at = next(n for n, line in enumerate(books.invoice) if line.meter == OUT)
    line = books.invoice[at]
    assert line.quantity is not None
    books.invoice[at] = replace(
        line, quantity=line.quantity + 1_000_000, amount=line.amount + D("2.50")
    )
    return [Expected.of("unlogged", [D("2.50")])]


def an_invoice_line_billed_twice(books: Books, draw: Draw) -> list[Expected]:
    """The same line again."""
    del draw
    line = next(line for line in books.invoice if line.meter == IN)
    books.invoice.append(line)
    return [Expected.of("duplicate_charge", [line.amount])]


def an_invoice_in_euro_at_another_rate(books: Books, draw: Draw) -> list[Expected]:
    """The issuer reckons 1.12 USD for a euro; on the day of the invoice it was 1.10."""
    del draw
    _invoiced(books)
    books.currency, books.paid_rate = "EUR", D("1.12")
    total = sum((line.amount for line in books.bill), D(0))
    return [Expected.of("currency", [(total / D("1.12")).quantize(CENT) * D("1.10") - total])]


def the_last_day_billed_in_the_next_month(books: Books, draw: Draw) -> list[Expected]:
    """One model's usage of 31 August stands in the bill of 1 September."""
    model = draw.model(books)
    moved = lines_of(books, model, [LAST])
    draw.taken |= {(model, LAST)}
    rewrite(books, moved, lambda line: replace(line, day=LAST + timedelta(days=1)))
    return [Expected.of("timing_month", [-line.amount for line in moved])]


def priority_tier_left_out_of_the_report(books: Books, draw: Draw) -> list[Expected]:
    """The cost report has no Priority Tier; log and usage report do, at a contract's price."""
    calls = calls_of(books.used, HAIKU, draw.days(HAIKU, 3), "key_web")
    for side in ("log", "used"):
        swap(books, side, lambda call: replace(call, tier="priority"), calls)
    books.bill = bill_lines(call for call in books.used if call.tier == "standard")
    left_out = bill_lines(call for call in books.used if call.tier == "priority")
    return [Expected.of("tier_not_reported", [-line.amount for line in left_out])]


def an_invoice_of_another_zones_month(books: Books, draw: Draw) -> list[Expected]:
    """The issuer's August begins at midnight in California."""
    del draw
    start = datetime.combine(FIRST, time(7), UTC)
    late = [call for call in books.used if call.at < start]
    books.invoice = monthly(bill_lines(call for call in books.used if call.at >= start))
    parts = [line.amount for line in monthly(bill_lines(late), exact=True)]
    return [Expected.of("time_zone", [-part for part in parts])]
