"""From the ids that each tool exports to people: who is merged, who is not, who is left out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from dagster_project.lib.compiled_models import build_model
from dagster_project.lib.reference import load_reference
from dagster_project.sources import SOURCES
from tests.assets.staged_events import held_anywhere, key
from tests.conftest import Landing

RULES = (
    "source,event_name,property,value,outcome_type,task_type,resolution_kind\n"
    "*,Used,,,user_active,,\n"
)
MODELS = ("int_active_days", "int_user_persons", "active_users_trailing", "identity_conflicts")
Json = dict[str, Any]


def _used(user: str | None, at: str, device: str | None = None, **more: Any) -> Json:
    """A Segment call that counts as activity; `at` is day and hour of March 2026."""
    day, _, hour = at.partition("T")
    name = f"{user}-{device}-{at}"
    return {
        "type": "track",
        "event": "Used",
        "messageId": name,
        "userId": user,
        "anonymousId": device,
        "timestamp": f"2026-03-{day}T{hour or '10'}:00:00Z",
        **more,
    }


def _alias(old: str, new: str, at: str = "01") -> Json:
    return _used(new, at, type="alias", messageId=f"{old}>{new}", previousId=old)


def _reference(landing: Landing, name: str, text: str) -> None:
    landing.settings.reference.mkdir(parents=True, exist_ok=True)
    (landing.settings.reference / f"{name}.csv").write_text(text, encoding="utf-8")


def _people(landing: Landing, *calls: Json) -> None:
    """Land the calls, if any, as one more Segment file and compute who is who."""
    if calls:
        landing.drop_lines(f"segment_tracks/{landing.clock}.jsonl", *calls)
    if not (landing.settings.reference / "outcome_rules.csv").exists():
        _reference(landing, "outcome_rules", RULES)
    for name in SOURCES:
        landing.ingest(name)
    load_reference(landing.con, landing.settings)
    build_model(landing.con, *MODELS)


def _persons(landing: Landing, *users: str) -> list[str | None]:
    """The person of each user id, NULL for a blocked one."""
    merged = dict(landing.rows("from intermediate.int_user_persons"))
    return [merged.get(key(user), key(user)) for user in users]


def _active(landing: Landing) -> list[tuple[Any, ...]]:
    """(day of March, class, people) of the activity."""
    return landing.rows(
        "select day(outcome_date), user_class, count(*) from intermediate.int_active_days"
        " group by all order by all"
    )


def _conflicts(landing: Landing) -> list[tuple[Any, ...]]:
    return landing.rows(
        "select conflict, id_kind, count(*), max(edges) from marts.identity_conflicts"
        " group by all order by all"
    )


def _posthog_person(distinct: str, person: str) -> Json:
    return {
        "team_id": 7,
        "distinct_id": distinct,
        "person_id": person,
        "created_at": "2026-03-01T00:00:00Z",
        "_inserted_at": "2026-03-02T10:00:00Z",
        "person_version": 1,
        "person_distinct_id_version": 1,
        "properties": {},
        "is_deleted": False,
    }


def _posthog(number: int, event: str, distinct: str, day: str, **properties: str) -> Json:
    return {
        "uuid": f"019a0000-0000-7000-8000-{number:012d}",
        "event": event,
        "distinct_id": distinct,
        "properties": {"$device_id": properties.get("$anon_distinct_id", distinct), **properties},
        "timestamp": f"2026-03-{day}T10:00:00Z",
        "created_at": f"2026-03-{day}T10:00:05Z",
        "_inserted_at": f"2026-03-{day}T10:01:00Z",
    }


def _amplitude(user: str | None, person: int, device: str, at: str) -> Json:
    return {
        "$insert_id": f"{device}-{at}",
        "device_id": device,
        "uuid": f"{device}-{at}",
        "app": 77,
        "event_type": "Used",
        "event_time": f"2026-03-{at} 10:00:00.000000",
        "server_upload_time": f"2026-03-{at} 10:00:05.000000",
        "amplitude_id": person,
        "user_id": user,
    }


def test_aliases_merge_over_any_number_of_steps_and_across_tools(landing: Landing) -> None:
    """a-b is known to Segment, b-c to RudderStack, c-d to PostHog: one person of four ids."""
    landing.drop_lines("rudderstack_tracks/a.jsonl", {**_alias("b", "c"), "rudderId": "r"})
    landing.drop_lines("posthog_persons/a.jsonl", _posthog_person("c", "p"))
    landing.drop_lines("posthog_persons/b.jsonl", _posthog_person("d", "p"))
    _people(landing, _alias("a", "b"), _used("a", "02"), _used("d", "02"), _used("e", "02"))
    a, b, c, d, e = _persons(landing, *"abcde")
    assert a == b == c == d == min(key(user) for user in "abcd")
    assert e == key("e")
    assert _active(landing) == [(2, "end_user", 2)]
    assert landing.rows("select conflict, id_key, ids from marts.identity_conflicts") == [
        ("largest_person", a, 5)
    ]


def test_a_cycle_of_aliases_ends_and_is_one_person(landing: Landing) -> None:
    _people(landing, _alias("a", "b"), _alias("b", "c"), _alias("c", "a"), _alias("d", "d"))
    assert len(set(_persons(landing, "a", "b", "c"))) == 1


def test_user_ids_are_case_sensitive_and_the_same_number_in_two_tools_is_no_merge(
    landing: Landing,
) -> None:
    """Person 1 of Amplitude and person 1 of PostHog are not the same."""
    landing.drop_lines("posthog_persons/a.jsonl", _posthog_person("x", "1"))
    landing.drop_lines("amplitude_events/a.json", _amplitude("y", 1, "phone", "02"))
    _people(landing, _used("ann", "02"), _used("Ann", "02"))
    assert len(set(_persons(landing, "x", "y", "ann", "Ann"))) == 4
    assert _active(landing) == [(2, "end_user", 3)]


def test_a_shared_device_is_its_latest_users_and_makes_nobody_one(landing: Landing) -> None:
    """Ann signs in on the 3rd, Bob on the 5th, Ann again on the 7th, and nobody in between."""
    _people(
        landing,
        _used(None, "02", "kiosk"),
        _used("ann", "03", "kiosk", type="identify"),
        _used(None, "04", "kiosk"),
        _used("bob", "05", "kiosk", type="identify"),
        _used(None, "06", "kiosk"),
        _used("ann", "07", "kiosk", type="identify"),
        _used(None, "08", "kiosk"),
    )
    ann, bob = _persons(landing, "ann", "bob")
    assert (ann, bob) == (key("ann"), key("bob"))
    assert landing.rows(
        "select day(outcome_date), person_key from intermediate.int_active_days order by 1"
    ) == [(2, ann), (4, ann), (6, bob), (8, ann)]
    assert _conflicts(landing) == [("shared_device", "anonymous", 1, 3)]


def test_a_device_belongs_to_the_user_of_its_tools_person(landing: Landing) -> None:
    """Amplitude's anonymous person 1 became person 2 when u1 signed in; u2 came later."""
    landing.drop_lines(
        "amplitude_events/a.json",
        _amplitude(None, 1, "tablet", "02"),
        _amplitude("u1", 2, "tablet", "03"),
        _amplitude("u2", 3, "tablet", "04"),
        _amplitude(None, 3, "tablet", "05"),
    )
    landing.drop_lines(
        "amplitude_merged_ids/-77_2026-03-03_1.json.gz",
        {"scope": 77, "merge_server_time": 1772532000000, "amplitude_id": 1,
         "merged_amplitude_id": 2},
    )  # fmt: skip
    _people(landing)
    assert landing.rows(
        "select day(outcome_date), person_key from intermediate.int_active_days order by 1"
    ) == [(2, key("u1")), (3, key("u1")), (4, key("u2")), (5, key("u2"))]


def test_what_a_tool_calls_a_person_counts_only_where_no_user_is_known(landing: Landing) -> None:
    """Before u1 signed in, PostHog had the browser as person p9, and has never said more."""
    landing.drop_lines("posthog_persons/a.jsonl", _posthog_person("browser", "p9"))
    landing.drop_lines("posthog_persons/b.jsonl", _posthog_person("tv", "p8"))
    landing.drop_lines("posthog_persons/c.jsonl", _posthog_person("radio", "p8"))
    landing.drop_lines(
        "posthog_events/a.jsonl",
        _posthog(1, "Used", "browser", "02"),
        _posthog(2, "$identify", "u1", "05", **{"$anon_distinct_id": "browser"}),
        _posthog(3, "Used", "tv", "06"),
        _posthog(4, "Used", "radio", "06"),
    )
    _people(landing)
    # p8 is one person of two devices whom nobody knows
    assert _active(landing) == [(2, "end_user", 1), (6, "anonymous_user", 1)]
    assert landing.rows(
        "select distinct person_key from intermediate.int_active_days where not is_anonymous"
    ) == [(key("u1"),)]


@pytest.mark.parametrize("nobody", ["anonymous", "None", "undefined", "0"])
def test_an_id_that_names_nobody_merges_nobody(landing: Landing, nobody: str) -> None:
    _people(
        landing, _alias(nobody, "a"), _alias(nobody, "b"), _used("a", "02"), _used("b", "02"),
        _used(nobody, "02"), _used(nobody, "03", "phone"),
    )  # fmt: skip
    assert len(set(_persons(landing, "a", "b"))) == 2
    assert _active(landing) == [(2, "end_user", 2), (3, "anonymous_user", 1)]


@pytest.mark.parametrize(("ids", "people"), [(50, 1), (51, 51)])
@pytest.mark.parametrize("shape", ["chain", "hub"])
def test_a_cluster_of_more_ids_than_a_person_has_is_not_merged_but_listed(
    landing: Landing, shape: str, ids: int, people: int
) -> None:
    users = [f"u{number}" for number in range(ids)]
    before = users if shape == "chain" else [users[0]] * ids
    _people(
        landing, *(_alias(old, new) for old, new in zip(before, users[1:], strict=False)),
        *(_used(user, "02") for user in users), _alias("x", "y"),
    )  # fmt: skip
    assert _active(landing) == [(2, "end_user", people)]
    assert len(set(_persons(landing, *users))) == people
    assert len(set(_persons(landing, "x", "y"))) == 1
    listed = landing.rows(
        "select id_key, ids from marts.identity_conflicts where conflict = 'not_merged'"
        " order by edges desc"
    )
    assert len(listed) == (0 if people == 1 else ids)
    if listed and shape == "hub":
        assert listed[0] == (key("u0"), 51)


def test_a_far_longer_chain_falls_apart_as_a_whole(landing: Landing) -> None:
    """It is not walked to its end, and no piece of it may pass for a person."""
    users = [f"u{number}" for number in range(300)]
    _people(landing, *(_alias(old, new) for old, new in pairwise(users)))
    assert _persons(landing, *users) == [key(user) for user in users]
    assert _conflicts(landing) == [("not_merged", "user", 300, 2)]


def test_a_blocked_id_merges_nobody_and_is_nobody(landing: Landing) -> None:
    """The login of a shared account had been merged with everyone who ever used it."""
    _reference(landing, "blocked_ids", "id,reason\nfront-desk,shared account\n")
    _people(
        landing, _alias("front-desk", "a"), _alias("front-desk", "b"), _used("a", "02"),
        _used("b", "02"), _used("front-desk", "02"), _used("front-desk", "03", "phone"),
        _used("a", "04", "phone"), _used("front-desk", "05", "phone"),
    )  # fmt: skip
    assert _persons(landing, "a", "b", "front-desk") == [key("a"), key("b"), None]
    # on the phone, front-desk is whoever the phone belongs to
    assert _active(landing) == [
        (2, "end_user", 2),
        (3, "end_user", 1),
        (4, "end_user", 1),
        (5, "end_user", 1),
    ]
    # two aliases, and the phone twice
    assert landing.rows("select conflict, id_key, edges, reason from marts.identity_conflicts") == [
        ("blocked", key("front-desk"), 4, "shared account")
    ]


def test_a_person_is_left_out_whichever_of_their_ids_is_listed_and_only_on_those_days(
    landing: Landing,
) -> None:
    """Staff by an old id, a bot from the 3rd, two test devices, and a person of two rows."""
    _reference(
        landing,
        "internal_users",
        "user_id,reason,valid_from,valid_to,kind\nstaff-old,employee,,,\n"
        "crawler,scraper,2026-03-03,,bot\nlab-phone,test bench,,,test\nbench-2,test bench,,,test\n"
        "both,first row,2026-03-03,2026-03-05,test\nboth,second row,2026-03-04,,bot\n",
    )
    _people(
        landing, _alias("staff-old", "staff-new"), _used("staff-new", "02"), _used("crawler", "02"),
        _used("crawler", "03"), _used(None, "02", "lab-phone"), _used(None, "02", "bench-2"),
        _used(None, "03", "someones-phone"),
        *(_used("both", f"0{day}") for day in (2, 3, 4, 5)),
    )  # fmt: skip
    assert landing.rows(
        "select day(outcome_date), user_class, count(*) from intermediate.int_active_days"
        f" where person_key <> '{key('both')}' group by all order by all"
    ) == [
        (2, "end_user", 1),
        (2, "internal_user", 1),
        (2, "test_user", 2),
        (3, "anonymous_user", 1),
        (3, "bot_user", 1),
    ]
    # the first row that fits a day decides
    assert landing.rows(
        "select day(outcome_date), user_class from intermediate.int_active_days"
        f" where person_key = '{key('both')}' order by 1"
    ) == [(2, "end_user"), (3, "test_user"), (4, "test_user"), (5, "bot_user")]
    assert landing.rows(
        "select max(active_users), max(anonymous_users) from marts.active_users_trailing"
        " where window_name = 'mau_28d'"
    ) == [(2, 1)]


def test_internal_users_without_kinds_are_internal(landing: Landing) -> None:
    _reference(landing, "internal_users", "user_id,reason,valid_from,valid_to\nstaff,employee,,\n")
    _people(landing, _used("staff", "02"), _used("user", "02"))
    assert _active(landing) == [(2, "end_user", 1), (2, "internal_user", 1)]


def test_an_edge_that_comes_late_counts_for_all_history(landing: Landing) -> None:
    _people(landing, _used("a", "02"), _used("b", "02"), _used(None, "03", "phone"))
    assert _active(landing) == [(2, "end_user", 2), (3, "anonymous_user", 1)]
    _people(landing, _alias("a", "b", "20"), _used("b", "21", "phone", type="identify"))
    assert _active(landing) == [(2, "end_user", 1), (3, "end_user", 1)]
    assert landing.rows("select count(distinct person_key) from intermediate.int_active_days") == [
        (1,)
    ]


def test_active_users_of_a_week_are_not_the_sum_of_its_days(landing: Landing) -> None:
    """Two people on each of two days are 4, and 3 people in the week."""
    _people(landing, *(_used(user, day) for user, day in
                       (("a", "02"), ("b", "02"), ("a", "03"), ("c", "03"))))  # fmt: skip
    assert landing.rows(
        "select window_name, sum(active_users), max(active_users) from marts.active_users_trailing"
        " group by window_name order by window_name"
    ) == [("dau", 4, 2), ("mau_28d", 5, 3), ("mau_30d", 5, 3), ("wau_7d", 5, 3)]


def test_no_id_stands_in_any_table_as_it_was_written(landing: Landing) -> None:
    _reference(landing, "internal_users", "user_id,reason,valid_from,valid_to\ncanary-a,x,,\n")
    _reference(landing, "blocked_ids", "id,reason\ncanary-b,x\n")
    landing.drop_lines("posthog_persons/a.jsonl", _posthog_person("canary-c", "canary-d"))
    _people(
        landing,
        {**_alias("canary-a", "canary-b"), "messageId": "m1"},
        _used("canary-c", "02", "canary-e", messageId="m2"),
    )
    assert landing.rows("select count(*) from intermediate.int_identity_edges") == [(3,)]
    assert held_anywhere(landing, "canary-") == []
