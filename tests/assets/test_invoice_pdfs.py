"""PDF invoices: every row understood and every total equal to its lines, or rejected."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest

from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.settings import PROJECT_ROOT
from tests.assets.invoice_pdfs import ANTHROPIC, ANTHROPIC_TOTALS, OPENAI, pdf, picture_pdf
from tests.conftest import Landing

D = Decimal
TEMPLATE = PROJECT_ROOT / "data/reference/templates/invoice_layouts/example.yml"


def reason(landing: Landing, content: bytes) -> str:
    """Why a file was rejected."""
    landing.drop("invoice_lines/bad.pdf", content)
    report = landing.ingest("invoice_lines")
    assert report.files_rejected == 1
    ((text,),) = landing.rows("select reason from raw.landed_files where path like '%bad.pdf'")
    return str(text)


def changed(before: str, after: str) -> bytes:
    """The OpenAI invoice with one line changed."""
    assert before in OPENAI
    return pdf([after if line == before else line for line in OPENAI])


def test_an_openai_invoice_becomes_its_lines(landing: Landing) -> None:
    landing.drop("invoice_lines/a.pdf", pdf(OPENAI))
    assert landing.ingest("invoice_lines").rows_loaded == 6
    assert landing.rows(
        "select invoice_id, channel, account, period_start::varchar, period_end::varchar,"
        " issued_on::varchar, currency, total_amount from raw.invoice_lines group by all"
    ) == [
        ("OA-0007", "openai", "org-acme", "2026-09-01", "2026-09-30", "2026-10-01", "USD", "1440")
    ]
    assert landing.rows(
        "select kind, model, meter, quantity, unit_price, amount, processing from"
        " raw.invoice_lines order by _row_number"
    ) == [
        ("usage", "gpt-5-mini-2025-08-07", "input_uncached_tokens", "4000000", "0.00000025", "1",
         None),
        ("usage", "gpt-5-mini-2025-08-07", "input_cache_read_tokens", "2000000", "0.000000025",
         "0.05", None),
        ("usage", "gpt-5-mini-2025-08-07", "output_tokens", "600000000", "0.000002", "1200",
         "batch"),
        ("usage", None, "web_search_calls", "1000", "0.01", "10", None),
        ("credit", None, None, None, None, "-11.05", None),
        ("tax", None, None, None, None, "240", None),
    ]  # fmt: skip


def test_an_anthropic_invoice_over_two_pages_becomes_its_lines(landing: Landing) -> None:
    """The folder names the account; the tax is of the period of the lines above it."""
    landing.drop("invoice_lines/acme/a.pdf", pdf(ANTHROPIC, ANTHROPIC_TOTALS))
    assert landing.ingest("invoice_lines").rows_loaded == 4
    assert landing.rows(
        "select kind, model, meter, quantity, amount, period_start::varchar, period_end::varchar,"
        " account, _account from raw.invoice_lines order by _row_number"
    ) == [
        ("usage", "Claude Haiku 4.5", "input_uncached_tokens", "3000000", "3", "2026-09-01",
         "2026-09-30", None, "acme"),
        ("usage", "Claude Haiku 4.5", "output_tokens", "2000000", "10", "2026-09-01",
         "2026-09-30", None, "acme"),
        ("tax", None, None, None, "2.99", "2026-09-01", "2026-09-30", None, "acme"),
        ("drawdown", None, None, None, "-15.99", "2026-09-01", "2026-09-30", None, "acme"),
    ]  # fmt: skip


def test_a_pdf_in_any_folder_is_an_invoice(landing: Landing) -> None:
    landing.drop("papers/a.pdf", pdf(OPENAI))
    assert landing.ingest("invoice_lines").rows_loaded == 6


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Subtotal|||$1,211.05", "Subtotal|||$1,211.06",
         "page 1 line 12: Subtotal states 1211.06, its lines sum to 1211.05"),
        ("VAT 20%|||$240.00", "VAT 20%|||$240.01",
         "page 1 line 15: Total states 1440, its lines sum to 1440.01"),
        ("Promotional credit|||-$11.05", "Loyalty bonus|||-$11.05",
         "page 1 line 13: a row that layout openai does not know"),
        ("VAT 20%|||$240.00", "VAT 20%|||$240,00",
         "page 1 line 14: a number that is not written with '.'"),
        ("Date of issue|October 1, 2026", "Date of issue|1.10.26",
         "page 1 line 1: a date that layout openai cannot read"),
        ("Invoice number|OA-0007", "Number|OA-0007", "layout openai: no invoice_id found"),
        ("Total|||$1,440.00", "Sum|||$1,440.00",
         "page 1 line 15: a row that layout openai does not know"),
        ("OpenAI OpCo, LLC|Invoice", "Acme AI|Invoice",
         "fits no invoice layout (anthropic, openai); describe it in reference/invoice_layouts"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_or_is_not_understood_rejects_the_file(
    landing: Landing, before: str, after: str, said: str
) -> None:
    assert reason(landing, changed(before, after)) == said
    assert landing.rows("select count(*) from raw.invoice_lines") == [(0,)]


def test_a_scanned_invoice_says_that_it_has_no_text(landing: Landing) -> None:
    assert reason(landing, picture_pdf()).startswith("no page has any text, so it is a scan")


def test_a_damaged_pdf_is_rejected(landing: Landing) -> None:
    assert reason(landing, b"%PDF-1.7\nnot really").startswith("the PDF is damaged")
    whole = pdf(OPENAI)
    landing.drop("invoice_lines/cut.pdf", whole[: len(whole) // 2])
    assert landing.ingest("invoice_lines").files_rejected == 2


def test_a_layout_of_ones_own_reads_commas_and_loads_what_was_rejected(landing: Landing) -> None:
    page = [
        "Example Models SAS",
        "Facture|F-12",
        "Date|05/10/2026",
        "Periode|01/09/2026 - 30/09/2026",
        "Designation||Montant",
        "mistral-large-latest sortie|1 000 000|6,00 EUR",
        "TVA 20 %||1 201,20 EUR",
        "Total HT||6,00 EUR",
        "Net a payer||1 207,20 EUR",
    ]
    assert reason(landing, pdf(page)).startswith("fits no invoice layout")
    folder = landing.settings.reference / "invoice_layouts"
    folder.mkdir(parents=True)
    shutil.copy(TEMPLATE, folder / "example.yml")
    assert landing.ingest("invoice_lines").rows_loaded == 2
    assert landing.rows(
        "select channel, model, quantity, amount, currency, issued_on::varchar from"
        " raw.invoice_lines order by _row_number"
    ) == [
        ("mistral", "mistral-large-latest", "1000000", "6", "EUR", "2026-10-05"),
        ("mistral", None, None, "1201.2", "EUR", "2026-10-05"),
    ]


def test_a_changed_layout_reads_its_invoices_again(landing: Landing) -> None:
    landing.drop("invoice_lines/a.pdf", pdf(OPENAI))
    landing.ingest("invoice_lines")
    assert landing.ingest("invoice_lines").files_new == 0
    folder = landing.settings.reference / "invoice_layouts"
    folder.mkdir(parents=True)
    built_in = PROJECT_ROOT / "dagster_project/sources/layouts/openai.yml"
    (folder / "openai.yml").write_text(
        built_in.read_text().replace("kind: credit", "kind: adjustment"), encoding="utf-8"
    )
    landing.ingest("invoice_lines")
    assert landing.rows("select count(*) from raw.invoice_lines where kind = 'adjustment'") == [
        (1,)
    ]


def test_a_layout_that_cannot_work_names_its_file(landing: Landing) -> None:
    folder = landing.settings.reference / "invoice_layouts"
    folder.mkdir(parents=True)
    (folder / "mine.yml").write_text("name: mine\n", encoding="utf-8")
    landing.drop("invoice_lines/a.pdf", pdf(OPENAI))
    with pytest.raises(ConfigurationError, match=r"mine\.yml: lacks channel"):
        landing.ingest("invoice_lines")
