"""The keyed hash: standard HMAC, the same in SQL and in Python."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.lib.hashing import (
    hash_parameters,
    key_fingerprint,
    keyed_hash,
    keyed_hash_sql,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


def test_the_hash_is_the_start_of_the_published_hmac_test_vector() -> None:
    # RFC 4231, test case 2: key "Jefe".
    assert keyed_hash("what do ya want for nothing?", "Jefe") == "5bdcc146bf60754e6a042426089575c7"


@settings(max_examples=60, deadline=None)
@given(value=TEXTS, key=st.text(min_size=1, max_size=90, alphabet="abcé0129-"))
def test_sql_and_python_give_the_same_digits(value: str, key: str) -> None:
    with duckdb.connect() as con:
        rows = con.execute(
            f"select {keyed_hash_sql('$value')}", {"value": value, **hash_parameters(key)}
        ).fetchall()
    assert rows == [(keyed_hash(value, key),)]


def test_another_key_gives_another_hash_and_another_fingerprint() -> None:
    assert keyed_hash("user-1", "key-one-0123456") != keyed_hash("user-1", "key-two-0123456")
    assert key_fingerprint("key-one-0123456") != key_fingerprint("key-two-0123456")
    assert "key-one" not in key_fingerprint("key-one-0123456")
