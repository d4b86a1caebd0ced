"""A PDF invoice as invoice lines, through a layout; whole and exact, or not at all.

Every row of the table must be understood and every stated total must equal its lines, to the last
digit: a file that cannot be read so is rejected with page and line. Amounts go from text to text.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path

from dagster_project.lib.errors import FileRejectedError
from dagster_project.lib.invoice_layouts import InvoiceLayout, LinePattern, load_layouts
from dagster_project.sources.base import PageRows

# An invoice has a few pages; a book of a thousand is none, and takes minutes to read.
MOST_PAGES = 200
LARGEST_BYTES = 32 * 1024 * 1024
DIGITS = 60
MINUS = "\u2212"
SCANNED = (
    "no page has any text, so it is a scan or a picture: ask the issuer for a text PDF, or enter"
    " its lines as CSV"
)
UNDERSTOOD = ("description", "model", "meter", "quantity", "unit_price", "processing")
DATED = ("period_start", "period_end")


@dataclass(frozen=True)
class TextLine:
    """One line of text with its place."""

    page: int
    number: int
    text: str

    @property
    def place(self) -> str:
        """Return 'page 1 line 2'."""
        return f"page {self.page} line {self.number}"


def parse(path: Path, reference: Path) -> PageRows:
    """Return the invoice lines of a PDF; raises FileRejectedError with page and line."""
    lines = text_lines(path)
    layout = _fitting(lines, load_layouts(reference))
    with localcontext(prec=DIGITS):
        return _Reader(layout, lines).rows()


def text_lines(path: Path) -> list[TextLine]:
    """Return the text of a PDF by lines, columns separated by two spaces."""
    import pypdf  # noqa: PLC0415  0.3 s, paid only where there is a PDF
    import pypdf.errors  # noqa: PLC0415

    if path.stat().st_size > LARGEST_BYTES:
        raise FileRejectedError(f"larger than {LARGEST_BYTES} bytes: not an invoice")
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileRejectedError("the PDF needs a password")
        if len(reader.pages) > MOST_PAGES:
            raise FileRejectedError(f"more than {MOST_PAGES} pages: not an invoice")
        pages = [page.extract_text(extraction_mode="layout") for page in reader.pages]
    except FileRejectedError:
        raise
    except (pypdf.errors.PyPdfError, *_READING_ERRORS) as error:
        # what a damaged object raises depends on the object
        raise FileRejectedError(f"the PDF is damaged ({type(error).__name__})") from error
    lines = [
        TextLine(page, number, re.sub(r" {2,}", "  ", text.strip()))
        for page, content in enumerate(pages, start=1)
        for number, text in enumerate(content.splitlines(), start=1)
        if text.strip()
    ]
    if not lines:
        raise FileRejectedError(SCANNED)
    return lines


_READING_ERRORS = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError),
    *(NotImplementedError, AssertionError, ZeroDivisionError, OverflowError),
)


def _fitting(lines: list[TextLine], layouts: list[InvoiceLayout]) -> InvoiceLayout:
    fits = [
        layout
        for layout in layouts
        if all(any(marker.search(line.text) for line in lines) for marker in layout.markers)
    ]
    if len(fits) == 1:
        return fits[0]
    known = ", ".join(layout.name for layout in fits or layouts)
    if fits:
        raise FileRejectedError(f"fits more than one invoice layout: {known}")
    raise FileRejectedError(
        f"fits no invoice layout ({known}); describe it in reference/invoice_layouts"
    )


class _Reader:
    """One invoice read through one layout."""

    def __init__(self, layout: InvoiceLayout, lines: list[TextLine]) -> None:
        self.layout = layout
        self.lines = lines
        self.found: list[tuple[dict[str, str | None], Decimal, TextLine]] = []

    def rows(self) -> PageRows:
        """Return the rows, after every promise of the document was held."""
        head = {name: self._field(name) for name in self.layout.fields} | self.layout.values
        for name in ("invoice_id", "currency"):
            if not head.get(name):
                raise FileRejectedError(f"layout {self.layout.name}: no {name} found")
        self._read_table()
        total = self._check_totals()
        periods = [self._period(row, line) for row, _, line in self.found]
        stated = [period for period in periods if period]
        # tax and what is paid from a balance are of the period of the lines above them
        whole = self._period(head, self.lines[0]) or (
            (min(first for first, _ in stated), max(last for _, last in stated)) if stated else None
        )
        page = PageRows()
        for (row, _, line), period in zip(self.found, periods, strict=True):
            own = period or whole
            if own is None:
                raise FileRejectedError(f"{line.place}: no period found for the line")
            page.rows.append(
                {
                    **{name: head.get(name) for name in ("invoice_id", "account", "currency")},
                    "channel": self.layout.channel,
                    "issued_on": self._day(head.get("issued_on"), self.lines[0]),
                    "total_amount": total,
                    **row,
                    "period_start": own[0],
                    "period_end": own[1],
                }
            )
        return page

    def _field(self, name: str) -> str | None:
        for line in self.lines:
            match = self.layout.fields[name].search(line.text)
            if match:
                return match.group(1).strip()
        return None

    def _read_table(self) -> None:
        inside = False
        for line in self.lines:
            text = line.text
            if self.layout.table_start.search(text):
                inside = True
            elif inside and self.layout.table_end.search(text):
                return
            elif inside and not self._take(line):
                raise FileRejectedError(
                    f"{line.place}: a row that layout {self.layout.name} does not know"
                )
        raise FileRejectedError(
            f"layout {self.layout.name}: the table has no {'end' if inside else 'start'}"
        )

    def _take(self, line: TextLine) -> bool:
        """Use one row of the table; say whether it was understood."""
        if any(total.pattern.search(line.text) for total in self.layout.totals):
            return True
        if any(pattern.search(line.text) for pattern in self.layout.ignore):
            return True
        for kind in self.layout.lines:
            match = kind.pattern.search(line.text)
            if match:
                self._add(kind, match.groupdict(), line)
                return True
        for pattern in self.layout.continuations:
            match = pattern.search(line.text)
            if match and self.found:
                self.found[-1][0].update(match.groupdict())
                return True
        return False

    def _add(self, kind: LinePattern, groups: dict[str, str | None], line: TextLine) -> None:
        amount = self._number(groups["amount"], line)
        row = {name: groups.get(name) for name in UNDERSTOOD}
        row.update({name: groups[name] for name in DATED if groups.get(name)})
        if kind.meter or row["meter"]:
            row["meter"] = kind.meter or self.layout.meters.get(str(row["meter"]), row["meter"])
        row["processing"] = "batch" if "batch" in (row["processing"] or "").lower() else None
        for name, per in (("quantity", kind.quantity_per), ("unit_price", kind.unit_price_per)):
            if row[name] is not None:
                number = self._number(row[name], line)
                row[name] = _plain(_scaled(number, per, is_price=name == "unit_price"))
        row["kind"] = kind.kind
        row["amount"] = _plain(amount)
        self.found.append((row, amount, line))

    def _check_totals(self) -> str | None:
        """Hold every stated total against its lines; return the last one, which is payable."""
        if not self.found:
            raise FileRejectedError(f"layout {self.layout.name}: the table has no line")
        stated = None
        for total in self.layout.totals:
            place = next((line for line in self.lines if total.pattern.search(line.text)), None)
            if place is None:
                if total.is_optional:
                    continue
                raise FileRejectedError(f"layout {self.layout.name}: no {total.name} found")
            match = total.pattern.search(place.text)
            amount = self._number(match.group(1) if match else None, place)
            lines = sum(
                (found for row, found, _ in self.found if _counts(row["kind"], total.kinds)),
                Decimal(0),
            )
            if amount != lines:
                raise FileRejectedError(
                    f"{place.place}: {total.name} states {_plain(amount)}, its lines sum to"
                    f" {_plain(lines)}"
                )
            stated = _plain(amount)
        return stated

    def _number(self, text: str | None, line: TextLine) -> Decimal:
        """Return a printed amount exactly; a minus may be a bracket, the separators must fit."""
        printed = (text or "").strip()
        is_negative = printed.startswith("(") or "-" in printed or MINUS in printed
        bare = re.sub(r"[^\d.,' \u00a0\u202f]", "", printed).strip()
        mark = self.layout.decimal_mark
        separators = ",' \u00a0\u202f" if mark == "." else ".' \u00a0\u202f"
        whole, _, places = bare.partition(mark)
        grouped = re.fullmatch(rf"\d{{1,3}}([{re.escape(separators)}]\d{{3}})*|\d+", whole)
        if not grouped or (mark in bare and not places.isdigit()):
            raise FileRejectedError(f"{line.place}: a number that is not written with {mark!r}")
        digits = re.sub(r"\D", "", whole)
        try:
            number = Decimal(f"{digits}.{places or '0'}")
        except InvalidOperation as error:
            raise FileRejectedError(f"{line.place}: not a number") from error
        return -number if is_negative else number

    def _day(self, text: str | None, line: TextLine, year: int | None = None) -> str | None:
        if text is None:
            return None
        for form in self.layout.date_formats:
            for shown, wanted in ((text, form), (f"{text}, {year}", form)):
                try:
                    return dt.datetime.strptime(shown.strip(), wanted).date().isoformat()  # noqa: DTZ007
                except ValueError:
                    continue
        raise FileRejectedError(f"{line.place}: a date that layout {self.layout.name} cannot read")

    def _period(self, row: dict[str, str | None], line: TextLine) -> tuple[str, str] | None:
        """Return first and last day that a line or the invoice states."""
        if not row.get("period_end"):
            return None
        last = str(self._day(row["period_end"], line))
        first = str(self._day(row.get("period_start") or row["period_end"], line, int(last[:4])))
        if first > last:
            # 'Dec 15 - Jan 14, 2027' names one year, the later one
            first = f"{int(first[:4]) - 1}{first[4:]}"
        return first, last


def _counts(kind: str | None, kinds: tuple[str, ...] | None) -> bool:
    return kinds is None or kind in kinds


def _scaled(number: Decimal, per: int, *, is_price: bool) -> Decimal:
    """Return a quantity in single units, or the price of one; `per` is a power of ten."""
    places = len(str(per)) - 1
    if str(per) != "1" + "0" * places:
        raise FileRejectedError(f"a layout's unit of {per} is no power of ten")
    return number.scaleb(-places if is_price else places)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


if __name__ == "__main__":
    for shown in text_lines(Path(sys.argv[1])):
        print(f"{shown.page}:{shown.number}: {shown.text}")
