"""Closing a month: it keeps its rate card, and only dated correction rows change it.

Three versions of one list. `plain` costs 2, then 3, then 5 USD per million input tokens; a prompt's
audio counts as text until the second version prices it at 40; `fresh` has a price from the second
version on, `gone` only in the first; a container minute costs 0.001, then 0.002.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from books import LEDGER, Books, Command, MakeBooks, Row, price, record, used

from dagster_project.lib.closing import Author, Decision, decide
from dagster_project.lib.errors import ConfigurationError

D = Decimal
MODELS = (*LEDGER, "period_closes", "price_restatements", "reconciliation_months")
IN, AUDIO = "input_uncached_tokens", "input_audio_tokens"
LIST = [
    price("openai", "plain", IN, "2", added_in="1", removed_in="2"),
    price("openai", "plain", IN, "3", added_in="2", removed_in="3"),
    price("openai", "plain", IN, "5", added_in="3"),
    price("openai", "heard", IN, "2"),
    price("openai", "heard", AUDIO, "40", added_in="2"),
    price("openai", "fresh", IN, "7", added_in="2"),
    price("openai", "gone", IN, "7", removed_in="2"),
    price("openai", "(none)", "container_1gb_minutes", "0.001", 1, removed_in="2"),
    price("openai", "(none)", "container_1gb_minutes", "0.002", 1, added_in="2"),
]
HEARD = {
    "prompt_tokens": 1_000_000, "completion_tokens": 0,
    "prompt_tokens_details": {"audio_tokens": 250_000},
}  # fmt: skip
THIS_MONTH = datetime.now(tz=UTC).strftime("%Y-%m")
SEPTEMBER, OCTOBER = "2026-09-10T08:00:00Z", "2026-10-10T08:00:00Z"
RECORDS = [
    *(record(f"{model} {at[:7]}", "openai", model, used(1_000_000), at=at)
      for model in ("plain", "fresh", "gone") for at in (SEPTEMBER, OCTOBER)),
    record("heard", "openai", "heard", HEARD, at=SEPTEMBER),
    record("box", "openai", "(container_1gb)", {"session_seconds": 600, "memory_gb": 1},
           at=SEPTEMBER),
    # another account of the same month, which nobody closes
    record("beside", "openai", "plain", used(1_000_000), at=SEPTEMBER, account="beside"),
    # a month that is not over, whenever this runs
    record("now", "openai", "none", used(1), at=f"{THIS_MONTH}-01T00:00:00Z", account="now"),
]  # fmt: skip
CLOSED = "usage_date < '2026-10-01' and account = 'default'"


@dataclass(frozen=True)
class State:
    """What the marts hold after one build."""

    lines: list[tuple[Any, ...]]
    calls: list[tuple[Any, ...]]
    restatements: list[tuple[Any, ...]]
    closes: list[tuple[Any, ...]]
    corrections: list[tuple[Any, ...]]
    costs: dict[str, Decimal]
    sums: tuple[Decimal, Decimal]

    @property
    def whole(self) -> list[list[tuple[Any, ...]]]:
        return [self.lines, self.calls, self.restatements, self.closes, self.corrections]


def look(books: Books) -> State:
    books.build(*MODELS, publish=True)
    own = "coalesce(charge_class, '') <> 'correction'"
    costs = books.ask(
        "select if(usage_date < '2026-10-01', account, 'open'), sum(cost_usd)"
        " from marts.fct_charge_lines group by 1"
    )
    return State(
        lines=books.ask(f"from marts.fct_charge_lines where {CLOSED} and {own} order by all"),
        calls=books.ask(f"from marts.fct_llm_calls where {CLOSED} order by all"),
        restatements=books.ask(
            "select restatement_status, from_version, to_version, coalesce(model_key, ''), meter,"
            " from_cost_usd, to_cost_usd, difference_usd from marts.price_restatements order by all"
        ),
        closes=books.ask("from marts.period_closes order by all"),
        corrections=books.ask(
            "select usage_date::varchar, charge_origin, model_key, meter, quantity, cost_usd,"
            " rate_card_version, restated_on, charge_description from marts.fct_charge_lines"
            " where charge_class = 'correction' order by charge_description, model_key, meter"
        ),
        costs=dict(costs),
        sums=books.ask(
            f"select (select sum(cost_usd) from marts.fct_llm_calls where {CLOSED}),"
            " (select sum(cost_usd) from marts.fct_charge_lines where charge_origin <> 'period'"
            f" and {CLOSED})"
        )[0],
    )


def decision(books: Books, name: Decision, note: str = "", **scope: str) -> list[Row]:
    author = Author("A. Controller", note)
    asked = {"month": "2026-09", "channel": "openai", "account": "default", **scope}
    with books.entered():
        return decide(books.settings, name, author, **asked)


def refusal(books: Books, name: Decision, **scope: str) -> str:
    with pytest.raises(ConfigurationError) as fault:
        decision(books, name, **scope)
    return str(fault.value)


@dataclass
class Story:
    """One month, closed, restated twice and opened again; a state after each step."""

    books: Books
    states: dict[str, State]
    rebuilt: State
    decided: list[Row]
    refused: dict[str, str]


@pytest.fixture(scope="module")
def story(make_books: MakeBooks) -> Story:
    books = make_books("closing", LIST)
    books.records(*RECORDS)
    states = {"open": look(books)}
    decided = decision(books, "close")
    books.versions("first", "second")
    refused = {"unseen": refusal(books, "close", account="beside")}
    states["closed"] = look(books)
    refused["closed twice"] = refusal(books, "close")
    decided += decision(books, "restate", note="audio was missing")
    states["restated"] = look(books)
    refused["restated twice"] = refusal(books, "restate")
    books.versions("first", "second", "third")
    states["newer"] = look(books)
    decided += decision(books, "restate")
    states["restated again"] = look(books)
    rebuilt = books.again("rebuilt")
    again = look(rebuilt)
    decided += decision(books, "reopen")
    states["reopened"] = look(books)
    return Story(books, states, again, decided, refused)


def test_a_closed_month_keeps_every_row_to_the_byte(story: Story) -> None:
    before = story.states["open"]
    assert len(before.lines) == 5
    for name in ("closed", "restated", "newer", "restated again"):
        assert story.states[name].lines == before.lines, name
        assert story.states[name].calls == before.calls, name


def test_open_months_and_accounts_are_priced_with_the_new_version(story: Story) -> None:
    """October: 2 + 7 (gone), then 3 + 7 (fresh), then 5 + 7. The account beside: 2, 3, 5."""
    found = [
        (state.costs["open"], state.costs["beside"])
        for state in (story.states[name] for name in ("open", "closed", "newer"))
    ]
    assert found == [(D(9), D(2)), (D(10), D(3)), (D(12), D(5))]


# 1 million x 2 becomes 3; 250,000 of 1 million audio tokens leave the text for 40 per million; ten
# minutes at 0.001 become 0.002; `fresh` was unknown. What `gone` cost is not taken back.
FIRST_STEP = [
    ("(none)", "container_1gb_minutes", D("0.01"), D("0.02"), D("0.01")),
    ("fresh", IN, D(0), D(7), D(7)),
    ("heard", AUDIO, D(0), D(10), D(10)),
    ("heard", IN, D(2), D("1.5"), D("-0.5")),
    ("plain", IN, D(2), D(3), D(1)),
]


def test_what_a_newer_version_would_change_is_proposed_and_in_no_figure(story: Story) -> None:
    closed = story.states["closed"]
    assert closed.restatements == [("proposed", "first", "second", *row) for row in FIRST_STEP]
    assert closed.corrections == []
    assert closed.costs["default"] == story.states["open"].costs["default"] == D("11.01")


def test_a_restatement_books_the_difference_dated_with_the_decision(story: Story) -> None:
    restated = story.states["restated"]
    assert restated.restatements == [("booked", "first", "second", *row) for row in FIRST_STEP]
    today = datetime.fromisoformat(story.decided[1]["decided_at"]).date()
    said = "restatement 1: from rate card first to second"
    assert restated.corrections == [
        ("2026-09-10", "period", model, meter, D(0), difference, "second", today, said)
        for model, meter, _, _, difference in FIRST_STEP
    ]
    assert restated.costs["default"] == D("11.01") + D("17.51")


def test_a_later_restatement_leaves_the_rows_of_an_earlier_one(story: Story) -> None:
    """`plain` from 3 to 5, and nothing else moved."""
    newer, twice = story.states["newer"], story.states["restated again"]
    step = ("second", "third", "plain", IN, D(3), D(5), D(2))
    assert [row for row in newer.restatements if row[0] == "proposed"] == [("proposed", *step)]
    assert newer.corrections == story.states["restated"].corrections
    assert twice.corrections[:5] == newer.corrections
    assert [row[2:7] for row in twice.corrections[5:]] == [("plain", IN, D(0), D(2), "third")]
    assert [row for row in twice.restatements if row[1] == "second"] == [("booked", *step)]
    assert twice.costs["default"] == D("11.01") + D("17.51") + D(2)


def test_a_rebuild_from_landing_gives_the_same_books(story: Story) -> None:
    assert story.rebuilt.whole == story.states["restated again"].whole
    assert story.rebuilt.costs == story.states["restated again"].costs


def test_a_reopened_month_is_priced_like_any_open_one(story: Story) -> None:
    """5 for plain, 7 for fresh, 10 and 1.5 for heard, 0.02 for the box; gone has no price left."""
    reopened = story.states["reopened"]
    assert (reopened.closes, reopened.corrections, reopened.restatements) == ([], [], [])
    assert reopened.costs["default"] == D("23.52")


def test_the_books_say_who_closed_what_with_which_version(story: Story) -> None:
    (row,) = story.states["restated again"].closes
    assert row[:4] == ("openai", "default", datetime(2026, 9, 1).date(), "first")  # noqa: DTZ001
    assert row[5:7] == ("A. Controller", "third")
    assert [line["decision"] for line in story.decided] == ["close", "restate", "restate", "reopen"]
    assert story.decided[1]["note"] == "audio was missing"


def test_the_correction_rows_are_in_the_month_and_beside_the_calls(story: Story) -> None:
    """The calls of a closed month still sum to its lines that are no period charges."""
    assert story.rebuilt.sums == (D("11"), D("11"))


MONTH = ("close", "--month", "2026-09")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*MONTH, "--by", "someone@example.com"), "no address is kept"),
        ((*MONTH, "--by", "AC", "--note", "asked a@example.com"), "no address is kept"),
        ((*MONTH, "--by", " "), "takes a name or initials"),
        (("close", "--month", "September", "--by", "AC"), "'September' is not a month"),
        (("close", "--month", "2026-08", "--by", "AC"), "2026-08 has no usage or bill"),
        (("close", "--month", THIS_MONTH, "--by", "AC", "--account", "now"), "is not over yet"),
        ((*MONTH, "--by", "AC", "--channel", "aws"), "2026-09 has no usage or bill"),
        ((*MONTH, "--by", "AC", "--reopen"), "openai/beside 2026-09 is not closed"),
        ((*MONTH, "--by", "AC", "--restate"), "openai/beside 2026-09 is not closed"),
        (MONTH, "--by"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_and_leaves_no_file(
    story: Story, trueup: Command, arguments: tuple[str, ...], said: str
) -> None:
    ended = trueup(story.books, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert len(list((story.books.landing / "decisions").iterdir())) == len(story.decided)


def test_a_month_is_closed_once_and_with_the_figures_that_were_looked_at(story: Story) -> None:
    assert story.refused == {
        "unseen": "openai/beside 2026-09 is published with rate card first, and second came "
        "since; run `trueup run` and look at the month first",
        "closed twice": "openai/default 2026-09 is closed already, with first",
        "restated twice": "openai/default 2026-09 stands at rate card second already",
    }


def test_a_decision_is_one_json_line_of_its_own_file(story: Story) -> None:
    files = sorted((story.books.landing / "decisions").glob("*.jsonl"))
    assert [json.loads(path.read_text()) for path in files] == story.decided
    first = story.decided[0]
    assert (first["first_day"], first["last_day"]) == ("2026-09-01", "2026-09-30")
    assert (first["rate_card_version"], first["decided_by"]) == ("first", "A. Controller")


def test_an_address_in_a_decision_file_stops_at_the_door(landing: Any) -> None:
    line = {
        "decision_id": "d", "decision": "close", "channel": "openai", "account": "default",
        "month": "2026-09", "first_day": "2026-09-01", "last_day": "2026-09-30",
        "rate_card_version": "first", "decided_at": "2026-10-01T09:00:00Z", "note": "",
    }  # fmt: skip
    landing.drop_lines(
        "decisions/a.jsonl",
        {**line, "decided_by": "someone@example.com"},
        {**line, "decided_by": "AC", "note": "ask someone@example.com"},
        {**line, "decided_by": "AC"},
    )
    landing.ingest("decisions")
    assert landing.faults() == [
        (1, "decided_by", "address", None),
        (2, "decided_by", "address", None),
    ]
    assert landing.rows("select decided_by, note from raw.decisions") == [("AC", None)]
