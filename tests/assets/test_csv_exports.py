"""CSV exports: dashboards, console costs, invoices; ragged rows, BOM, CRLF."""

from __future__ import annotations

import gzip
from decimal import Decimal

from tests.conftest import Landing

USAGE_HEADER = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,"
    "api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens\n"
)
COST_HEADER = "start_time,end_time,amount_value,amount_currency,line_item,project_id\n"
CONSOLE_7 = "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n"
CONSOLE_12 = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
    "list_price_usd,cost_type,inference_geo,speed\n"
)
INVOICE_HEADER = (
    "invoice_id,channel,account,period_start,period_end,issued_on,description,model,meter,"
    "quantity,unit_price,amount,currency,kind\n"
)


def test_a_dashboard_usage_csv_uses_the_epoch_and_accepts_floats_that_are_whole(
    landing: Landing,
) -> None:
    landing.drop(
        "openai_usage/u.csv",
        USAGE_HEADER
        # The ISO text contradicts the epoch on purpose: the epoch decides.
        + "1772323200,1772409600,2020-01-01T00:00:00,x,p,2.0,,k,gpt-5,FALSE,default,592.0,10,0.0\n"
        + "1772409600,1772496000,,,,,,,,,,,,\n",
    )
    landing.ingest("openai_usage")
    assert landing.rows(
        "select start_at::varchar, is_empty_bucket, num_model_requests, batch, input_tokens,"
        " input_cache_write_tokens from raw.openai_usage order by _row_number"
    ) == [
        ("2026-03-01 00:00:00", False, 2, False, 592, None),
        ("2026-03-02 00:00:00", True, None, None, None, None),
    ]


def test_a_dashboard_cost_csv_sums_to_the_written_digits(landing: Landing) -> None:
    landing.drop(
        "openai_costs/c.csv",
        COST_HEADER
        + "1772323200,1772409600,0.10000000000000001,usd,,p\n"
        + "1772409600,1772496000,,,,\n"
        + "1772496000,1772582400,0.20000000000000003,usd,,p\n",
    )
    landing.ingest("openai_costs")
    assert landing.rows(
        "select sum(amount_value::decimal(38,18)), count(*) filter (is_empty_bucket)"
        " from raw.openai_costs"
    ) == [(Decimal("0.30000000000000004"), 1)]


def test_all_console_generations_load_and_every_day_between_is_stated(landing: Landing) -> None:
    landing.drop(
        "anthropic_console_costs/old.csv",
        CONSOLE_7
        + "2026-03-01,Claude Haiku 4.5,Default,k,message,output,0.01\n"
        + "2026-03-03,Claude Haiku 4.5,Default,k,message,output,0.02\n"
        + "2026-03-03,Claude Haiku 4.5,Default,k,message,output,0.02\n",
    )
    landing.drop(
        "anthropic_console_costs/acme/new.csv",
        CONSOLE_12
        + "2026-03-05,Claude Opus,Default,k,message,≤ 200k,output,0.30,0.50,token,us,fast\n",
    )
    landing.ingest("anthropic_console_costs")
    assert landing.rows(
        "select _account, start_at::date::varchar, end_at::date::varchar, cost_usd, context_window"
        " from raw.anthropic_console_costs order by 1 desc, _row_number"
    ) == [
        ("default", "2026-03-01", "2026-03-02", "0.01", None),
        ("default", "2026-03-03", "2026-03-04", "0.02", None),
        ("default", "2026-03-03", "2026-03-04", "0.02", None),
        ("acme", "2026-03-05", "2026-03-06", "0.30", "≤ 200k"),
    ]
    assert landing.rows(
        "select day::varchar from raw.file_windows where account = 'default' order by 1"
    ) == [("2026-03-01",), ("2026-03-02",), ("2026-03-03",)]


def test_invoice_lines_load_and_faulty_ones_say_why(landing: Landing) -> None:
    line = "I1,openai,acme,2026-03-01,2026-03-31,2026-04-02,use,,,1,2,{amount},USD,{kind}\n"
    landing.drop(
        "invoice_lines/i.csv",
        INVOICE_HEADER
        + line.format(amount="2.00", kind="usage")
        + line.format(amount="-0.50", kind="credit")
        + line.format(amount="1,00".replace(",", "x"), kind="tax")
        + line.format(amount="1", kind="gift")
        + ",openai,acme,2026-03-01,2026-03-31,,use,,,,,1,USD,usage\n"
        + "I1,openai,acme,2026-03-31,2026-03-01,,use,,,,,1,USD,usage\n"
        + "I1,openai,acme,01/03/2026,2026-03-31,,use,,,,,1,USD,usage\n",
    )
    report = landing.ingest("invoice_lines")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (7, 2, 5)
    assert landing.faults() == [
        (3, "amount", "not_a_number", "text of 4 characters"),
        (4, "kind", "not_allowed_value", "text of 4 characters"),
        (5, "invoice_id", "missing_value", None),
        (6, "period_end", "not_allowed_value", None),
        (7, "period_start", "bad_date", "01/03/2026"),
    ]
    assert landing.pending() == [f"2026-03-{day:02}" for day in range(1, 32)]


def test_ragged_rows_are_quarantined_at_their_own_row_number(landing: Landing) -> None:
    rows = [
        "2026-03-01,m,w,k,message,output,0.01",
        "2026-03-01,m,w,k",
        '2026-03-01,"two\nlines",w,k,message,output,0.02',
        "2026-03-01,m,w,k,message,output,0.03,extra",
        "2026-03-01,m,w,k,message,output,-bad",
        "2026-03-01,m,w,k,message,output,0.04",
        '2026-03-01,m,w,k,message,output,"0.05',
    ]
    landing.drop("anthropic_console_costs/r.csv", CONSOLE_7 + "\n".join(rows))
    report = landing.ingest("anthropic_console_costs")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (7, 3, 4)
    assert landing.faults() == [
        (2, None, "malformed_row", None),
        (4, None, "malformed_row", None),
        (5, "cost_usd", "not_a_number", "text of 4 characters"),
        (7, None, "malformed_row", None),
    ]
    assert landing.rows(
        "select _row_number, cost_usd from raw.anthropic_console_costs order by 1"
    ) == [(1, "0.01"), (3, "0.02"), (6, "0.04")]


def test_a_byte_order_mark_crlf_semicolons_and_gzip_change_nothing(landing: Landing) -> None:
    text = "\ufeff" + CONSOLE_7 + "2026-03-01,m,w,k,message,output,0.01\n"
    landing.drop("anthropic_console_costs/a/bom.csv", text.replace("\n", "\r\n"))
    landing.drop(
        "anthropic_console_costs/b/semi.csv", text.replace(",", ";").removeprefix("\ufeff")
    )
    landing.drop("anthropic_console_costs/c/zip.csv.gz", gzip.compress(text.encode()))
    assert landing.ingest("anthropic_console_costs").rows_loaded == 3
    assert landing.rows(
        "select distinct start_at::varchar, cost_usd from raw.anthropic_console_costs"
    ) == [("2026-03-01 00:00:00", "0.01")]


def test_a_missing_column_rejects_the_file_and_is_named(landing: Landing) -> None:
    landing.drop("anthropic_console_costs/x.csv", CONSOLE_7.replace(",cost_usd", "") + "a,b\n")
    assert landing.ingest("anthropic_console_costs").files_rejected == 1
    reason = landing.reason("anthropic_console_costs/x.csv")
    assert reason.startswith("required column missing: cost_usd; the file has: usage_date_utc")


def test_files_without_rows_or_with_twice_the_same_column_are_rejected(landing: Landing) -> None:
    landing.drop("anthropic_console_costs/head.csv", CONSOLE_7)
    landing.drop("anthropic_console_costs/twice.csv", "model," + CONSOLE_7 + "x\n")
    landing.drop("anthropic_console_costs/bad.csv", CONSOLE_7 + "only,three,cells\n")
    landing.drop("anthropic_console_costs/page.json", {"data": []})
    assert landing.ingest("anthropic_console_costs").files_rejected == 4
    assert landing.reason("anthropic_console_costs/head.csv") == "no data rows"
    assert "twice: model" in landing.reason("anthropic_console_costs/twice.csv")
    assert "none of its 1 rows" in landing.reason("anthropic_console_costs/bad.csv")
    assert "takes csv" in landing.reason("anthropic_console_costs/page.json")


def test_blank_lines_are_no_rows_and_move_no_row_number(landing: Landing) -> None:
    row = "2026-03-01,m,w,k,message,output,"
    landing.drop(
        "anthropic_console_costs/b.csv",
        CONSOLE_7 + f"\n{row}0.01\n\n\n2026-03-01,m\n\n{row}x\n\n{row}0.02\n\n",
    )
    landing.ingest("anthropic_console_costs")
    assert landing.faults() == [
        (2, None, "malformed_row", None),
        (3, "cost_usd", "not_a_number", "text of 1 characters"),
    ]
    assert landing.rows(
        "select _row_number, cost_usd from raw.anthropic_console_costs order by 1"
    ) == [(1, "0.01"), (4, "0.02")]


def test_a_wrong_byte_is_its_rows_fault_and_another_encoding_the_files(landing: Landing) -> None:
    row = b"2026-03-01,m,w,k,message,output,0.01\n"
    wrong = row.replace(b"m,w", b"\xff\xfe,w")
    landing.drop("anthropic_console_costs/a.csv", CONSOLE_7.encode() + row + wrong + row)
    landing.drop("anthropic_console_costs/b.csv", (CONSOLE_7 + row.decode()).encode("utf-16"))
    landing.ingest("anthropic_console_costs")
    assert landing.faults() == [(2, None, "malformed_row", None)]
    assert landing.reason("anthropic_console_costs/b.csv") == "not UTF-8 text"


def test_an_absurd_amount_is_a_fault_of_its_row_and_breaks_no_sum(landing: Landing) -> None:
    row = "2026-03-01,m,w,k,message,output,"
    landing.drop(
        "anthropic_console_costs/a.csv",
        CONSOLE_7 + f"{row}0.01\n{row}99999999999999999999\n{row}99999999999999999999\n",
    )
    report = landing.ingest("anthropic_console_costs")
    assert (report.rows_loaded, report.rows_quarantined) == (1, 2)
    assert landing.faults()[0] == (2, "cost_usd", "too_large", "99999999999999999999")
