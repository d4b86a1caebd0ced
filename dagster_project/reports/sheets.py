"""Cells of the workbook: formats, headers with notes, and safe writing of every kind of value."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dagster_project.reports.columns import Column
from dagster_project.reports.snapshot import Row
from dagster_project.reports.words import TRUE_UP_LABEL, label

# Excel refuses longer cells.
LONGEST_CELL_TEXT = 32_000

NUMBER_FORMATS = {
    "count": "#,##0",
    "quantity": "#,##0",
    "money": "#,##0.00",
    "fine_money": "#,##0.000000",
    "unit_cost": "#,##0.000000",
    "price": "0.00################",
    "ratio": "0.00%",
    "moment": "yyyy-mm-dd hh:mm",
    "day": "yyyy-mm-dd",
    "month": "yyyy-mm",
}

# Two lines of text.
HEADER_POINTS = 32

# An amount below half a cent would read 0.00, as if nothing were there.
HALF_A_CENT = Decimal("0.005")

STATUS_FILLS = {
    "drift": "#F8D7DA",
    "no_usage": "#F8D7DA",
    "rejected": "#F8D7DA",
    "provisional": "#FFF3CD",
    "not_billed": "#FFF3CD",
    "matched": "#D9EFDF",
    "explained": "#D9EFDF",
    "open": "#FFF3CD",
    "closed": "#D9EFDF",
}
STATUS_KEYS = frozenset({"status", "state"})

STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16},
    "heading": {"bold": True, "font_size": 13, "font_color": "#17365D"},
    "subheading": {"bold": True},
    "note": {"font_color": "#555555", "italic": True},
    "header": {
        "bold": True,
        "text_wrap": True,
        "valign": "top",
        "bg_color": "#17365D",
        "font_color": "#FFFFFF",
        "border": 1,
        "border_color": "#FFFFFF",
    },
    "plain": {},
}


class SheetWriter:
    """Writes sheets of one xlsxwriter workbook, from the top down."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._sheet: Any = None
        self._row = 0

    def start_sheet(self, name: str, widths: Sequence[int]) -> None:
        """Begin a sheet with column widths in characters."""
        self._sheet = self._book.add_worksheet(name)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.hide_gridlines(2)
        self._sheet.set_footer("&L&A&RPage &P of &N")
        for position, width in enumerate(widths):
            self._sheet.set_column(position, position, width)
        self._row = 0

    def table_sheet(
        self,
        name: str,
        columns: tuple[Column, ...],
        rows: list[Row],
        totals: Row | None = None,
        *,
        empty: str = "No rows.",
    ) -> None:
        """Write one table as a sheet of its own, its header frozen and filtered."""
        self.start_sheet(name, [column.width for column in columns])
        self.table(columns, rows, empty=empty, totals=totals)
        self._sheet.freeze_panes(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)

    def freeze(self) -> None:
        """Keep what is written so far in sight."""
        self._sheet.freeze_panes(self._row, 0)

    def freeze_with_header(self) -> None:
        """Keep what is written so far in sight, and the header of the table that comes next."""
        self._sheet.freeze_panes(self._row + 1, 0)

    def gap(self) -> None:
        """Leave one row empty."""
        self._row += 1

    def line(self, text: str, style: str = "plain") -> None:
        """Write one line of text; it runs over the empty cells beside it."""
        self._sheet.write_string(
            self._row, 0, text[:LONGEST_CELL_TEXT], self._format(STYLES[style])
        )
        self._row += 1

    def table(
        self,
        columns: tuple[Column, ...],
        rows: list[Row],
        *,
        empty: str,
        totals: Row | None = None,
    ) -> None:
        """Write headers with their notes, the rows, and the totals of columns under them.

        `empty` says that there are no rows.
        """
        left = self._format({**STYLES["header"], "align": "left", "indent": 1})
        right = self._format({**STYLES["header"], "align": "right"})
        self._sheet.set_row(self._row, HEADER_POINTS)
        for position, column in enumerate(columns):
            header = right if column.is_numeric else left
            self._sheet.write_string(self._row, position, column.heading, header)
            self._sheet.write_comment(
                self._row, position, column.note, {"author": "TrueUp", "x_scale": 2}
            )
        self._row += 1
        if not rows:
            self.line(empty, "note")
        for row in rows:
            for position, column in enumerate(columns):
                self._cell(position, column, row)
            self._row += 1
        if rows and totals:
            self._totals(columns, totals)

    def _totals(self, columns: tuple[Column, ...], totals: Row) -> None:
        style = {"bold": True, "top": 1, "valign": "top"}
        self._sheet.write_string(self._row, 0, "Total", self._format({**style, "indent": 1}))
        for position, column in enumerate(columns[1:], start=1):
            value = totals.get(column.key) if column.is_numeric else None
            if value is None:
                self._sheet.write_blank(self._row, position, None, self._format(style))
                continue
            pattern = number_format(column, value, is_bound=_is_bound(column, totals))
            money = self._format({**style, "num_format": pattern})
            self._sheet.write_number(self._row, position, float(value), money)
        self._row += 1

    def _cell(self, position: int, column: Column, row: Row) -> None:
        value = row[column.key]
        style = self._format(_style(column, row))
        if value is None:
            self._sheet.write_blank(self._row, position, None, style)
        elif column.kind == "flag":
            self._sheet.write_string(self._row, position, "yes" if value else "no", style)
        elif column.kind in ("day", "month", "moment"):
            self._sheet.write_datetime(self._row, position, value, style)
        elif column.is_numeric:
            # A cell is a double: it shows the figure, the CSV beside the workbook holds it.
            self._sheet.write_number(self._row, position, float(value), style)
        else:
            text = TRUE_UP_LABEL.get(value, label(value)) if column.kind == "code" else str(value)
            self._sheet.write_string(self._row, position, text[:LONGEST_CELL_TEXT], style)

    def _format(self, properties: dict[str, Any]) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]


def _style(column: Column, row: Row) -> dict[str, Any]:
    """Return the format of a cell: number format with its sign, italics when provisional."""
    style: dict[str, Any] = {"valign": "top", "bottom": 1, "bottom_color": "#DDE2E9"}
    if not column.is_numeric:
        style |= {"align": "left", "indent": 1}
    value = row[column.key]
    if row.get("is_total"):
        style |= {"bold": True, "top": 1}
    if column.kind in NUMBER_FORMATS:
        style["num_format"] = number_format(column, value, is_bound=_is_bound(column, row))
    if column.kind == "unit_cost" and row.get("is_provisional"):
        style |= {"italic": True, "font_color": "#7A5C00"}
    if column.kind == "text" and column.width >= 40:
        style["text_wrap"] = True
    if column.key in STATUS_KEYS and value in STATUS_FILLS:
        style["bg_color"] = STATUS_FILLS[value]
    return style


def _is_bound(column: Column, row: Row) -> bool:
    return column.bounded and bool(row.get("is_lower_bound"))


def number_format(column: Column, value: object, *, is_bound: bool) -> str:
    """Return the number format of a cell; the number itself stays a number under every sign."""
    pattern = NUMBER_FORMATS[column.kind]
    is_tiny = isinstance(value, Decimal) and value != 0 and abs(value) < HALF_A_CENT
    if column.kind == "money" and is_tiny:
        pattern = NUMBER_FORMATS["fine_money"]
    if is_bound:
        return f'"≥ "{pattern}'
    if column.signed:
        return f"+{pattern};-{pattern};{pattern}"
    return pattern
