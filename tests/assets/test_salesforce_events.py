"""Salesforce cases: the Case export and CaseHistory, their states and events."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.lib.hashing import keyed_hash
from tests.assets.staged_events import EVENT_COLUMNS
from tests.assets.staging_sql import canaries_found, described, staged
from tests.conftest import HASH_KEY, Landing
from tests.laws.rendering import model

SOURCE = "salesforce_cases"
EVENTS = "stg_salesforce__events"
VERSIONS = "stg_salesforce__ticket_versions"

CASE_HEADER = (
    "Id,IsDeleted,MasterRecordId,CaseNumber,ContactId,AccountId,ParentId,Status,Subject,"
    "IsClosed,ClosedDate,IsEscalated,OwnerId,CreatedDate,SystemModstamp,Trace_ID__c,User_ID__c\n"
)
HISTORY_HEADER = "Id,IsDeleted,CaseId,CreatedById,CreatedDate,Field,OldValue,NewValue\n"


def _case(case: str, status: str, modified: str, **values: str) -> str:
    row = {
        "Id": case,
        "IsDeleted": "false",
        "CaseNumber": "00001",
        "ContactId": "003A",
        "AccountId": "001A",
        "Status": status,
        "IsClosed": "false",
        "IsEscalated": "false",
        "OwnerId": "005A",
        "CreatedDate": "2026-03-01T08:00:00.000Z",
        "SystemModstamp": modified,
        **values,
    }
    return ",".join(row.get(name, "") for name in CASE_HEADER.strip().split(",")) + "\n"


def _history(number: str, case: str, day: int, old: str, new: str, **values: str) -> str:
    row = {
        "Id": number,
        "IsDeleted": "false",
        "CaseId": case,
        "CreatedDate": f"2026-03-{day:02}T10:00:00.000+0000",
        "Field": "Status",
        "OldValue": old,
        "NewValue": new,
        **values,
    }
    return ",".join(row.get(name, "") for name in HISTORY_HEADER.strip().split(",")) + "\n"


def _versions(landing: Landing) -> list[tuple[Any, ...]]:
    landing.con.execute("set search_path = 'raw'")
    return landing.rows(
        "select ticket_id, updated_at::varchar, status, solved_at::varchar, merged_into_id"
        f" from ({model(VERSIONS)}) order by ticket_id, updated_at, generated_at nulls first"
    )


def test_salesforce_events_have_the_columns_of_every_event_source(landing: Landing) -> None:
    landing.ingest(SOURCE)
    assert list(described(landing, EVENTS).items()) == list(EVENT_COLUMNS.items())


def test_history_tells_the_closings_and_reopenings_of_a_case(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/Case.csv",
        CASE_HEADER
        + _case("500A", "Answered", "2026-03-09T08:00:00.000Z", IsClosed="true",
                ClosedDate="2026-03-04T10:00:00.000Z", Trace_ID__c="tr-1", User_ID__c="u-1")
        + _case("500B", "New", "2026-03-09T08:00:00.000Z"),
    )  # fmt: skip
    landing.drop(
        f"{SOURCE}/CaseHistory.csv",
        HISTORY_HEADER
        + _history("017A", "500A", 1, "", "", Field="created")
        + _history("017B", "500A", 2, "New", "Answered")
        + _history("017C", "500A", 3, "Answered", "Working")
        + _history("017D", "500A", 4, "Working", "Answered")
        + _history("017E", "500A", 4, "Answered", "Closed")
        + _history("017F", "500A", 5, "005A", "005B", Field="Owner")
        + _history("017G", "500A", 6, "Closed", "New", IsDeleted="true"),
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_loaded, report.rows_quarantined) == (9, 0)
    # the export's own word Answered is closed, as a closed case bears it
    assert _versions(landing) == [
        ("500A", "2026-03-02 10:00:00", "solved", None, None),
        ("500A", "2026-03-03 10:00:00", "open", None, None),
        ("500A", "2026-03-04 10:00:00", "solved", None, None),
        ("500A", "2026-03-04 10:00:00", "solved", None, None),
        ("500A", "2026-03-09 08:00:00", "solved", "2026-03-04 10:00:00", None),
        ("500B", "2026-03-09 08:00:00", "open", None, None),
    ]
    assert staged(
        landing,
        EVENTS,
        "source_event_id, event_name, outcome_type, occurred_at::varchar, ticket_id",
    ) == [
        ("017A", "case.created", None, "2026-03-01 10:00:00", "500A"),
        ("017B", "case.Status", "ticket_resolved", "2026-03-02 10:00:00", "500A"),
        ("017C", "case.Status", "ticket_reopened", "2026-03-03 10:00:00", "500A"),
        ("017D", "case.Status", "ticket_resolved", "2026-03-04 10:00:00", "500A"),
        ("017E", "case.Status", None, "2026-03-04 10:00:00", "500A"),
        ("017F", "case.Owner", None, "2026-03-05 10:00:00", "500A"),
        ("derived:500A:created", "case.created", "ticket_opened", "2026-03-01 08:00:00", "500A"),
        ("derived:500B:created", "case.created", "ticket_opened", "2026-03-01 08:00:00", "500B"),
    ]


def test_without_history_the_closed_date_tells_the_closing_once(landing: Landing) -> None:
    closed = {"IsClosed": "true", "ClosedDate": "2026-03-04T10:00:00.000Z"}
    for day in (5, 6):
        modified = f"2026-03-{day:02}T08:00:00.000Z"
        landing.drop(
            f"{SOURCE}/{day}.csv",
            CASE_HEADER + _case("500A", "Closed", modified, **closed, Trace_ID__c="tr-1"),
        )
    landing.ingest(SOURCE)
    assert staged(
        landing, EVENTS, "source_event_id, outcome_type, trace_id, tenant, anonymous_key"
    ) == [
        ("derived:500A:closed:1772618400", "ticket_resolved", "tr-1", "001A",
         keyed_hash("003A", HASH_KEY)),
        ("derived:500A:created", "ticket_opened", "tr-1", "001A", keyed_hash("003A", HASH_KEY)),
    ]  # fmt: skip


def test_a_master_record_is_a_merge_and_a_parent_is_none(landing: Landing) -> None:
    closed = {"IsClosed": "true", "ClosedDate": "2026-03-04T10:00:00.000Z"}
    landing.drop(
        f"{SOURCE}/Case.csv",
        CASE_HEADER
        + _case("500A", "Closed", "2026-03-05T08:00:00.000Z", **closed)
        + _case("500B", "Closed", "2026-03-05T08:00:00.000Z", **closed, IsDeleted="true",
                MasterRecordId="500A")
        + _case("500C", "New", "2026-03-05T08:00:00.000Z", IsDeleted="true")
        + _case("500D", "New", "2026-03-05T08:00:00.000Z", ParentId="500A"),
    )  # fmt: skip
    landing.ingest(SOURCE)
    assert _versions(landing) == [
        ("500A", "2026-03-05 08:00:00", "solved", "2026-03-04 10:00:00", None),
        ("500B", "2026-03-05 08:00:00", "merged", None, "500A"),
        ("500C", "2026-03-05 08:00:00", "deleted", None, None),
        ("500D", "2026-03-05 08:00:00", "open", None, None),
    ]
    assert landing.rows(
        "select ticket_id, parent_ticket_id, followup_source_id"
        f" from ({model(VERSIONS)}) where parent_ticket_id is not null"
    ) == [("500D", "500A", None)]


def test_the_fields_that_may_tell_who_solved_a_case_stand_for_its_tags(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/a.csv",
        CASE_HEADER + _case("500A", "Answered by bot", "2026-03-05T08:00:00Z", OwnerId="00G1"),
    )
    landing.drop(f"{SOURCE}/b.csv", HISTORY_HEADER + _history("017B", "500A", 2, "a", "b"))
    landing.ingest(SOURCE)
    landing.con.execute("set search_path = 'raw'")
    assert landing.rows(f"select tags from ({model(VERSIONS)}) order by updated_at") == [
        (None,),
        ('["status:Answered by bot","owner:00G1"]',),
    ]


def test_repeated_exports_tell_each_version_and_entry_once(landing: Landing) -> None:
    case = _case("500A", "New", "2026-03-05T08:00:00.000Z")
    entry = _history("017B", "500A", 2, "New", "Closed")
    landing.drop(f"{SOURCE}/a.csv", CASE_HEADER + case)
    landing.drop(f"{SOURCE}/b.csv", CASE_HEADER + case + _case("500B", "New", "2026-03-06"))
    landing.drop(f"{SOURCE}/c.csv", HISTORY_HEADER + entry)
    landing.drop(f"{SOURCE}/d.csv", HISTORY_HEADER + entry + _history("017C", "500A", 3, "a", "b"))
    landing.ingest(SOURCE)
    assert len(_versions(landing)) == 4
    assert staged(landing, EVENTS, "source_event_id") == [
        ("017B",),
        ("017C",),
        ("derived:500A:created",),
        ("derived:500B:created",),
    ]


def test_data_loader_writes_the_columns_in_capitals(landing: Landing) -> None:
    case = _case("500A", "New", "2026-03-05T08:00:00.000Z")
    landing.drop("crm/Case.csv", CASE_HEADER.upper() + case)
    entry = _history("017B", "500A", 2, "New", "Closed")
    landing.drop("crm/CaseHistory.csv", HISTORY_HEADER.upper() + entry)
    report = landing.ingest(SOURCE)
    assert (report.files_new, report.rows_loaded) == (2, 2)
    assert [row[2] for row in _versions(landing)] == ["solved", "open"]


def test_a_late_entry_of_the_history_makes_the_days_of_its_case_pending(landing: Landing) -> None:
    landing.drop(f"{SOURCE}/a.csv", CASE_HEADER + _case("500A", "Closed", "2026-03-05T08:00:00Z"))
    landing.ingest(SOURCE)
    landing.pending()
    landing.drop(f"{SOURCE}/b.csv", HISTORY_HEADER + _history("017B", "500A", 9, "Closed", "New"))
    landing.ingest(SOURCE)
    assert landing.pending() == ["2026-03-05", "2026-03-09"]


def test_bad_rows_are_quarantined_with_row_column_and_reason(landing: Landing) -> None:
    landing.drop(
        f"{SOURCE}/a.csv",
        CASE_HEADER
        + _case("500A", "New", "2026-03-05T08:00:00Z")
        + _case("", "New", "2026-03-05T08:00:00Z")
        + _case("500B", "New", "")
        + _case("500C", "New", "2026-03-05T08:00:00Z", IsClosed="")
        + _case("500D", "New", "2026-03-05T08:00:00Z", ClosedDate="soon")
        + "500E,false\n",
    )
    report = landing.ingest(SOURCE)
    assert (report.rows_in, report.rows_loaded) == (6, 1)
    assert landing.faults() == [
        (2, "case_id", "missing_value", None),
        (3, "modified_at", "missing_value", None),
        (4, "is_closed", "missing_value", None),
        (5, "closed_at", "bad_timestamp", "text of 4 characters"),
        (6, None, "malformed_row", None),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Name,Status\nx,New\n", "CaseId|Id (for case_id)"),
        ("Id,Status\n500A,New\n", "SystemModstamp|LastModifiedDate|CreatedDate"),
        ('{"Id": "500A"}', "a jsonl file; salesforce_cases takes csv"),
    ],
)
def test_another_file_is_rejected_with_what_it_lacks(
    landing: Landing, content: str, said: str
) -> None:
    landing.drop(f"{SOURCE}/a.csv", content)
    assert landing.ingest(SOURCE).files_rejected == 1
    assert said in landing.reason(f"{SOURCE}/a.csv")


def test_neither_subjects_nor_the_old_and_new_values_of_any_field_are_stored(
    landing: Landing,
) -> None:
    landing.drop(
        f"{SOURCE}/a.csv",
        CASE_HEADER + _case("500A", "New", "2026-03-05T08:00:00Z", Subject="canary subject"),
    )
    landing.drop(
        f"{SOURCE}/b.csv",
        HISTORY_HEADER
        + _history("017B", "500A", 2, "canary old", "canary new", Field="Subject")
        + _history("017C", "500A", 2, "canary name", "", Field="Contact"),
    )
    landing.ingest(SOURCE)
    assert landing.rows(
        "select old_value_key, new_value_key from raw.salesforce_cases where field = 'Subject'"
    ) == [(keyed_hash("canary old", HASH_KEY), keyed_hash("canary new", HASH_KEY))]
    assert canaries_found(landing, "canary") == []
