"""Salesforce cases: CSV exports of Case and of CaseHistory, by Data Loader or the export service.

A file is one or the other; both become rows of one table, and a row with a `field` is history.
"""

from __future__ import annotations

from dagster_project.lib.columns import Column, RowRule, bind
from dagster_project.sources.base import Layout, Source, texts

# Custom fields that the customer's own code may fill to link a case.
LINKS = ("tenant", "feature", "task_id", "task_type", "session_id", "trace_id")

# History keeps old and new values of every tracked field, subjects and names too. So they load as
# keyed hash, and a case's status beside its text as one: staging knows a closed status by it.
BINDINGS = (
    bind("case_id", "CaseId", "Id", in_file=True),
    bind("record_id", "Id"),
    bind("field", "Field"),
    bind("old_value_key", "OldValue"),
    bind("new_value_key", "NewValue"),
    bind("old_is_closed", "OldValue", transform="equals:Closed"),
    bind("new_is_closed", "NewValue", transform="equals:Closed"),
    bind("occurred_at", "SystemModstamp", "LastModifiedDate", "CreatedDate", in_file=True),
    bind("modified_at", "SystemModstamp", "LastModifiedDate"),
    bind("created_at", "CreatedDate"),
    bind("case_number", "CaseNumber"),
    bind("status", "Status"),
    bind("status_key", "Status"),
    bind("is_closed", "IsClosed"),
    bind("closed_at", "ClosedDate"),
    bind("is_escalated", "IsEscalated"),
    bind("is_deleted", "IsDeleted"),
    bind("parent_id", "ParentId"),
    bind("master_record_id", "MasterRecordId"),
    bind("contact_key", "ContactId"),
    bind("user_key", "User_ID__c", "External_User_ID__c"),
    bind("account_id", "AccountId"),
    bind("owner_id", "OwnerId"),
    bind("origin", "Origin"),
    bind("type", "Type"),
    bind("priority", "Priority"),
    bind("record_type_id", "RecordTypeId"),
    *(bind(name, f"{name}__c") for name in LINKS),
    bind("subject", "Subject"),
    bind("description", "Description"),
)
CASE_MARKS = frozenset({"Id", "CaseNumber", "Status", "IsClosed", "SystemModstamp"})
HISTORY_MARKS = frozenset({"Id", "CaseId", "Field", "OldValue", "NewValue", "CreatedDate"})


def _layouts() -> tuple[Layout, ...]:
    """Return one reading under every set of marks; Data Loader writes names in capitals."""
    marks = (CASE_MARKS, HISTORY_MARKS)
    capitals = tuple(frozenset(name.upper() for name in names) for names in marks)
    return tuple(
        Layout(formats=("csv",), bindings=BINDINGS, marks=names) for names in (*marks, *capitals)
    )


SOURCE = Source(
    name="salesforce_cases",
    raw_table="salesforce_cases",
    policy="events",
    columns=(
        Column("case_id", required=True),
        Column("record_id", required=True),
        Column("field"),
        Column("old_value_key", "user"),
        Column("new_value_key", "user"),
        Column("old_is_closed", "boolean"),
        Column("new_is_closed", "boolean"),
        Column("occurred_at", "timestamp", required=True),
        Column("modified_at", "timestamp"),
        Column("created_at", "timestamp"),
        *texts("case_number", "status"),
        Column("status_key", "user"),
        Column("is_closed", "boolean"),
        Column("closed_at", "timestamp"),
        Column("is_escalated", "boolean"),
        Column("is_deleted", "boolean"),
        *texts("parent_id", "master_record_id"),
        Column("contact_key", "user"),
        Column("user_key", "user"),
        *texts("account_id", "owner_id", "origin", "type", "priority", "record_type_id", *LINKS),
        Column("subject", "free_text"),
        Column("description", "free_text"),
    ),
    keys=("case_id", "record_id", "occurred_at"),
    day_columns=("occurred_at",),
    identity=("case_id",),
    layouts=_layouts(),
    rules=(
        RowRule(
            "missing_value",
            "modified_at",
            "a case needs SystemModstamp (or LastModifiedDate): it tells its versions apart",
            "c_field is null and c_modified_at is null",
        ),
        RowRule(
            "missing_value",
            "is_closed",
            "a case needs IsClosed",
            "c_field is null and c_is_closed is null",
        ),
    ),
)
