"""The keyed hash of user ids and free text: HMAC-SHA-256, the first 32 hex digits.

The SQL and the Python form give the same digits. The key enters SQL as bound parameters only,
so it is in no statement text, no log and no error.
"""

from __future__ import annotations

import hashlib
import hmac

# 128 bits: no two of a billion users collide, and the column takes half the room.
HASH_DIGITS = 32
_BLOCK_BYTES = 64


# What programs write where they know no user. One such id would join all who share it into one
# giant person, so it loads as NULL. Compared in lower case.
NOBODY = (
    "",
    "0",
    "-1",
    "anonymous",
    "guest",
    "unknown",
    "null",
    "none",
    "nil",
    "nan",
    "n/a",
    "undefined",
    "true",
    "false",
    "[object object]",
    "distinct_id",
    "distinctid",
    "not_authenticated",
    "langfuse_unknown_user",
    "00000000-0000-0000-0000-000000000000",
)


def keyed_hash(value: str, key: str) -> str:
    """Return the keyed hash of `value` as 32 hex digits."""
    digest = hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()
    return digest[:HASH_DIGITS]


def keyed_hash_sql(expression: str) -> str:
    """Return SQL for the keyed hash of a VARCHAR expression; bind `hash_parameters` with it."""
    return (
        f"left(sha256($hash_outer || unhex(sha256($hash_inner || encode({expression})))), "
        f"{HASH_DIGITS})"
    )


def hash_parameters(key: str) -> dict[str, object]:
    """Return the two HMAC pads (64 bytes each) that `keyed_hash_sql` names."""
    secret = key.encode()
    if len(secret) > _BLOCK_BYTES:
        secret = hashlib.sha256(secret).digest()
    padded = secret.ljust(_BLOCK_BYTES, b"\0")
    return {
        "hash_inner": bytes(byte ^ 0x36 for byte in padded),
        "hash_outer": bytes(byte ^ 0x5C for byte in padded),
    }


def key_fingerprint(key: str) -> str:
    """Return a value that tells two keys apart and reveals neither."""
    return hmac.new(key.encode(), b"TrueUp hash key", hashlib.sha256).hexdigest()
