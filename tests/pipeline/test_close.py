"""The end of a month: reviewed, closed, accrued, posted and matched, and what changes afterwards.

Gemini 2.5 Flash output costs 2.50 USD per million tokens. Every account is a situation of its own:
`shared` is used by two teams and invoiced with tax and credit, `thirds` by three whose shares are
no whole cents, `owed` has no invoice when it is closed, `drift` is billed 4.85 more than it used,
`corrected` gets another invoice of the same number after its close, `forgotten` more usage.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from exports import invoice, json_lines
from harness import Home, differing_marts

from dagster_project import cli
from dagster_project.lib.closing import Author, Decision, decide
from dagster_project.lib.compiled_models import build_model
from dagster_project.lib.dbt_project import compiled_manifest
from dagster_project.lib.errors import ConfigurationError
from dagster_project.lib.matching import Asked, Match, match
from dagster_project.lib.publish import publish_snapshot
from dagster_project.lib.warehouse import connect
from dagster_project.reports.journal import write_journal

D = Decimal
MILLION = 1_000_000
OWN_LOG = """\
target,path,constant,transform,note
kind,,call_log,,
format,,jsonl,,
call_id,id,,,
requested_at,at,,,
channel,,google,,
account,account,,,
model_served,,gemini-2.5-flash,,
usage_convention,,inclusive,,
input_tokens,,0,,
output_tokens,out,,,
team,team,,,
feature,feature,,,
status,,success,,
"""
MARTS = (
    "reconciliation_months",
    "close_states",
    "close_evidence",
    "close_decisions",
    "close_figures",
    "restatement_journal",
    "accruals",
    "journal_lines",
    "residual_matches",
)
COST_CENTERS = """\
team,feature,cost_center,expense_account,valid_from,valid_to
*,lab,CC-9 Lab,6420 Lab,,
support,,=CC-1,,,
"""
GL_ACCOUNTS = """\
role,channel,ledger_account
accounts_payable,google,2000 Payables
tax,,1410 Input tax
"""


def used(account: str, millions: int, team: str, day: str = "2026-09-10", **more: Any) -> Any:
    """One call of an account; 4 million tokens are 10 USD."""
    return {
        "id": f"{account} {team} {day} {millions}", "at": f"{day}T10:00:00Z", "account": account,
        "out": millions * MILLION, "team": team, **more,
    }  # fmt: skip


def billed(account: str, *lines: str, number: str = "") -> str:
    """The September invoice of an account; each line as (description, tokens, amount, kind)."""
    head = f"{number or f'INV-{account}'},google,{account},2026-09-01,2026-09-30,2026-10-05"
    return invoice(*(f"{head},{line}" for line in lines))


def tokens(millions: int, amount: str) -> str:
    """An invoice line for output tokens."""
    return f"Output,gemini-2.5-flash,output_tokens,{millions * MILLION},,{amount},USD,usage"


def land_september(home: Home) -> None:
    home.reference("mappings/own_log", OWN_LOG)
    home.reference("cost_centers", COST_CENTERS)
    home.reference("gl_accounts", GL_ACCOUNTS)
    home.drop("own_log/september.jsonl", json_lines(
        used("shared", 10, "support"), used("shared", 30, "research"),
        used("thirds", 12, "a"), used("thirds", 12, "b"), used("thirds", 12, "c", feature="lab"),
        used("owed", 4, "support"), used("owed", 2, "", "2026-09-30"),
        used("drift", 4, "support"),
        used("corrected", 4, "support"),
        used("forgotten", 4, "support"),
    ))  # fmt: skip
    for account, *lines in (
        ("shared", tokens(40, "100.00"), "Promotional credit,,,,,-20.00,USD,credit",
         "VAT,,,,,16.00,USD,tax"),
        ("thirds", tokens(36, "100.00")),
        ("drift", tokens(4, "10.00"), "Other,,,,,4.85,USD,usage"),
        ("corrected", tokens(4, "10.00")),
        ("forgotten", tokens(4, "10.00")),
    ):  # fmt: skip
        home.drop(f"invoice_lines/{account}.csv", billed(account, *lines))


def land_october(home: Home) -> None:
    """What came after the close."""
    home.drop("own_log/october.jsonl", json_lines(
        used("shared", 4, "support", "2026-10-02"), used("owed", 4, "support", "2026-10-02")
    ))  # fmt: skip
    home.drop("invoice_lines/owed.csv", billed("owed", tokens(6, "15.00")))
    home.drop("invoice_lines/corrected-2.csv", billed("corrected", tokens(4, "12.00")))
    home.drop("own_log/forgotten.jsonl", json_lines(used("forgotten", 2, "research", "2026-09-11")))


def look(home: Home) -> None:
    home.load()
    with home.entered(), connect(home.settings.warehouse) as con:
        build_model(con, *MARTS)
    publish_snapshot(home.settings.warehouse, home.settings.snapshot)


def decision(home: Home, name: Decision, note: str = "", **scope: Any) -> list[dict[str, Any]]:
    despite = scope.pop("despite", "")
    with home.entered():
        return decide(
            home.settings, name, Author("A. Controller", note, despite), month="2026-09", **scope
        )


def refusal(home: Home, name: Decision, **scope: Any) -> str:
    with pytest.raises(ConfigurationError) as fault:
        decision(home, name, **scope)
    return str(fault.value)


def matched(home: Home, name: Match, note: str = "", until: str | None = None, **asked: Any) -> Any:
    with home.entered():
        return match(home.settings, name, Asked(**asked), by="B. Clerk", note=note, until=until)


def states(home: Home) -> dict[str, tuple[Any, ...]]:
    return {
        row[0]: row[1:]
        for row in home.sql(
            "select account, state, reviewed_by, closed_by, is_evidence_unchanged,"
            " changed_evidence, note from marts.close_states where month = date '2026-09-01'"
        )
    }


def entries(home: Home, account: str) -> list[tuple[Any, ...]]:
    """Journal lines of an account: date, kind, ledger account, cost center, debit minus credit."""
    return [
        (str(day), kind, ledger, center, amount)
        for day, kind, ledger, center, amount in home.sql(
            "select posting_date, entry_kind, ledger_account, cost_center, debit_usd - credit_usd"
            f" from marts.journal_lines where account = '{account}'"
            " order by posting_date, entry_id, line_no"
        )
    ]


def changes(home: Home, account: str) -> list[tuple[Any, ...]]:
    return home.sql(
        "select measure, before_usd, after_usd, change_usd, cause from marts.restatement_journal"
        f" where account = '{account}' order by measure, change_no"
    )


def accruals(home: Home, account: str) -> list[tuple[Any, ...]]:
    return home.sql(
        "select month::varchar, cost_center, basis, accrued_usd, reversal_month::varchar,"
        f" reversed_usd from marts.accruals where account = '{account}' order by all"
    )


@dataclass
class Story:
    """One September, from open to closed to changed to opened and closed again."""

    home: Home
    states: dict[str, dict[str, tuple[Any, ...]]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    decided: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    journals: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    matches: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    rebuilt: dict[str, int] = field(default_factory=dict)


SEPTEMBER_LINES = (
    "select * exclude (is_recorded) from marts.journal_lines where month = date '2026-09-01'"
    " order by all"
)
MATCHES = (
    "select residual_code, residual_usd, match_state, decided_by, note, waits_because"
    " from marts.residual_matches where account = 'drift' order by all"
)


@pytest.fixture(scope="module")
def story(make_home: Callable[[str], Home], tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = make_home("september")
    story = Story(home)
    land_september(home)
    look(home)
    story.states["open"] = states(home)
    story.journals["open"] = home.sql(SEPTEMBER_LINES)
    home.environment["TRUEUP_CLOSE_NEEDS"] = "review"
    story.said["no review"] = refusal(home, "close", account="owed")
    del home.environment["TRUEUP_CLOSE_NEEDS"]
    story.matches["open"] = home.sql(MATCHES)
    story.decided["review"] = decision(home, "review", "looked at every line")
    home.drop(
        "invoice_lines/shared-2.csv", billed("shared", "Setup,,,,,0.40,USD,fee", number="X-2")
    )
    look(home)
    story.states["reviewed"] = states(home)
    story.said["other evidence"] = refusal(home, "close", account="shared")
    decision(home, "review", "the fee too", account="shared")
    story.said["drift"] = refusal(home, "close")
    home.environment["TRUEUP_CLOSE_NEEDS"] = "second_person"
    story.said["second person"] = refusal(home, "close", account="owed")
    del home.environment["TRUEUP_CLOSE_NEEDS"]
    # without a run between: landing is the store
    decision(home, "close", "without invoice", account="owed")
    story.said["closed twice"] = refusal(home, "close", account="owed")
    (line,) = matched(home, "confirm", "the plan of a colleague", month="2026-09", account="drift",
                      code="unexplained")  # fmt: skip
    story.decided["confirm"] = [line]
    matched(home, "unmatch", line_id=line["reconciliation_line_id"])
    story.said["taken back"] = refusal(home, "close", account="drift")
    matched(home, "write_off", "below the cost of asking", line_id=line["reconciliation_line_id"])
    for account in ("shared", "thirds", "drift", "corrected", "forgotten"):
        story.decided[account] = decision(
            home, "close", account=account, despite="" if account == "drift" else "agreed"
        )
    look(home)
    story.states["closed"] = states(home)
    story.journals["closed"] = home.sql(SEPTEMBER_LINES)
    story.matches["closed"] = home.sql(MATCHES)
    story.journals["unchanged"] = home.sql("from marts.restatement_journal")
    land_october(home)
    home.drop("invoice_lines/drift-2.csv", billed("drift", tokens(4, "10.00"),
                                                  "Other,,,,,4.90,USD,usage"))  # fmt: skip
    look(home)
    story.states["changed"] = states(home)
    story.journals["changed"] = home.sql(SEPTEMBER_LINES)
    story.matches["changed"] = home.sql(MATCHES)
    again = home.rebuilt(Path(tmp_path_factory.mktemp("rebuilt")) / "home")
    look(again)
    story.rebuilt = differing_marts(home, again)
    settle_october(story)
    return story


def settle_october(story: Story) -> None:
    """`owed` closes October too; `corrected` is opened again and closed; `drift` is put off."""
    home = story.home
    with home.entered():
        author = Author("A. Controller", "", "agreed")
        decide(home.settings, "close", author, month="2026-10", account="owed")
    decision(home, "reopen", account="corrected")
    story.said["put off too short"] = asking(home, "defer", until="2026-09")
    matched(home, "defer", until="2026-10", month="2026-09", code="unexplained", account="drift")
    look(home)
    story.states["reopened"] = states(home)
    story.journals["reopened"] = entries(home, "corrected")
    story.matches["deferred and due"] = home.sql(MATCHES)
    decision(home, "close", account="corrected", despite="agreed")
    matched(home, "defer", until="2026-11", month="2026-09", code="unexplained", account="drift")
    home.drop("invoice_lines/owed-2.csv", billed("owed", tokens(6, "14.00")))
    # one contract reaches back into September, another account's begins later
    home.reference("contracts", (
        "contract_id,channel,account,kind,value,valid_from,valid_to\n"
        "C-1,google,shared,percent_off,10,2026-09-01,\n"
        "C-2,google,thirds,percent_off,50,2027-01-01,\n"
    ))  # fmt: skip
    look(home)


def asking(home: Home, name: Match, **more: Any) -> str:
    """What is said to a decision on the open line of `drift` that makes no sense."""
    with pytest.raises(ConfigurationError) as fault:
        matched(home, name, **{"month": "2026-09", "code": "unexplained", **more})
    return str(fault.value)


def test_a_month_is_open_then_reviewed_then_closed_by_name(story: Story) -> None:
    everyone = {"shared", "thirds", "owed", "drift", "corrected", "forgotten"}
    assert {name: row[0] for name, row in story.states["open"].items()} == dict.fromkeys(
        everyone, "open"
    )
    assert story.states["open"]["owed"] == ("open", None, None, None, None, None)
    assert story.states["reviewed"]["owed"] == (
        "reviewed", "A. Controller", None, True, None, "looked at every line",
    )  # fmt: skip
    assert story.states["closed"]["owed"] == (
        "closed", "A. Controller", "A. Controller", True, None, "without invoice",
    )  # fmt: skip
    assert {row[0] for row in story.states["closed"].values()} == {"closed"}


def test_a_file_that_lands_after_the_review_asks_for_another(story: Story) -> None:
    """Only the account that the file tells of; the others stand as they were reviewed."""
    reviewed = story.states["reviewed"]
    assert reviewed["shared"][3:5] == (False, "bill_files")
    assert [row[3] for name, row in reviewed.items() if name != "shared"] == [True] * 5
    assert story.said["other evidence"] == (
        "google/shared 2026-09: the evidence changed since A. Controller reviewed it"
        " (bill_files); look at the month and run `trueup review` again"
    )
    assert "is closed already" in story.said["closed twice"]


def test_a_decision_records_the_hash_of_what_it_stands_on(story: Story) -> None:
    review = {line["account"]: line for line in story.decided["review"]}["owed"]
    kinds = {kind["evidence_kind"]: kind for kind in json.loads(review["evidence"])}
    assert set(kinds) == {"usage_files", "mapping", "rate_card"}
    assert kinds["usage_files"]["items"] == 1
    assert len(review["evidence_hash"]) == 64
    by_hand = story.home.sql(
        "select sha256(string_agg(evidence_kind || ' ' || kind_hash, chr(10) order by"
        " evidence_kind)) from marts.close_evidence"
        " where account = 'thirds' and month = date '2026-09-01'"
    )
    assert by_hand == [(story.decided["thirds"][0]["evidence_hash"],)]


def test_a_change_of_evidence_after_the_close_is_said_and_moves_no_state(story: Story) -> None:
    changed = story.states["changed"]
    assert {name: row[4] for name, row in changed.items()} == {
        "shared": None, "thirds": None, "owed": "bill_files", "drift": "bill_files",
        "corrected": "bill_files", "forgotten": "usage_files",
    }  # fmt: skip
    assert {row[0] for row in changed.values()} == {"closed"}


def test_a_rebuild_from_landing_gives_the_same_states_journal_and_matches(story: Story) -> None:
    assert story.rebuilt == {}


def test_who_wants_a_review_or_a_second_person_gets_it(story: Story) -> None:
    assert story.said["no review"] == (
        "google/owed 2026-09 is not reviewed; run `trueup review` first"
    )
    assert story.said["second person"] == (
        "google/owed 2026-09 was reviewed by A. Controller; somebody else has to close it"
    )


def command(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *said: str
) -> tuple[int, str, str]:
    """Exit code and output of `trueup` in this process, on a copy of the story's snapshot."""
    home = Home(story.home.path.with_name("commands"))
    if not home.path.exists():
        story.home.rebuilt(home.path)
        home.settings.exports.mkdir(parents=True)
        shutil.copy(story.home.settings.snapshot, home.settings.snapshot)
    monkeypatch.setattr("sys.argv", ["trueup", *said])
    with home.entered(), pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


BY = ("--by", "C. Third")


def test_the_commands_of_a_month_end_say_what_they_did(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def trueup(*said: str) -> tuple[int, str, str]:
        return command(story, monkeypatch, capsys, *said)

    october = ("--month", "2026-10", "--account", "shared", *BY)
    code, out, _ = trueup("review", *october, "--note", "looked")
    assert (code, out.splitlines()[0][:32]) == (0, "review   google/shared 2026-10 r")
    line = ("match", "confirm", "--code", "unexplained", "--month", "2026-09", *BY)
    code, out, _ = trueup(*line, "--account", "drift")
    assert (code, out.split()[:5]) == (
        0, ["confirm", "google/drift", "2026-09", "unexplained", "4.9"],
    )  # fmt: skip
    code, out, _ = trueup("close", *october)
    assert (code, out.splitlines()[-1]) == (0, "takes effect with the next `trueup run`")
    code, _, err = trueup("close", *october)
    assert (code, "is closed already" in err) == (2, True)
    code, _, err = trueup("close", *october, "--reopen", "--despite-drift", "x")
    assert (code, "--despite-drift closes a month" in err) == (2, True)
    code, out, _ = trueup("journal", "--month", "2026-09")
    assert code == 0
    assert out.strip().endswith("exports/journal-2026-09.csv")
    assert trueup("journal", "--month", "soon")[0] == 2
    assert trueup("match", "forget", "--line", "x", *BY)[0] == 2


# ---- residuals


def test_a_month_over_its_tolerance_is_not_closed_until_somebody_decides(story: Story) -> None:
    (line,) = story.decided["confirm"]
    where = f"such as {line['reconciliation_line_id']} (4.85 USD)"
    assert f"google/drift 2026-09 unexplained: 1 line, {where}" in story.said["drift"]
    assert "google/thirds 2026-09 rate: 1 line" in story.said["drift"]
    assert "--despite-drift" in story.said["drift"]
    # confirmed, and taken back: it waits again
    assert f"google/drift 2026-09 unexplained: 1 line, {where}" in story.said["taken back"]


def test_a_write_off_holds_for_the_amount_that_it_saw(story: Story) -> None:
    code, why = "unexplained", "below the cost of asking"
    assert story.matches["open"] == [(code, D("4.85"), "unreconciled", None, None, None)]
    assert story.matches["closed"] == [
        (code, D("4.85"), "written_off", "B. Clerk", why, None)
    ]  # fmt: skip
    assert story.matches["changed"] == [
        (code, D("4.90"), "unreconciled", "B. Clerk", why,
         "the amount was 4.85 when it was decided"),
    ]  # fmt: skip


def test_a_deferral_ends_when_its_month_is_in_the_data(story: Story) -> None:
    ((*_, state, _, _, why),) = story.matches["deferred and due"]
    assert (state, why) == ("unreconciled", "deferred until 2026-10, which has come")
    ((*_, state, _, _, why),) = story.home.sql(MATCHES)
    assert (state, why) == ("deferred", None)


@pytest.mark.parametrize(
    ("decision", "more", "said"),
    [
        ("write_off", {}, "a write-off needs a --note"),
        ("defer", {}, "--until is for defer"),
        ("confirm", {"until": "2026-10"}, "--until is for defer"),
        ("defer", {"until": "2026-09"}, "--until 2026-09 is not after 2026-09"),
        ("confirm", {"line_id": "no such line", "code": None}, "has no line no such line"),
        ("confirm", {"code": "no such code"}, "has no residual no such code"),
        ("confirm", {"line_id": "x"}, "name one --line, or a --code"),
        ("confirm", {"month": None}, "--code needs its --month"),
        ("confirm", {"note": "ask a@example.com"}, "no address is kept"),
        ("unmatch", {"account": "thirds", "code": "rate"}, "nothing was decided on these lines"),
    ],
)
def test_a_match_that_makes_no_sense_is_refused_and_leaves_no_file(
    story: Story, decision: Match, more: dict[str, Any], said: str
) -> None:
    before = sorted((story.home.landing / "decisions").iterdir())
    assert said in asking(story.home, decision, **more)
    assert sorted((story.home.landing / "decisions").iterdir()) == before


# ---- accruals and journal


def test_what_is_owed_is_accrued_and_taken_back_whole_though_the_bill_has_come(
    story: Story,
) -> None:
    """4 million tokens of support and 2 of nobody: 10 + 5, as the close recorded."""
    assert [row for row in accruals(story.home, "owed") if row[0] == "2026-09-01"] == [
        ("2026-09-01", "=CC-1", "not_billed", D(10), "2026-10-01", D(-10)),
        ("2026-09-01", "unattributed", "not_billed", D(5), "2026-10-01", D(-5)),
    ]
    assert story.home.sql(
        "select sum(accrued_usd + reversed_usd), count(*) from marts.accruals"
    )[0][0] == D(0)  # fmt: skip
    assert story.home.sql(
        "select sum(debit_usd - credit_usd) from marts.journal_lines where ledger_account"
        " = 'Accrued liabilities' and account = 'owed' and posting_date < date '2026-10-31'"
    ) == [(D(0),)]


def test_an_invoice_after_the_close_stands_in_the_next_open_month(story: Story) -> None:
    """15.00 came in October. October was closed with it, so 14.00 is a restatement of November."""
    owed = entries(story.home, "owed")
    expense, payables = "LLM usage expense", "2000 Payables"
    assert [row for row in owed if row[1] == "invoice"] == [
        ("2026-10-01", "invoice", expense, "=CC-1", D(10)),
        ("2026-10-01", "invoice", expense, "unattributed", D(5)),
        ("2026-10-01", "invoice", payables, None, D(-15)),
    ]
    assert [row for row in owed if row[1] == "restatement"] == [
        ("2026-11-01", "restatement", payables, None, D(1)),
        ("2026-11-01", "restatement", expense, "=CC-1", D("-0.67")),
        ("2026-11-01", "restatement", expense, "unattributed", D("-0.33")),
    ]


def test_an_invoice_is_posted_by_trued_up_shares_with_tax_and_credit_apart(story: Story) -> None:
    """25, 75 and the fee's 0.40 that nobody claims, of 100.40: of 100.00 and of 0.40."""
    expense, payables = "LLM usage expense", "2000 Payables"
    assert [row[1:] for row in entries(story.home, "shared") if row[0] == "2026-09-30"] == [
        ("invoice", expense, "=CC-1", D("24.90")),
        ("invoice", expense, "research", D("74.70")),
        ("invoice", expense, "unattributed", D("0.40")),
        ("tax", "1410 Input tax", None, D(16)),
        ("credit", "Vendor credits", None, D(-20)),
        ("invoice", payables, None, D(-96)),
        ("invoice", expense, "=CC-1", D("0.10")),
        ("invoice", expense, "research", D("0.30")),
        ("invoice", payables, None, D("-0.40")),
    ]


def test_cents_of_equal_shares_sum_to_the_invoice(story: Story) -> None:
    """A third of 100.00 each; the cent left goes to one. The feature's row beats the team's."""
    assert [row[2:] for row in entries(story.home, "thirds")] == [
        ("6420 Lab", "CC-9 Lab", D("33.34")),
        ("LLM usage expense", "a", D("33.33")),
        ("LLM usage expense", "b", D("33.33")),
        ("2000 Payables", None, D(-100)),
    ]


def test_the_journal_of_a_closed_month_stays_as_it_was_closed(story: Story) -> None:
    assert story.journals["closed"] == story.journals["changed"] != []
    assert len(story.journals["closed"]) > len(story.journals["open"])  # the fee's invoice
    corrected = entries(story.home, "corrected")
    assert corrected == story.journals["reopened"] == [
        ("2026-09-30", "invoice", "LLM usage expense", "=CC-1", D(12)),
        ("2026-09-30", "invoice", "2000 Payables", None, D(-12)),
    ]  # fmt: skip


def test_the_journal_as_csv_balances_and_holds_no_formula(story: Story, tmp_path: Path) -> None:
    entry_count, line_count = write_journal(
        story.home.settings.snapshot, "2026-09", tmp_path / "out" / "j.csv"
    )
    with (tmp_path / "out" / "j.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert (len({row["entry_id"] for row in rows}), len(rows)) == (entry_count, line_count)
    assert list(rows[0]) == [
        "entry_id", "line_no", "posting_date", "month", "channel", "account", "entry_kind",
        "ledger_account", "cost_center", "debit_usd", "credit_usd", "description",
    ]  # fmt: skip
    assert {row["cost_center"] for row in rows if "CC-1" in row["cost_center"]} == {"'=CC-1"}
    assert all(len(row["debit_usd"].split(".")[1]) == 2 for row in rows)
    assert sum(D(row["debit_usd"]) for row in rows) == sum(D(row["credit_usd"]) for row in rows)
    with pytest.raises(ConfigurationError, match="2031-01 has no journal entry"):
        write_journal(story.home.settings.snapshot, "2031-01", tmp_path / "j.csv")


# ---- what changes after a close


def test_a_closed_month_without_news_has_no_restatement(story: Story) -> None:
    assert story.journals["unchanged"] == []
    assert changes(story.home, "thirds") == []


def test_a_contract_that_reaches_into_a_closed_month_is_its_cause(story: Story) -> None:
    """10 % off 100.00. The contract of 2027 is no evidence of a September."""
    now = states(story.home)
    assert now["shared"][3:5] == (False, "contracts")
    assert now["thirds"][3:5] == (True, None)
    assert changes(story.home, "shared")[0] == ("computed", D(100), D(90), D(-10), "contract")


def test_each_change_after_a_close_has_its_cause_and_both_figures(story: Story) -> None:
    """14.00 billed for the accrued 15.00; 5.00 of usage that was forgotten; 0.05 more billed."""
    assert [row for row in changes(story.home, "owed") if not row[0].startswith("residual")] == [
        ("billed", D(0), D(14), D(14), "late_bill"),
        ("payable", D(0), D(14), D(14), "late_bill"),
        ("trued_up", D(15), D(14), D(-1), "late_bill"),
    ]
    assert changes(story.home, "forgotten") == [
        ("computed", D(10), D(15), D(5), "late_usage"),
        ("residual:over_logged", D(0), D(-5), D(-5), "late_usage"),
    ]
    assert changes(story.home, "drift") == [
        (measure, before, before + D("0.05"), D("0.05"), "restated_bill")
        for measure, before in (
            ("billed", D("14.85")), ("payable", D("14.85")),
            ("residual:unexplained", D("4.85")), ("trued_up", D("14.85")),
        )
    ]  # fmt: skip


def test_a_landed_file_dates_the_change_that_it_made(story: Story) -> None:
    """The harness writes files a second apart from FIRST_CLOCK on."""
    ((written,),) = story.home.sql(
        "select distinct restated_at from marts.restatement_journal where account = 'forgotten'"
    )
    ((landed,),) = story.home.warehouse_sql(
        "select arrived_at from raw.landed_files where path = 'own_log/forgotten.jsonl'"
    )
    assert written == landed


def test_a_month_opened_again_and_closed_keeps_what_the_first_close_said(story: Story) -> None:
    assert story.states["reopened"]["corrected"] == ("open", None, None, None, None, None)
    assert changes(story.home, "corrected")[0] == ("billed", D(10), D(12), D(2), "decision")
    decisions = story.home.sql(
        "select decision, is_standing from marts.close_decisions where account = 'corrected'"
        " order by decided_at"
    )
    assert decisions == [
        ("review", False), ("close", False), ("reopen", False), ("close", True)
    ]  # fmt: skip


def test_recorded_figures_and_changes_give_the_figures_of_now(story: Story) -> None:
    assert breaches(story.home, "integrity_restatement_journal_equals_the_figures") == []
    assert breaches(story.home, "integrity_journal_entries_balance") == []


def test_the_two_laws_see_a_figure_or_a_line_that_moved(story: Story) -> None:
    home = story.home.rebuilt(story.home.path.with_name("broken"))
    look(home)
    home.write(
        "update marts.close_figures set amount_usd = amount_usd + 0.01"
        " where account = 'thirds' and measure = 'billed'",
        "update marts.journal_lines set debit_usd = debit_usd + 0.01"
        " where account = 'thirds' and debit_usd > 0 and line_no = 1",
    )
    assert len(breaches(home, "integrity_restatement_journal_equals_the_figures")) == 1
    assert len(breaches(home, "integrity_journal_entries_balance")) == 1


def breaches(home: Home, test: str) -> list[tuple[Any, ...]]:
    """What a dbt test of the project returns on a home."""
    nodes = json.loads(compiled_manifest().read_text(encoding="utf-8"))["nodes"]
    (sql,) = [node["compiled_code"] for node in nodes.values() if node["name"] == test]
    return home.warehouse_sql(sql)
