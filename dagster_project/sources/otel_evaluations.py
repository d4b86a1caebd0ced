"""OpenTelemetry evaluation results: OTLP JSON of logs or traces, one document or one per line.

A `gen_ai.evaluation.result` is a log record, an event on the evaluated span, or a span of its own
below it; everything else in the file is passed over.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from dagster_project.lib.columns import Column
from dagster_project.lib.errors import FileRejectedError
from dagster_project.sources.base import PageFormat, PageRows, Source, texts
from dagster_project.sources.json_values import CONTAINER, nested, objects, scalar
from dagster_project.sources.row_pages import LINKS

EVENT = "gen_ai.evaluation.result"
SIGNALS = {
    "resourceLogs": ("scopeLogs", "logRecords"),
    "resourceSpans": ("scopeSpans", "spans"),
    "resourceMetrics": (),
    "resourceProfiles": (),
}

OWN = {
    "metric_name": "gen_ai.evaluation.name",
    "score": "gen_ai.evaluation.score.value",
    "label": "gen_ai.evaluation.score.label",
    "explanation": "gen_ai.evaluation.explanation",
    "error_type": "error.type",
}
# Where the result does not say it, the span that it stands on may.
SHARED = {
    "response_id": ("gen_ai.response.id",),
    "session_id": ("gen_ai.conversation.id", "session.id"),
    "user_key": ("user.id", "enduser.id"),
    **{column.name: (column.name,) for column in LINKS},
}

# Ids of 16 and 8 bytes. OTLP/JSON writes them in hex; the plain protobuf mapping writes base64.
HEX_ID = re.compile(r"(?:0x)?([0-9a-fA-F]{32}|[0-9a-fA-F]{16})")
BASE64_ID = re.compile(r"[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{11}=")

Attributes = dict[str, str | None]


def hex_id(value: Any) -> str | None:
    """Return a trace or span id as lower-case hex; all zeros is the id of nothing."""
    text = scalar(value)
    if not text:
        return None
    found = HEX_ID.fullmatch(text)
    if found is not None:
        text = found[1].lower()
    elif BASE64_ID.fullmatch(text):
        try:
            text = base64.b64decode(text, validate=True).hex()
        except binascii.Error:
            return text
    return text if text.strip("0") else None


def seconds(nanoseconds: Any) -> str | None:
    """Return a time in nanoseconds as seconds with nine decimals; 0 is an unknown time."""
    text = scalar(nanoseconds)
    if not text or not text.strip("0"):
        return None
    # What is no whole number stays as it is, and goes to quarantine as no time.
    return f"{text[:-9] or '0'}.{text[-9:].zfill(9)}" if text.isdecimal() else text


def attributes(holder: dict[str, Any]) -> Attributes:
    """Return {key: value as text} of an attribute list; lists and maps count as no single value."""
    found: Attributes = {}
    for pair in objects(holder.get("attributes")):
        key, value = scalar(pair.get("key")), pair.get("value")
        if key and isinstance(value, dict):
            single = ("stringValue", "intValue", "doubleValue", "boolValue")
            given = next((scalar(value[name]) for name in single if name in value), None)
            found[key] = CONTAINER if given is None and value else given
    return found


def _row(given: Attributes, span: Attributes, **fields: str | None) -> dict[str, str | None]:
    row = {**fields, **{name: given.get(key) for name, key in OWN.items()}}
    for name, keys in SHARED.items():
        values = (held.get(key) for held in (given, span) for key in keys)
        row[name] = next((value for value in values if value), None)
    return row


def _of_record(record: dict[str, Any], scope: str | None) -> Iterator[dict[str, str | None]]:
    given = attributes(record)
    if EVENT in (scalar(record.get("eventName")), given.get("event.name")):
        observed = record.get("observedTimeUnixNano")
        time = record.get("timeUnixNano")
        if seconds(time) is None:
            time = observed
        yield _row(
            given,
            {},
            occurred_at=seconds(time),
            observed_at=seconds(observed),
            time_unix_nano=scalar(time),
            trace_id=hex_id(record.get("traceId")),
            span_id=hex_id(record.get("spanId")),
            scope_name=scope,
        )


def _of_span(span: dict[str, Any], scope: str | None) -> Iterator[dict[str, str | None]]:
    given = attributes(span)
    trace_id = hex_id(span.get("traceId"))
    times = [(span.get("startTimeUnixNano"), given, span.get("parentSpanId"))]
    if scalar(span.get("name")) != EVENT:
        times = [
            (event.get("timeUnixNano"), attributes(event), span.get("spanId"))
            for event in objects(span.get("events"))
            if scalar(event.get("name")) == EVENT
        ]
    for time, own, span_id in times:
        yield _row(
            own,
            given,
            occurred_at=seconds(time),
            time_unix_nano=scalar(time),
            trace_id=trace_id,
            span_id=hex_id(span_id),
            scope_name=scope,
        )


def _rows(document: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    for resource_key, inner in SIGNALS.items():
        if not inner:
            continue
        scope_key, item_key = inner
        read = _of_record if item_key == "logRecords" else _of_span
        for resource in objects(document.get(resource_key)):
            for scoped in objects(resource.get(scope_key)):
                name = scalar(nested(scoped, "scope", "name"))
                for item in objects(scoped.get(item_key)):
                    yield from read(item, name)


def _is_otlp(document: Any) -> bool:
    return isinstance(document, dict) and any(
        isinstance(document.get(key), list) for key in SIGNALS
    )


def parse(document: Any, file_name: str) -> PageRows:
    """Turn one OTLP document into a row per evaluation result; a document may well hold none."""
    del file_name
    page = PageRows()
    for part in document if isinstance(document, list) else [document]:
        if not _is_otlp(part):
            raise FileRejectedError("not OTLP JSON: no resourceLogs or resourceSpans list")
        page.rows += _rows(part)
    page.declared_empty = not page.rows
    return page


def recognises(document: Any) -> bool:
    """Say whether a document of unknown origin holds evaluation results."""
    parts = document if isinstance(document, list) else [document]
    return any(True for part in parts if _is_otlp(part) for _ in _rows(part))


SOURCE = Source(
    name="otel_evaluations",
    raw_table="otel_evaluations",
    policy="events",
    columns=(
        Column("occurred_at", "timestamp", required=True),
        Column("observed_at", "timestamp"),
        *texts("time_unix_nano", "trace_id", "span_id", "response_id", "session_id"),
        Column("metric_name", required=True),
        Column("score", "score"),
        Column("label", "label"),
        Column("explanation", "free_text"),
        Column("error_type", "label"),
        *texts("scope_name"),
        Column("user_key", "user"),
        *LINKS,
    ),
    keys=("occurred_at", "metric_name"),
    day_columns=("occurred_at",),
    identity=("trace_id", "span_id", "response_id", "metric_name", "time_unix_nano"),
    pages=PageFormat(
        parse, recognises, {"occurred_at": "epoch_s", "observed_at": "epoch_s"}, by_line=True
    ),
)
