"""The month-end report on paper. Amounts are text made from exact decimals; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import TrueUpError
from dagster_project.reports.cells import cell
from dagster_project.reports.columns import Column
from dagster_project.reports.display import printable, shortened
from dagster_project.reports.snapshot import Row

FONT = "DejaVu"
INK, SOFT, HEAD, BAND = (27, 34, 44), (82, 92, 106), (23, 54, 93), (244, 246, 249)

# A cell of more is told in full by the workbook; a row must fit a page.
LONGEST_CELL = 240


def render_pdf(
    target: Path,
    *,
    title: str,
    lines: Iterable[str],
    sections: Sequence[Mapping[str, Any]],
    as_of: datetime,
) -> None:
    """Write the PDF: A4 across, one section per table, headings repeated on every page."""
    from fpdf import FPDF  # noqa: PLC0415  (loaded only by who writes one)
    from fpdf.errors import FPDFException  # noqa: PLC0415

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-10)
            self.set_font(FONT, size=7)
            self.set_text_color(*SOFT)
            self.cell(0, 5, f"{title} · page {self.page_no()} of {{nb}}", align="R")

    paper = Paper(orientation="landscape", format="A4")
    folder = _fonts()
    paper.add_font(FONT, "", folder / "DejaVuSans.ttf")
    paper.add_font(FONT, "B", folder / "DejaVuSans-Bold.ttf")
    paper.set_title(title)
    paper.set_author("TrueUp")
    # the time of the data and not of the clock, so that the same snapshot gives the same bytes
    paper.set_creation_date(as_of.replace(tzinfo=UTC))
    paper.set_margin(12)
    paper.set_auto_page_break(auto=True, margin=14)
    try:
        paper.add_page()
        _text(paper, title, size=16, style="B", color=INK)
        for line in lines:
            _text(paper, line, size=8, color=SOFT)
        for section in sections:
            _section(paper, section)
        paper.output(str(target))
    except FPDFException as error:
        raise TrueUpError(f"the PDF cannot be written: {error}") from error


def _fonts() -> Path:
    """Return the folder of DejaVu Sans: matplotlib brings it, and it has every sign used here."""
    import matplotlib as mpl  # noqa: PLC0415

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


def _text(
    paper: Any, text: str, *, size: float, style: str = "", color: tuple[int, int, int] = INK
) -> None:
    paper.set_font(FONT, style=style, size=size)
    paper.set_text_color(*color)
    paper.multi_cell(0, size * 0.5, printable(text), new_x="LMARGIN", new_y="NEXT")
    paper.ln(0.8)


def _section(paper: Any, section: Mapping[str, Any]) -> None:
    table, rows, columns = section["table"], section["rows"], section["columns"]
    if paper.get_y() > paper.h - 50:
        paper.add_page()
    paper.ln(3)
    paper.start_section(table.title)
    _text(paper, table.title, size=12, style="B", color=HEAD)
    _text(paper, table.note, size=7.5, color=SOFT)
    if not rows:
        _text(paper, section["empty"], size=8)
        return
    _table(paper, columns, rows, section["totals"])
    if len(rows) < section["all_rows"]:
        note = f"The first {len(rows)} of {section['all_rows']:,} rows; the workbook holds all."
        _text(paper, note, size=7.5, color=SOFT)


def _table(
    paper: Any, columns: Sequence[Column], rows: Sequence[Row], totals: Mapping[str, Any]
) -> None:
    from fpdf.fonts import FontFace  # noqa: PLC0415

    paper.set_font(FONT, size=6.5)
    paper.set_text_color(*INK)
    paper.set_draw_color(213, 218, 225)
    with paper.table(
        col_widths=tuple(min(column.width, 45) for column in columns),
        text_align=tuple("RIGHT" if column.is_numeric else "LEFT" for column in columns),
        headings_style=FontFace(emphasis="BOLD", color=(255, 255, 255), fill_color=HEAD),
        borders_layout="HORIZONTAL_LINES",
        line_height=3.6,
        padding=(0.6, 1.6, 0.6, 0.6),
    ) as grid:
        grid.row([column.heading for column in columns])
        bold = FontFace(emphasis="BOLD", fill_color=BAND)
        for row in rows:
            style = bold if row.get("is_total") else None
            grid.row([_shown(column, row) for column in columns], style=style)
        if totals:
            cells = ["Total", *(_total(column, totals) for column in columns[1:])]
            grid.row(cells, style=bold)


def _shown(column: Column, row: Row) -> str:
    return shortened(printable(cell(column, row).text), LONGEST_CELL)


def _total(column: Column, totals: Mapping[str, Any]) -> str:
    is_figure = column.is_numeric and column.key in totals
    return cell(column, totals).text if is_figure else ""
