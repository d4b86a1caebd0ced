"""Every kind of fault, at every provider it can happen at, singly and in random pairs.

The clean month reconciles to the last digit. With a fault in it, the right code carries the fault's
amount within a cent, no other code moves, and the month is not called matched.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import console
import pytest
from august import land
from faults import CENT, CONTRACT_KIND, KINDS
from harness import Home, dbt
from matrix import contracts_csv, fx_rates_csv, scenarios

from dagster_project.lib.settings import PROJECT_ROOT

D = Decimal
AUGUST = "date '2026-08-01'"
SCENARIOS = scenarios()
DETECTED_FROM = D("0.001")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

REAL_OPENAI = PROJECT_ROOT.parent / "shared" / "data" / "providers" / "openai"

Residuals = dict[tuple[str, str], dict[str, tuple[Decimal, Decimal]]]


@pytest.fixture(scope="module")
def august(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """All accounts, loaded and reconciled; the marts that nothing here reads are left out."""
    path = Path(tmp_path_factory.mktemp("august"))
    (path / "landing").mkdir()
    home = Home(path)
    home.reference("contracts", contracts_csv())
    home.reference("fx_rates", fx_rates_csv())
    land(home, [scenario.books for scenario in SCENARIOS])
    console.land(home)
    if REAL_OPENAI.is_dir():
        for kind in ("usage", "cost"):
            name = f"dashboard_{kind}_export_2025-10.real_redacted.csv"
            folder = {"usage": "openai_usage", "cost": "openai_costs"}[kind]
            home.drop(f"{folder}/real/{name}", (REAL_OPENAI / name).read_bytes())
    home.load()
    with home.entered():
        dbt(
            "build", "--select", "+reconciliation_months", "+reconciliation_evidence",
            "+payable_bridges", "+rate_proposals", "+dispute_lines",
            "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable",
        )  # fmt: skip
    return home


@pytest.fixture(scope="module")
def residuals(august: Home) -> Residuals:
    """Net and moved USD per channel, account and code."""
    found: Residuals = defaultdict(dict)
    for channel, account, code, net, moved in august.warehouse_sql(
        "select channel, account, residual_code, sum(residual_usd), sum(abs(residual_usd))"
        f" from marts.reconciliation_lines where month = {AUGUST} group by all"
    ):
        found[channel, account][code] = (net, moved)
    return found


def _statuses(home: Home) -> dict[tuple[str, str], str]:
    return {
        (channel, account): status
        for channel, account, status in home.warehouse_sql(
            "select channel, account, status from marts.reconciliation_months"
            f" where month = {AUGUST}"
        )
    }


@pytest.mark.parametrize("name", BY_NAME)
def test_the_right_cause_carries_its_amount_and_no_other_moves(
    residuals: Residuals, name: str
) -> None:
    scenario = BY_NAME[name]
    found = residuals[scenario.books.provider, scenario.books.account]
    expected = scenario.by_code()
    for code, (net, moved) in expected.items():
        assert code in found, (code, found)
        assert abs(found[code][0] - net) <= CENT, (code, found[code], net)
        assert abs(found[code][1] - moved) <= CENT, (code, found[code], moved)
    # half a cent for each line of an invoice, and a month has at most six of them here
    rounding = found.get("rounding", (D(0), D(0)))[1]
    assert rounding <= D("0.03")
    others = {
        code: moved
        for code, (_, moved) in found.items()
        if code not in expected and code not in ("matched", "rounding") and moved > 0
    }
    assert others == {}


@pytest.mark.parametrize("account", console.ACCOUNTS)
def test_a_bill_in_whole_cents_names_the_cause_within_half_a_cent_a_row(
    august: Home, residuals: Residuals, account: str
) -> None:
    found = residuals["anthropic", account]
    code = console.ACCOUNTS[account].code
    amount, rows = console.expected(account)
    assert {name for name, (_, moved) in found.items() if moved > 0} == {
        "rounding",
        *({code} if code else ()),
    }
    if code:
        assert abs(found[code][0] - amount) <= D("0.005") * rows
    else:
        assert _statuses(august)["anthropic", account] == "matched"


def test_a_clean_month_raises_no_alarm(august: Home, residuals: Residuals) -> None:
    statuses = _statuses(august)
    clean = [scenario for scenario in SCENARIOS if not scenario.kinds]
    assert len(clean) == 5
    for scenario in clean:
        key = scenario.books.provider, scenario.books.account
        assert statuses[key] == "matched"
        if scenario.books.provider != "google":
            assert set(residuals[key]) == {"matched"}


def test_every_fault_above_a_thousandth_of_spend_is_detected(
    august: Home, residuals: Residuals
) -> None:
    statuses = _statuses(august)
    outside = {"tax", "credit", "prepaid", "currency"}
    seen = 0
    for scenario in SCENARIOS:
        for expected in scenario.expected:
            if expected.moved > scenario.spend * DETECTED_FROM:
                key = scenario.books.provider, scenario.books.account
                assert residuals[key][expected.code][1] > 0
                # what stands outside usage is shown, and is no difference of the count or the price
                if expected.code not in outside:
                    assert statuses[key] != "matched", scenario.name
                seen += 1
    assert seen > len(KINDS)


def test_the_matrix_has_more_than_two_dozen_kinds_at_three_providers() -> None:
    assert len(KINDS) >= 24
    assert {provider for kind in KINDS for provider in kind.providers} == {
        "openai", "anthropic", "google",
    }  # fmt: skip
    assert sum(len(scenario.kinds) == 2 for scenario in SCENARIOS) >= 30


def test_each_difference_says_what_was_found_and_what_to_do_with_its_rows(august: Home) -> None:
    assert (
        august.warehouse_sql(
            "select lines.reconciliation_line_id, residual_code"
            " from marts.reconciliation_lines as lines left join ("
            " select distinct reconciliation_line_id from marts.reconciliation_evidence)"
            " as evidence using (reconciliation_line_id)"
            " where residual_usd <> 0 and residual_code not in ('not_billed')"
            # missing in the bill and in the usage report: there is no row to show but the log's own
            " and (finding is null or action is null or (evidence_rows > 0"
            " and evidence.reconciliation_line_id is null))"
        )
        == []
    )


def test_the_steps_of_the_bridge_lead_from_computed_to_billed(august: Home) -> None:
    assert (
        august.warehouse_sql(
            "select channel, account, month from marts.payable_bridges group by all"
            " having count(*) filter (where step = 'billed') = 1"
            " and sum(amount_usd) filter (where not is_total or step = 'computed')"
            " <> sum(amount_usd) filter (where step = 'billed')"
        )
        == []
    )


def test_a_discount_that_no_contract_names_is_proposed(august: Home) -> None:
    """Output of one model is billed seven percent above the list."""
    rows = august.warehouse_sql(
        "select channel, proposal, kind, count(*) from marts.rate_proposals"
        " where account = 'odd_price' group by all order by all"
    )
    assert {(row[0], row[1]) for row in rows} == {("anthropic", "contract"), ("openai", "contract")}


def test_an_overcharge_is_disputed_with_the_bill_and_the_document_that_decides(
    august: Home,
) -> None:
    rows = august.warehouse_sql(
        "select sum(disputed_usd), bool_and(document_path is not null and document_row > 0),"
        " bool_and(contains(deciding_document, 'contract C-openai-contract'))"
        " from marts.dispute_lines where channel = 'openai' and account = 'contract'"
    )
    wanted = BY_NAME["openai-contract"].by_code()["rate_contract"][0]
    assert abs(rows[0][0] - wanted) <= CENT
    assert rows[0][1:] == (True, True)


def test_a_real_week_at_openai_ties_on_three_days_and_says_what_does_not(august: Home) -> None:
    """Amounts as published with the export: a row of 8 requests is billed a day earlier."""
    if not REAL_OPENAI.is_dir():
        pytest.skip("the real export (../shared/data/providers/openai) is not on this machine")
    rows = august.warehouse_sql(
        "select day(usage_date), residual_code, residual_usd from marts.reconciliation_lines"
        " where account = 'real' order by all"
    )
    assert rows == [
        (5, "timing_day", D("0.648614")),
        (6, "timing_day", D("-0.648614")),
        (6, "unexplained", D("0.3945425")),
        (7, "matched", D(0)),
        (8, "unexplained", D("0.5455665")),
        (10, "matched", D(0)),
        (11, "matched", D(0)),
    ]
    proof = august.warehouse_sql(
        "select distinct evidence_kind from marts.reconciliation_evidence"
        " inner join marts.reconciliation_lines using (reconciliation_line_id)"
        " where account = 'real' and residual_code = 'timing_day' order by all"
    )
    assert proof == [("billed_line",), ("provider_usage_row",)]


def test_the_documented_matrix_is_the_tested_one() -> None:
    text = (PROJECT_ROOT / "docs" / "reconciliation.md").read_text(encoding="utf-8")
    start, end = text.index("<!-- matrix -->"), text.index("<!-- end of matrix -->")
    assert text[start:end] == matrix_table()


def matrix_table() -> str:
    """The table of docs/reconciliation.md: kind, what was done, and the code at each provider."""
    codes: dict[str, dict[str, str]] = defaultdict(dict)
    for scenario in SCENARIOS:
        if len(scenario.kinds) == 1 and not scenario.books.account.startswith("bare-"):
            codes[scenario.kinds[0].name][scenario.books.provider] = ", ".join(scenario.by_code())
    lines = ["<!-- matrix -->", "| fault | OpenAI | Anthropic | Google |", "|---|---|---|---|"]
    for kind in [*KINDS, CONTRACT_KIND]:
        cells = [
            codes[kind.name].get(provider, "") for provider in ("openai", "anthropic", "google")
        ]
        lines.append(f"| {kind.says} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
