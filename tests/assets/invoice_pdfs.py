"""PDF invoices of our own facts: columns at fixed places, as issuers print them."""

from __future__ import annotations

from io import BytesIO

from fpdf import FPDF

COLUMNS = (10, 100, 130, 165)


def pdf(*pages: list[str]) -> bytes:
    """A PDF of text lines; '|' parts the columns of a line."""
    document = FPDF()
    document.set_font("Helvetica", size=9)
    for lines in pages:
        document.add_page()
        for number, line in enumerate(lines):
            for place, cell in zip(COLUMNS, line.split("|"), strict=False):
                if cell:
                    document.text(place, 20 + 6 * number, cell)
    return bytes(document.output())


def picture_pdf() -> bytes:
    """A page that holds a picture and no text, as a scanner makes it."""
    from PIL import Image  # noqa: PLC0415  comes with fpdf2

    picture = BytesIO()
    Image.new("RGB", (40, 40), (200, 200, 200)).save(picture, "png")
    document = FPDF()
    document.add_page()
    document.image(picture, 10, 10, 100)
    return bytes(document.output())


OPENAI = [
    "OpenAI OpCo, LLC|Invoice",
    "Invoice number|OA-0007",
    "Date of issue|October 1, 2026",
    "Organization|org-acme",
    "Billing period|September 1, 2026 - September 30, 2026",
    "Currency|USD",
    "Description|Quantity|Unit price|Amount",
    "gpt-5-mini-2025-08-07, input|4,000,000|$0.25 / 1M|$1.00",
    "gpt-5-mini-2025-08-07, cached input|2,000,000|$0.025 / 1M|$0.05",
    "gpt-5-mini-2025-08-07, output batch|600,000,000|$2.00 / 1M|$1,200.00",
    "Web search tool calls|1,000|$0.01|$10.00",
    "Subtotal|||$1,211.05",
    "Promotional credit|||-$11.05",
    "VAT 20%|||$240.00",
    "Total|||$1,440.00",
    "Amount due|||$1,440.00",
]

ANTHROPIC = [
    "Invoice",
    "Invoice number|AN-0003",
    "Date of issue|October 3, 2026",
    "Anthropic, PBC",
    "$0.00 USD due October 3, 2026",
    "Description|Qty|Unit price|Amount",
    "Claude Haiku 4.5 Usage - Input Tokens|3,000,000|$0.000001|$3.00",
    "Sep 1 - Sep 30, 2026",
    "Claude Haiku 4.5 Usage - Output Tokens|2,000,000|$0.000005|$10.00",
    "Sep 1 - Sep 30, 2026",
]
ANTHROPIC_TOTALS = [
    "Subtotal|||$13.00",
    "Total excluding tax|||$13.00",
    "VAT - Ireland (23% on $13.00)|||$2.99",
    "Total|||$15.99",
    "Applied balance|||-$15.99",
    "Amount due|||$0.00 USD",
]
