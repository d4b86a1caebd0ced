"""The month-end report and the dispute pack, written from a small snapshot and read back."""

from __future__ import annotations

import csv
import html
import re
import shutil
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from finance_books import COMMAND, FINANCE_MODELS, SCRIPT, SEPTEMBER, STARTS, build_books, contracts
from openpyxl import load_workbook
from pypdf import PdfReader

from dagster_project.lib.errors import ConfigurationError
from dagster_project.reports.disputes import write_disputes
from dagster_project.reports.exact_csv import FORMULA_STARTS
from dagster_project.reports.finance import NOT_PUBLISHED, write_month
from dagster_project.reports.finance_tables import TABLES

SUMMED = {"Cover", "Lines", "Residuals", "Disputes", "Accruals", "Journal", "Invoices",
          "Rates used"}  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_books(tmp_path_factory.mktemp("books") / "trueup.duckdb")


@pytest.fixture(scope="module")
def exports(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    write_month(snapshot, folder, "2026-09")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def sheet(exports: Path, name: str) -> list[list[Any]]:
    book = load_workbook(exports / "finance-2026-09.xlsx")
    return [list(row) for row in book[name].iter_rows(values_only=True)]


def table_of(rows: list[list[Any]]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The rows under the header, which stands where the first column says Channel or Entry."""
    start = next(no for no, row in enumerate(rows) if row[0] in ("Channel", "Entry"))
    header = rows[start]
    found = [dict(zip(header, row, strict=True)) for row in rows[start + 1 :]]
    end = next((no for no, row in enumerate(found) if row[header[0]] == "Total"), None)
    return (found, None) if end is None else (found[:end], found[end])


def text_of(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def test_the_finance_marts_hold_the_columns_of_their_contracts(snapshot: Path) -> None:
    wanted = contracts()
    with duckdb.connect(str(snapshot), read_only=True) as con:
        for model in FINANCE_MODELS:
            found = {row[0]: row[1] for row in con.execute(f"describe marts.{model}").fetchall()}
            assert set(found) == set(wanted[model]), model
            money = [name for name in found if name.endswith("_usd")]
            assert {found[name].replace(" ", "") for name in money} <= {
                "DECIMAL(38,18)", "DECIMAL(28,18)",
            }  # fmt: skip


def test_the_rows_shown_in_cents_add_up_to_the_total_under_them(exports: Path) -> None:
    names = [table.title for table in TABLES]
    assert load_workbook(exports / "finance-2026-09.xlsx").sheetnames == names
    with_total = set()
    for name in names:
        rows, total = table_of(sheet(exports, name)) if name != "Unit costs" else ([], None)
        if total is None:
            continue
        with_total.add(name)
        figures = {key: value for key, value in total.items() if isinstance(value, int | float)}
        assert figures, name
        for key, value in figures.items():
            parts = [Decimal(str(row[key])) for row in rows if row[key] is not None]
            assert sum(parts) == Decimal(str(value)), (name, key)
            assert all(part == part.quantize(Decimal("0.01")) for part in parts), (name, key)
    assert with_total == SUMMED


def test_the_bridge_leads_from_computed_to_payable_cent_by_cent(exports: Path) -> None:
    rows, _ = table_of(sheet(exports, "Bridge"))
    steps = [(row["Step"], row["Amount"]) for row in rows if row["Channel"] == "openai"]
    assert steps == [
        ("computed", 10.00),
        ("rounding", 0),
        ("rate region", 1.01),
        ("billed", 11.01),
        ("to payable", 1.99),
        ("payable", 13),
    ]
    residuals, _ = table_of(sheet(exports, "Residuals"))
    cents = sorted(row["Amount"] for row in residuals if row["Cause"] == "rate region")
    # 0.502 twice for a step of 1.01
    assert cents == [0.50, 0.51]


def test_exact_values_stand_in_the_csv(exports: Path) -> None:
    lines = {row["meter"]: row for row in rows_of(exports / "finance-2026-09" / "lines.csv")}
    assert Decimal(lines["b"]["billed_usd"]) == Decimal("5.506")
    assert lines["b"]["billed_usd"] == "5.506000000000000000"
    accruals = rows_of(exports / "finance-2026-09" / "accruals.csv")
    assert {row["accrued_usd"] for row in accruals} == {"33.335000000000000000"}
    assert sum(Decimal(row["accrued_cents_usd"]) for row in accruals) == Decimal("100.01")


def test_a_month_without_a_bill_and_usage_without_a_price_are_empty_and_not_zero(
    exports: Path,
) -> None:
    (odd,) = (r for r in rows_of(exports / "finance-2026-09/cover.csv") if r["channel"] != "openai")
    assert (odd["billed_cents_usd"], odd["payable_cents_usd"]) == ("", "")
    (line,) = (r for r in rows_of(exports / "finance-2026-09/lines.csv") if r["meter"] == "'+1")
    assert line["billed_usd"] == line["billed_cents_usd"] == ""
    rates = rows_of(exports / "finance-2026-09/rates.csv")
    (unpriced,) = (row for row in rates if row["model_key"] == "unknown")
    assert (unpriced["cost_usd"], unpriced["cost_cents_usd"]) == ("", "")
    assert unpriced["unpriced_reason"] == "no_price"


def test_a_figure_without_some_prices_says_so_on_every_form(exports: Path) -> None:
    book = load_workbook(exports / "finance-2026-09.xlsx")
    signs = {
        (sheet.title, cell.value)
        for sheet in (book["Cover"], book["Bridge"], book["Rates used"])
        for row in sheet.iter_rows()
        for cell in row
        if "≥" in cell.number_format
    }
    # the account with unpriced usage, and every total that holds it or an unpriced row
    assert signs == {
        ("Cover", 5.56), ("Cover", 15.56), ("Bridge", 5.56), ("Bridge", 5.555), ("Rates used", 10),
    }  # fmt: skip
    text = text_of(exports / "finance-2026-09.pdf")
    page = (exports / "finance-2026-09.html").read_text(encoding="utf-8")
    for shown in ("≥ 5.56", "≥ 15.56", "≥ 10.00"):
        assert shown in text
        assert f">{shown}<" in page


def test_headers_are_frozen_and_numbers_are_numbers(exports: Path) -> None:
    book = load_workbook(exports / "finance-2026-09.xlsx")
    assert {sheet.title: sheet.freeze_panes for sheet in book}["Bridge"] == "A2"
    assert all(sheet.freeze_panes for sheet in book)
    bridge = book["Bridge"]
    headings = [cell.value for cell in bridge[1]]
    amount = bridge.cell(row=4, column=headings.index("Amount") + 1)
    assert (amount.data_type, amount.number_format) == ("n", "#,##0.00")
    disputes = book["Disputes"]
    headings = [cell.value for cell in disputes[1]]
    price = disputes.cell(row=2, column=headings.index("Unit price billed") + 1)
    assert (price.value, price.number_format) == (0.0000165, "0.00################")


def test_no_text_of_the_data_becomes_a_formula(exports: Path) -> None:
    books = [*exports.glob("*.xlsx"), *(exports / "disputes").glob("*.xlsx")]
    assert len(books) == 3
    seen = set()
    for path in books:
        for page in load_workbook(path):
            for row in page.iter_rows():
                for cell in row:
                    assert cell.data_type != "f", (path.name, page.title, cell.coordinate)
                    assert cell.hyperlink is None
                    seen.add(cell.value)
    assert {COMMAND, SCRIPT, *STARTS[:4]} <= seen
    fields = set()
    for path in exports.rglob("*.csv"):
        for row in rows_of(path):
            for key, value in row.items():
                is_number = re.fullmatch(r"-?\d+(\.\d+)?", value) and key != "processing"
                fields.add(value)
                assert is_number or not value.startswith(FORMULA_STARTS), (path.name, key, value)
    assert {f"'{start}" for start in (COMMAND, *STARTS)} <= fields


def test_the_page_has_every_figure_of_the_csv_files_and_runs_nothing(exports: Path) -> None:
    page = (exports / "finance-2026-09.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<data value="([^"]*)">', page))
    figures = 0
    for path in (exports / "finance-2026-09").glob("*.csv"):
        table = next(table for table in TABLES if table.key == path.stem)
        numeric = {column.key for column in table.columns if column.is_numeric}
        for row in rows_of(path):
            for key, value in row.items():
                if re.fullmatch(r"-?\d+\.\d{6,}", value):
                    assert key in numeric, (path.name, key)
                if key in numeric and value:
                    assert value in shown, (path.name, key, value)
                    figures += 1
    assert figures > 100
    assert "<script" not in page
    assert html.escape(SCRIPT, quote=True).replace("&#x27;", "&#39;") in page
    for table in TABLES:
        assert f'id="{table.key}"' in page


def test_the_paper_has_every_table_the_totals_and_who_signed(exports: Path) -> None:
    text = text_of(exports / "finance-2026-09.pdf")
    for table in TABLES:
        assert table.title in text
    # computed 10.00 + 5.56, accrued 100.01, claimed 1.01 + 2.25
    for total in ("15.56", "11.01", "13.00", "100.01", "3.26"):
        assert total in text, total
    flat = re.sub(r"\s+", " ", text)
    assert "reviewed by Ada on 2026-10-02 09:00 UTC" in flat
    assert f"closed by {SCRIPT} on 2026-10-03 10:30 UTC" in flat
    assert "the evidence has changed since (bills)" in flat
    assert "nobody has signed" in flat


def test_the_same_snapshot_gives_the_same_files(
    snapshot: Path, exports: Path, tmp_path: Path
) -> None:
    write_month(snapshot, tmp_path, "2026-09")
    files = {path.relative_to(exports) for path in exports.rglob("*") if path.is_file()}
    assert files == {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    for name in files:
        assert (tmp_path / name).read_bytes() == (exports / name).read_bytes(), name


def test_the_dispute_pack_holds_claim_lines_and_documents(exports: Path) -> None:
    folder = exports / "disputes"
    (lines,) = (path for path in folder.glob("openai-default-2026-09.csv"))
    rows = rows_of(lines)
    assert [row["disputed_cents_usd"] for row in rows] == [
        "0.510000000000000000",
        "0.500000000000000000",
    ]
    assert {row["claim_cents_usd"] for row in rows} == {"1.010000000000000000"}
    book = load_workbook(folder / "openai-default-2026-09.xlsx")
    assert book.sheetnames == ["Dispute", "Lines", "Evidence"]
    assert book["Dispute"]["A2"].value == "Claim: 1.01 USD in 2 lines."
    assert book["Evidence"]["D2"].value == STARTS[0]


def test_an_account_cannot_write_outside_the_folder_and_a_gone_dispute_leaves_no_file(
    snapshot: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.duckdb"
    shutil.copy(snapshot, changed)
    with duckdb.connect(str(changed)) as con:
        con.execute(
            "update marts.report_finance_disputes set account = '../../etc'"
            " where account <> 'default'"
        )
    folder = tmp_path / "out" / "disputes"
    folder.mkdir(parents=True)
    (folder / "google-default-2026-09.csv").write_text("gone")
    (folder / "google-default-2026-08.csv").write_text("another month")
    written = write_disputes(changed, folder, SEPTEMBER, datetime.combine(SEPTEMBER, time()))
    assert len(written) == 4
    assert {path.parent for path in written} == {folder}
    kept = {path.name for path in folder.iterdir()}
    assert kept == {*(path.name for path in written), "google-default-2026-08.csv"}


def test_a_snapshot_of_an_older_release_gives_the_report_without_what_it_lacks(
    snapshot: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older.duckdb"
    shutil.copy(snapshot, older)
    with duckdb.connect(str(older)) as con:
        for model in (*FINANCE_MODELS, "journal_lines", "close_states", "invoices"):
            con.execute(f"drop table marts.{model}")
    exports = tmp_path / "exports"
    names = {path.name for path in write_month(older, exports, "2026-09")}
    assert {"finance-2026-09.xlsx", "finance-2026-09.html", "finance-2026-09.pdf"} <= names
    assert {"cover.csv", "journal.csv"} & names == set()
    assert "coverage.csv" in names
    assert NOT_PUBLISHED in (exports / "finance-2026-09.html").read_text(encoding="utf-8")
    assert sheet(exports, "Journal")[0][0] == NOT_PUBLISHED
    assert NOT_PUBLISHED in re.sub(r"\s+", " ", text_of(exports / "finance-2026-09.pdf"))


@pytest.mark.parametrize("month", ["2026-9x", "2025-01"])
def test_a_month_that_is_not_there_is_said_and_writes_nothing(
    snapshot: Path, tmp_path: Path, month: str
) -> None:
    with pytest.raises(ConfigurationError):
        write_month(snapshot, tmp_path / "exports", month)
    assert not (tmp_path / "exports").exists()
