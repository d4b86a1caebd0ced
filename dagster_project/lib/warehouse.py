"""How the warehouse file is opened, and who may write it."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import Settings

# A load of ten million calls stays below 4 GB; what does not fit spills beside the warehouse.
MEMORY_LIMIT = "4GB"

# Long enough that two commands typed in a row never print the notice.
QUIET_WAIT_SECONDS = 3.0
POLL_SECONDS = 0.2

_held: dict[Path, tuple[IO[str], int]] = {}


@contextmanager
def connect(
    path: Path | str, *, read_only: bool = False, memory_limit: str = MEMORY_LIMIT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the DuckDB file in UTC and close it whatever happens.

    Raises TrueUpError when the file is missing (read only) or another process holds it.
    """
    file = Path(path)
    if read_only and not file.exists():
        raise TrueUpError(f"there is no warehouse at {file} yet: run `trueup run` first")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(str(file), read_only=read_only)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise TrueUpError(f"another process has {file} open; try again when it is done") from (
                error
            )
        raise TrueUpError(f"{file} cannot be opened as a warehouse: {error}") from error
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set memory_limit = $limit", {"limit": memory_limit})
        con.execute("set temp_directory = $folder", {"folder": str(file.parent / ".spill")})
        # What spills may hold user ids for a moment; a killed run must not leave them readable.
        con.execute("set temp_file_encryption = true")
        yield con
    finally:
        con.close()


@contextmanager
def writer_lock(
    settings: Settings,
    wait_seconds: float = 600.0,
    *,
    log: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold the one writer's place; re-entrant within this process.

    Raises TrueUpError when another process still writes after `wait_seconds`.
    """
    path = (settings.warehouse.parent / ".writer.lock").resolve()
    if path in _held:
        stream, depth = _held[path]
        _held[path] = (stream, depth + 1)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+", encoding="ascii")
        try:
            _wait_for(stream, path, wait_seconds, log or _to_stderr)
        except BaseException:
            stream.close()
            raise
        _held[path] = (stream, 1)
    try:
        yield
    finally:
        stream, depth = _held[path]
        if depth > 1:
            _held[path] = (stream, depth - 1)
        else:
            del _held[path]
            fcntl.flock(stream, fcntl.LOCK_UN)
            stream.close()


def _wait_for(stream: IO[str], path: Path, wait_seconds: float, log: Callable[[str], None]) -> None:
    started = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - started
            if waited >= wait_seconds:
                raise TrueUpError(
                    f"another TrueUp run is still writing {path.parent} after "
                    f"{wait_seconds:g} s; nothing was changed"
                ) from None
            if not told and waited >= min(QUIET_WAIT_SECONDS, wait_seconds / 2):
                log(f"another TrueUp run is writing {path.parent}; waiting")
                told = True
            time.sleep(POLL_SECONDS)
        else:
            stream.seek(0)
            stream.truncate()
            stream.write(f"{os.getpid()}\n")
            stream.flush()
            return


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
