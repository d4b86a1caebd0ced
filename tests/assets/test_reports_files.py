"""The workbook, the page and the texts, written from a small snapshot and read back."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from reports_snapshot import FORMULA, SCRIPT, build_snapshot

from dagster_project.lib.errors import ConfigurationError, TrueUpError
from dagster_project.reports.alerts import render_month
from dagster_project.reports.page import write_page
from dagster_project.reports.summary import render_summary
from dagster_project.reports.tolerances import drift_messages
from dagster_project.reports.workbook import write_workbook

TITLE = "Unit costs & bills"
VOID_TAGS = {"meta", "br", "use", "path"}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_snapshot(tmp_path_factory.mktemp("snapshot") / "trueup.duckdb")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "trueup.duckdb"
    return build_snapshot(path, {"intermediate.int_outcome_as_of": [{"as_of_at": None}]})


@pytest.fixture(scope="module")
def workbook(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("workbook") / "trueup.xlsx"
    write_workbook(snapshot, target, title=TITLE)
    return target


@pytest.fixture(scope="module")
def page(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("page") / "trueup.html"
    write_page(snapshot, target, title=TITLE)
    return target.read_text(encoding="utf-8")


def sheet_rows(sheet: Worksheet) -> list[dict[str, object]]:
    rows = list(sheet.iter_rows(values_only=True))
    return [dict(zip([str(name) for name in rows[0]], row, strict=True)) for row in rows[1:]]


def test_the_workbook_holds_numbers_dates_and_no_formula(workbook: Path) -> None:
    book = load_workbook(workbook)
    sheet = book["Unit costs"]
    types = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row}
    assert "f" not in types
    row = next(row for row in sheet_rows(sheet) if row["Class"] == FORMULA)
    assert row["Starts"] == datetime(2026, 9, 1)  # noqa: DTZ001
    assert row["Direct, computed (USD)"] == 0.5
    assert row["Outcomes"] == 2


def test_the_workbook_prints_the_sign_of_a_lower_bound_on_a_number(workbook: Path) -> None:
    sheet = load_workbook(workbook)["Unit costs"]
    headings = [cell.value for cell in sheet[1]]
    column = headings.index("Loaded, trued-up (USD)")
    formats = {
        row[headings.index("Class")].value: row[column].number_format
        for row in sheet.iter_rows(min_row=2)
        if row[column].value is not None
    }
    assert formats[FORMULA] == '"≥ "#,##0.000000'
    assert formats["draft"] == "#,##0.000000"


def test_a_missing_unit_cost_is_an_empty_cell_with_its_reason(workbook: Path) -> None:
    rows = sheet_rows(load_workbook(workbook)["Unit costs"])
    row = next(row for row in rows if row["Class"] == "unattributed")
    assert row["Loaded, trued-up (USD)"] is None
    assert row["Why there is no unit cost"] == "matched nothing; shared over the loaded unit costs"


def test_every_table_sheet_is_frozen_filtered_and_explained(workbook: Path) -> None:
    book = load_workbook(workbook)
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref is not None
        assert all(cell.comment is not None for cell in sheet[1])


def test_the_summary_sheet_says_what_needs_attention(workbook: Path) -> None:
    sheet = load_workbook(workbook)["Summary"]
    texts = [str(row[0]) for row in sheet.iter_rows(values_only=True) if row[0]]
    assert texts[0] == TITLE
    assert any(text.startswith("Drift. openai / default, 2026-09: billed 15.50") for text in texts)
    assert "Unit costs, 2026-09 (full month)" in texts


def test_the_same_snapshot_gives_the_same_bytes(snapshot: Path, tmp_path: Path) -> None:
    targets = [tmp_path / "a", tmp_path / "b"]
    for target in targets:
        write_workbook(snapshot, target / "trueup.xlsx", title=TITLE)
        write_page(snapshot, target / "trueup.html", title=TITLE)
    for name in sorted(path.name for path in targets[0].iterdir()):
        assert (targets[0] / name).read_bytes() == (targets[1] / name).read_bytes(), name


def test_the_csv_beside_the_workbook_is_exact(workbook: Path) -> None:
    with workbook.with_suffix(".unit_costs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    weeks = [row for row in rows if row["period_grain"] == "week"]
    assert weeks[-1]["trued_up_loaded_unit_cost_usd"] == "0.000001234567"
    assert any(row["class"] == "'" + FORMULA for row in rows)
    lines = workbook.with_suffix(".reconciliation_lines.csv").read_text(encoding="utf-8")
    assert "2.504000000000000000" in lines


def test_markup_in_a_name_stays_text_on_the_page(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page


def test_the_page_asks_nothing_of_the_network(page: str) -> None:
    assert "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert "url(http" not in page
    assert "@import" not in page


class PageReader(HTMLParser):
    """Collects what accessibility asks for: headings, captions, scopes, ids and labels."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.headers_without_scope = 0
        self.images_without_label = 0
        self.open_tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "th" and not values.get("scope"):
            self.headers_without_scope += 1
        if values.get("role") == "img" and not values.get("aria-label"):
            self.images_without_label += 1
        if tag not in VOID_TAGS:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID_TAGS:
            assert self.open_tags.pop() == tag


def read(page: str) -> PageReader:
    reader = PageReader()
    reader.feed(page)
    return reader


def test_the_page_can_be_read_by_ear(page: str) -> None:
    reader = read(page)
    assert reader.levels[0] == 1
    assert reader.levels.count(1) == 1
    steps = zip(reader.levels, reader.levels[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)
    assert reader.counts["table"] == reader.counts["caption"]
    assert reader.headers_without_scope == 0
    assert reader.images_without_label == 0
    assert reader.counts["svg"] == 1


def test_tags_of_the_page_close_and_ids_are_unique(page: str) -> None:
    reader = read(page)
    assert reader.open_tags == []
    assert len(reader.ids) == len(set(reader.ids))


def test_the_page_marks_bounds_provisional_and_accrued_figures(page: str) -> None:
    assert '<data value="0.500000000000">≥ 0.500000</data>' in page
    assert '<span class="badge provisional">provisional</span>' in page
    assert '<span class="badge accrued">accrued</span>' in page
    assert 'title="out of scope by the rule internal_user">—</span>' in page


def test_the_terminal_summary_fits_and_states_both_bases(snapshot: Path) -> None:
    text = render_summary(snapshot)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "2026-09 (full month): spend computed ≥ 13.00, trued-up ≥ 15.50 (trued-up)" in text
    assert "  end_user                 40     0.1250     0.1500     0.1250     0.1500\n" in text
    assert "Unpriced: 1 of 3 usage rows. Quarantined: faulty rows 1, copies of calls 1." in text


def test_a_month_is_told_from_computed_to_billed(snapshot: Path) -> None:
    text = render_month(snapshot, "2026-09")
    assert "2026-09  openai / default  drift" in text
    assert "2026-10" not in text
    assert re.search(r"computed +≥ 13\.00 USD\n", text)
    assert re.search(r"unlogged +\+2\.50 USD  lines: 1  over tolerance\n", text)
    assert re.search(r"billed +15\.50 USD  difference \+2\.50 \(16\.13 %\)\n", text)
    assert (
        "  invoice OAI-1: 16.62 USD, fail\n"
        "    +0.12 USD against its days; FOCUS 1.4 tolerates 1.00: pass; our limit 0.02: fail"
    ) in text
    assert "no bill yet" in render_month(snapshot, None)


def test_drift_is_found_in_its_month_only(snapshot: Path) -> None:
    assert drift_messages(snapshot) == [
        "openai / default, 2026-09: coverage tolerance breached by unlogged: 2.50 USD, 16.15 % of "
        "15.50 USD billed; limit 0.16 USD (1.00 %); lines: Billed usage that the call log does not "
        "hold. To do: Map the key."
    ]
    assert len(drift_messages(snapshot, "2026-09")) == 1
    assert drift_messages(snapshot, "2026-10") == []


@pytest.mark.parametrize("month", ["2026-9", "September", "2026-13", "2026-09-01"])
def test_a_malformed_month_is_a_configuration_error(snapshot: Path, month: str) -> None:
    with pytest.raises(ConfigurationError, match="must be written YYYY-MM"):
        render_month(snapshot, month)


def test_a_month_that_is_not_there_names_those_that_are(snapshot: Path) -> None:
    with pytest.raises(ConfigurationError, match="its months are 2026-09 to 2026-10"):
        render_month(snapshot, "2027-01")


def test_an_absent_snapshot_is_one_clear_error(tmp_path: Path) -> None:
    absent = tmp_path / "none.duckdb"
    for write in (write_workbook, write_page):
        with pytest.raises(TrueUpError, match="there is no published snapshot at"):
            write(absent, tmp_path / "out", title=TITLE)
    with pytest.raises(TrueUpError, match="there is no published snapshot at"):
        render_summary(absent)
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_without_the_report_marts_asks_for_a_run(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    duckdb.connect(str(path)).execute("create schema marts").close()
    with pytest.raises(TrueUpError, match="lacks a mart of the reports"):
        render_summary(path)


def test_a_failed_write_leaves_the_old_file_and_no_draft(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "trueup.html"
    target.write_text("old", encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(TrueUpError, match="cannot be written: No space left on device"):
        write_page(snapshot, target, title=TITLE)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["trueup.html"]


def test_empty_books_give_readable_reports(empty: Path, tmp_path: Path) -> None:
    write_workbook(empty, tmp_path / "trueup.xlsx", title=TITLE)
    write_page(empty, tmp_path / "trueup.html", title=TITLE)
    said = "No usage has been loaded yet, so there is nothing to show."
    assert said in (tmp_path / "trueup.html").read_text(encoding="utf-8")
    assert load_workbook(tmp_path / "trueup.xlsx")["Summary"]["A2"].value == said
    assert "nothing to show" in render_summary(empty)
    assert render_month(empty, None) == "There is no usage and no bill to reconcile yet."


def test_a_name_with_markup_is_whole_in_the_workbook(workbook: Path) -> None:
    rows = sheet_rows(load_workbook(workbook)["Reconciliation lines"])
    assert rows[0]["Model"] == SCRIPT
    assert rows[0]["Amount"] == 2.504
