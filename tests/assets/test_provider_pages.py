"""API pages of OpenAI and Anthropic: every row, every empty bucket, no digit lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.conftest import HASH_KEY, Landing

# 2026-03-01 and 2026-03-02, 00:00 UTC.
DAY_1, DAY_2, DAY_3 = 1772323200, 1772409600, 1772496000


def _openai_page(*buckets: tuple[int, int, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "object": "page",
        "data": [
            {"object": "bucket", "start_time": start, "end_time": end, "results": results}
            for start, end, results in buckets
        ],
        "has_more": False,
    }


def _usage(**values: Any) -> dict[str, Any]:
    return {"object": "organization.usage.completions.result", **values}


def test_an_openai_usage_page_loads_every_result_and_its_empty_bucket(landing: Landing) -> None:
    landing.drop(
        "openai_usage/acme/page.json",
        _openai_page(
            (
                DAY_1,
                DAY_2,
                [
                    _usage(
                        input_tokens=100,
                        input_cached_tokens=40,
                        input_uncached_tokens=60,
                        output_tokens=7,
                        num_model_requests=3,
                        model="gpt-5-mini",
                        user_id="user-9",
                        batch=True,
                    ),
                    _usage(input_tokens=11, output_tokens=2, num_model_requests=1),
                ],
            ),
            (DAY_2, DAY_3, []),
        ),
    )
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.rows_in, report.rows_loaded) == (1, 3, 3)
    assert landing.rows(
        "select _row_number, _account, endpoint, start_at::varchar, is_empty_bucket, input_tokens,"
        " input_cached_tokens, output_tokens, model, batch, user_key"
        " from raw.openai_usage order by 1"
    ) == [
        (1, "acme", "completions", "2026-03-01 00:00:00", False, 100, 40, 7, "gpt-5-mini", True,
         keyed_hash("user-9", HASH_KEY)),
        (2, "acme", "completions", "2026-03-01 00:00:00", False, 11, None, 2, None, None, None),
        (3, "acme", "completions", "2026-03-02 00:00:00", True, *([None] * 6)),
    ]  # fmt: skip
    assert landing.rows(
        "select scope, day::varchar, is_current from raw.file_windows order by day"
    ) == [("completions", "2026-03-01", True), ("completions", "2026-03-02", True)]
    assert landing.pending() == ["2026-03-01", "2026-03-02"]


def test_embeddings_and_completions_of_one_day_stand_beside_each_other(landing: Landing) -> None:
    landing.drop("openai_usage/a.json", _openai_page((DAY_1, DAY_2, [_usage(input_tokens=5)])))
    embeddings = {"object": "organization.usage.embeddings.result", "input_tokens": 16}
    landing.drop("openai_usage/b.json", _openai_page((DAY_1, DAY_2, [embeddings])))
    landing.ingest("openai_usage")
    assert landing.rows("select scope from raw.file_windows where is_current order by scope") == [
        ("completions",),
        ("embeddings",),
    ]


def test_another_usage_endpoint_is_rejected_by_name(landing: Landing) -> None:
    images = {"object": "organization.usage.images.result", "images": 2}
    landing.drop("openai_usage/i.json", _openai_page((DAY_1, DAY_2, [images])))
    assert landing.ingest("openai_usage").files_rejected == 1
    assert "organization.usage.images.result" in landing.reason("openai_usage/i.json")


def test_openai_costs_keep_every_written_digit(landing: Landing) -> None:
    text = (
        '{"object":"page","data":[{"object":"bucket","start_time":1772323200,'
        '"end_time":1772409600,"results":['
        '{"object":"organization.costs.result","line_item":"a, input","quantity":30.0,'
        '"amount":{"value":0.123456789012345678,"currency":"usd"}},'
        '{"object":"organization.costs.result","line_item":"a, output",'
        '"amount":{"value":"0E-6176","currency":"usd"}},'
        '{"object":"organization.costs.result","line_item":"b, input",'
        '"amount":{"value":"0.000004500000000000000000000000000000000","currency":"usd"}}]}]}'
    )
    landing.drop("openai_costs/page.json", text)
    landing.ingest("openai_costs")
    assert landing.rows(
        "select amount_value, quantity from raw.openai_costs order by _row_number"
    ) == [
        ("0.123456789012345678", "30.0"),
        ("0E-6176", None),
        ("0.000004500000000000000000000000000000000", None),
    ]
    ((totals,),) = landing.rows("select control_totals from raw.landed_files")
    assert totals == '{"amount_value": "0.123461289012345678", "quantity": "30"}'


def test_an_ungrouped_total_beside_grouped_rows_is_left_out(landing: Landing) -> None:
    def cost(line_item: str | None, value: str) -> dict[str, Any]:
        amount = {"value": value, "currency": "usd"}
        return {"object": "organization.costs.result", "line_item": line_item, "amount": amount}

    landing.drop(
        "openai_costs/page.json",
        _openai_page(
            (DAY_1, DAY_2, [cost(None, "3.00"), cost("a, input", "1.00"), cost("b, input", "2")]),
            (DAY_2, DAY_3, [cost(None, "4.00")]),
        ),
    )
    report = landing.ingest("openai_costs")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 3, 1)
    assert landing.faults() == [(1, "line_item", "ungrouped_total", None)]
    assert landing.rows("select sum(amount_value::decimal(38,18)) from raw.openai_costs") == [
        (Decimal(7),)
    ]


def _anthropic_page(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "data": [
            {
                "starting_at": "2026-03-01T00:00:00Z",
                "ending_at": "2026-03-02T00:00:00Z",
                "results": results,
            }
        ],
        "has_more": False,
    }


def test_an_anthropic_usage_page_loads_its_nested_counters(landing: Landing) -> None:
    row = {
        "uncached_input_tokens": 10,
        "cache_creation": {"ephemeral_1h_input_tokens": 3, "ephemeral_5m_input_tokens": 4},
        "cache_read_input_tokens": 5,
        "output_tokens": 6,
        "server_tool_use": {"web_search_requests": 2},
        "workspace_id": None,
        "model": "claude-haiku-4-5",
    }
    landing.drop("anthropic_usage/p.json", _anthropic_page([row]))
    landing.ingest("anthropic_usage")
    assert landing.rows(
        "select uncached_input_tokens, cache_creation_5m_input_tokens,"
        " cache_creation_1h_input_tokens, cache_read_input_tokens, output_tokens,"
        " web_search_requests, workspace_id, model from raw.anthropic_usage"
    ) == [(10, 4, 3, 5, 6, 2, None, "claude-haiku-4-5")]


def test_anthropic_cents_stay_cents_as_written(landing: Landing) -> None:
    row = {"amount": "123.78912", "currency": "USD", "workspace_id": None, "cost_type": "tokens"}
    landing.drop("anthropic_costs/p.json", _anthropic_page([row]))
    landing.ingest("anthropic_costs")
    assert landing.rows("select amount_cents, currency, cost_type from raw.anthropic_costs") == [
        ("123.78912", "USD", "tokens")
    ]


def test_a_usage_report_in_the_cost_folder_is_rejected(landing: Landing) -> None:
    landing.drop("anthropic_costs/p.json", _anthropic_page([{"uncached_input_tokens": 1}]))
    assert landing.ingest("anthropic_costs").files_rejected == 1
    assert "no amount" in landing.reason("anthropic_costs/p.json")


def test_rows_without_a_usable_figure_are_quarantined_with_their_index(landing: Landing) -> None:
    landing.drop(
        "anthropic_usage/p.json",
        _anthropic_page(
            [
                {"uncached_input_tokens": 1, "output_tokens": 1},
                {"uncached_input_tokens": -2, "output_tokens": 1},
                {"uncached_input_tokens": None, "output_tokens": 1},
                {"uncached_input_tokens": 1.5, "output_tokens": 1},
                {"uncached_input_tokens": "many", "output_tokens": 1},
                {"uncached_input_tokens": 1, "output_tokens": 1, "model": {"id": "x"}},
            ]
        ),
    )
    report = landing.ingest("anthropic_usage")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (6, 1, 5)
    assert landing.faults() == [
        (2, "uncached_input_tokens", "negative", "-2"),
        (3, "uncached_input_tokens", "missing_value", None),
        (4, "uncached_input_tokens", "not_whole", "1.5"),
        (5, "uncached_input_tokens", "not_a_number", "text of 4 characters"),
        (6, "model", "not_a_scalar", "text of 10 characters"),
    ]


def test_a_result_that_is_no_object_is_a_malformed_row(landing: Landing) -> None:
    good = {"uncached_input_tokens": 1, "output_tokens": 1}
    landing.drop("anthropic_usage/p.json", _anthropic_page([good, "row"]))  # type: ignore[list-item]
    landing.ingest("anthropic_usage")
    assert landing.faults() == [(2, None, "malformed_row", None)]


def test_a_page_without_buckets_is_loaded_with_no_rows(landing: Landing) -> None:
    landing.drop("openai_usage/p.json", {"object": "page", "data": [], "has_more": False})
    report = landing.ingest("openai_usage")
    assert (report.files_new, report.rows_in) == (1, 0)
    assert landing.reason("openai_usage/p.json") == "the page says that it has no rows"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ('{"object":"page","data":[{"start_time":1,\n "res', "at line 2 column 2"),
        ('{"data": 5}', 'no "data" list'),
        ('{"data": [{"start_time": 1}]}', 'no "results" list'),
        (b"\xff\xfe{\x00", "not UTF-8 text"),
        (b"\x1f\x8b\x08\x00broken", "gzip data is damaged"),
    ],
)
def test_a_page_that_cannot_be_read_is_rejected_with_a_reason(
    landing: Landing, content: str | bytes, said: str
) -> None:
    landing.drop("openai_usage/p.json", content)
    report = landing.ingest("openai_usage")
    assert report.files_rejected == 1
    assert said in landing.reason("openai_usage/p.json")
    assert landing.rows("select count(*) from raw.openai_usage") == [(0,)]
