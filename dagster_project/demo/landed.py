"""The demo's files on disk, and the marker that says which files are the demo's.

The marker is rewritten before each file appears, so a killed run leaves no file that the marker
does not know: writing again completes it, removing takes it away.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.demo.calendar import MS_PER_HOUR, day_ms
from dagster_project.demo.summary import WrittenFile
from dagster_project.lib.errors import ConfigurationError

VERSION = 1
MARKER = Path("landing") / ".demo"
DECISIONS = "decisions"


@dataclass(frozen=True)
class DemoFile:
    """One file to write: path below the home, content, rows, and the day on whose night it came."""

    path: str
    content: bytes
    rows: int
    day: int


@dataclass
class _Marker:
    """What the marker says. `templates` holds header-only tables that the demo replaced."""

    complete: bool = False
    files: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)


def write_files(home: Path, files: list[DemoFile]) -> tuple[WrittenFile, ...]:
    """Write all files and the marker; refuse to touch a file that is not the demo's.

    Modification times are set to the night after each file's day, so files arrive in date order
    wherever the demo is written. Raises ConfigurationError before anything is written.
    """
    marker = _read(home)
    _refuse_foreign(home, files, marker)
    marker.complete = False
    _drop_stale(home, marker, {file.path for file in files})
    written = []
    for order, file in enumerate(sorted(files, key=lambda f: (f.day, f.path))):
        target = home / file.path
        digest = hashlib.sha256(file.content).hexdigest()
        if file.path not in marker.files and target.exists():
            marker.templates[file.path] = target.read_text(encoding="utf-8")
        marker.files[file.path] = digest
        _save(home, marker)
        _replace(target, file.content)
        arrival = (day_ms(file.day + 1) + 2 * MS_PER_HOUR) // 1000 + order
        os.utime(target, (arrival, arrival))
        written.append(WrittenFile(file.path, file.rows, len(file.content), digest))
    marker.complete = True
    _save(home, marker)
    return tuple(sorted(written, key=lambda f: f.path))


def _drop_stale(home: Path, marker: _Marker, wanted: set[str]) -> None:
    """Remove unchanged files of an older demo that this one no longer has."""
    for path in sorted(set(marker.files) - wanted):
        if not _is_changed(home / path, marker, path):
            (home / path).unlink(missing_ok=True)
            del marker.files[path]


def demo_is_landed(home: Path) -> bool:
    """True when a demo, whole or half written, stands in this home."""
    return (home / MARKER).exists()


def foreign_files(home: Path) -> list[Path]:
    """Input files in landing that are not the demo's, as paths below the home, sorted."""
    own = _read(home).files
    return [path for path in _inputs(home) if path.as_posix() not in own]


def remove_demo(home: Path) -> list[str]:
    """Remove exactly the files that the marker lists, then the marker; return what was removed.

    Tables that held only a header before the demo get it back. A listed file that is gone is
    passed over. Raises ConfigurationError, and removes nothing, when there is no demo or when a
    listed file was changed since.
    """
    if not demo_is_landed(home):
        raise ConfigurationError(f"no demo to remove: {home / MARKER} does not exist")
    marker = _read(home)
    changed = [path for path in marker.files if _is_changed(home / path, marker, path)]
    if changed:
        raise ConfigurationError(
            f"{len(changed)} demo file(s) were changed and stay: {', '.join(sorted(changed)[:5])}; "
            "nothing was removed"
        )
    removed = []
    for path in sorted(marker.files):
        target = home / path
        if target.exists():
            target.unlink()
            removed.append(path)
        if path in marker.templates:
            _replace(target, marker.templates[path].encode())
        _remove_empty(target.parent, home)
    (home / MARKER).unlink()
    return removed


def _is_changed(target: Path, marker: _Marker, path: str) -> bool:
    """True when the file is neither the demo's nor, after a killed write, what stood there."""
    if not target.exists():
        return False
    content = target.read_bytes()
    if hashlib.sha256(content).hexdigest() == marker.files[path]:
        return False
    return content != marker.templates.get(path, "\0").encode()


def _inputs(home: Path) -> Iterator[Path]:
    """Files that a run would load: below a source folder, no dot, sidecar or part file."""
    landing = home / "landing"
    if not landing.is_dir():
        return
    for path in sorted(landing.rglob("*")):
        parts = path.relative_to(landing).parts
        if not path.is_file() or len(parts) < 2 or parts[0] == DECISIONS:
            continue
        if any(part.startswith(".") for part in parts):
            continue
        if not path.name.endswith((".control.json", ".part")):
            yield path.relative_to(home)


def _refuse_foreign(home: Path, files: list[DemoFile], marker: _Marker) -> None:
    """Raise when landing holds other files, or a file to write is somebody else's."""
    foreign = foreign_files(home)
    if foreign:
        raise ConfigurationError(
            f"{home / 'landing'} holds {len(foreign)} file(s) that are not the demo's, such as "
            f"{foreign[0].as_posix()}; point TRUEUP_HOME at an empty folder for the demo"
        )
    for file in files:
        target = home / file.path
        if not target.exists() or target.read_bytes() == file.content:
            continue
        ours = file.path in marker.files and not _is_changed(target, marker, file.path)
        if not ours and not _is_header_only(target):
            raise ConfigurationError(
                f"{target} exists and is not the demo's; move it away before landing the demo"
            )


def _is_header_only(path: Path) -> bool:
    """True for a table without rows, such as a template that was copied and not filled in."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return False
    return len([line for line in lines if line.strip()]) <= 1


def _remove_empty(folder: Path, home: Path) -> None:
    """Remove folders that the demo left empty; landing and reference themselves stay."""
    roots = (home, home / "landing", home / "reference")
    while folder not in roots and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _read(home: Path) -> _Marker:
    """The marker of this home; an empty one when there is none."""
    path = home / MARKER
    if not path.exists():
        return _Marker()
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = {entry["path"]: entry["sha256"] for entry in stored["files"]}
        return _Marker(bool(stored["complete"]), files, dict(stored["templates"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a demo marker: {error}") from error


def _save(home: Path, marker: _Marker) -> None:
    text = json.dumps(
        {
            "version": VERSION,
            "complete": marker.complete,
            "files": [{"path": p, "sha256": marker.files[p]} for p in sorted(marker.files)],
            "templates": dict(sorted(marker.templates.items())),
        },
        indent=1,
    )
    _replace(home / MARKER, (text + "\n").encode())


def _replace(target: Path, content: bytes) -> None:
    """Write beside the target, then rename: a reader sees the old file or the whole new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    draft.write_bytes(content)
    draft.replace(target)
