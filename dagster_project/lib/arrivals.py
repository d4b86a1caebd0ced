"""Which files are in landing, and in what order they arrived.

The journal landing/.arrivals.jsonl keeps the order of first arrival, so that a rebuild from
landing knows which of two exports is the newer one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import Settings

JOURNAL = ".arrivals.jsonl"
SIDECAR_SUFFIX = ".control.json"
DEFAULT_ACCOUNT = "default"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Arrival:
    """One file in landing. `folder` is its first folder, '' when it lies in landing itself."""

    path: Path
    relative: str
    folder: str
    account: str
    sha256: str
    bytes: int
    mtime_ns: int
    arrival_no: int

    @property
    def file_id(self) -> str:
        """Return the first 16 hex digits of the content's sha256."""
        return self.sha256[:16]

    def is_unchanged(self) -> bool:
        """Say whether the file is still the one whose content was hashed."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.bytes, self.mtime_ns)

    @property
    def sidecar(self) -> Path:
        """Return where the file's promises would be."""
        return self.path.with_name(self.path.name + SIDECAR_SUFFIX)


def scan(settings: Settings) -> list[Arrival]:
    """Return every input file in landing, oldest arrival first; new ones enter the journal.

    A file whose size and modification time are as journalled is not read again.
    """
    landing = settings.landing
    journal = _read_journal(landing)
    known = {(e["sha256"], e["source"], e["account"]): int(e["arrival_no"]) for e in journal}
    by_path = {e["path"]: e for e in journal}
    seen = []
    for path in _input_files(landing):
        entry = _look_at(landing, path, by_path)
        if entry is not None:
            seen.append(entry)
    seen.sort(key=lambda entry: (entry["mtime_ns"], entry["path"]))
    newest = max(known.values(), default=0)
    fresh = False
    for entry in seen:
        name = (entry["sha256"], entry["source"], entry["account"])
        if name not in known:
            newest += 1
            known[name] = newest
        entry["arrival_no"] = known[name]
        if by_path.get(entry["path"]) != entry:
            by_path[entry["path"]] = entry
            fresh = True
    if fresh:
        # What is no longer in landing stays in the journal: if it comes back, it is not newer.
        kept = {(e["sha256"], e["source"], e["account"], e["path"]): e for e in journal}
        kept.update({(e["sha256"], e["source"], e["account"], e["path"]): e for e in seen})
        _write_journal(landing, list(kept.values()))
    arrivals = [
        Arrival(
            path=landing / entry["path"],
            relative=entry["path"],
            folder=entry["source"],
            account=entry["account"],
            sha256=entry["sha256"],
            bytes=entry["bytes"],
            mtime_ns=entry["mtime_ns"],
            arrival_no=entry["arrival_no"],
        )
        for entry in seen
    ]
    return sorted(arrivals, key=lambda arrival: (arrival.arrival_no, arrival.relative))


def _input_files(landing: Path) -> Iterator[Path]:
    visited = set()
    for folder, folders, names in os.walk(landing, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.endswith((SIDECAR_SUFFIX, ".part")):
                yield Path(folder) / name


def _look_at(
    landing: Path, path: Path, by_path: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """Return the journal entry of one file (without its number), None when it just vanished."""
    relative = path.relative_to(landing)
    folders = relative.parts[:-1]
    try:
        status = path.stat()
        earlier = by_path.get(relative.as_posix(), {})
        unchanged = (earlier.get("bytes"), earlier.get("mtime_ns")) == (
            status.st_size,
            status.st_mtime_ns,
        )
        sha256 = earlier["sha256"] if unchanged else _sha256(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrueUpError(f"{path} cannot be read: {error.strerror}") from error
    return {
        "sha256": sha256,
        "source": folders[0] if folders else "",
        "account": folders[1] if len(folders) > 1 else DEFAULT_ACCOUNT,
        "path": relative.as_posix(),
        "bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "arrival_no": earlier.get("arrival_no") if unchanged else None,
    }


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _read_journal(landing: Path) -> list[dict[str, Any]]:
    path = landing / JOURNAL
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = json.loads(line)
            entry["arrival_no"] = int(entry["arrival_no"])
            {entry["sha256"], entry["source"], entry["account"], entry["path"]}
        except (ValueError, KeyError, TypeError) as error:
            raise TrueUpError(
                f"{path} line {number} is damaged; restore it, or delete the file to order "
                "arrivals by modification time again"
            ) from error
        entries.append(entry)
    return entries


def _write_journal(landing: Path, entries: list[dict[str, Any]]) -> None:
    entries.sort(key=lambda entry: (entry["arrival_no"], entry["path"]))
    draft = landing / f"{JOURNAL}.part"
    try:
        with draft.open("w", encoding="utf-8") as stream:
            for entry in entries:
                stream.write(json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(landing / JOURNAL)
    except OSError as error:
        raise TrueUpError(
            f"the arrival journal {landing / JOURNAL} cannot be written: {error.strerror}"
        ) from error
