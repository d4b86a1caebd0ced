"""Files in the landing folder: written whole or not at all, named in order, never overwritten."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dagster_project.pulls.faults import PositionError

_CHUNK_BYTES = 1024 * 1024
# Our own unfinished files, for example `.20261122T021500Z__costs__….json.part`.
_LEFTOVER = re.compile(r"^\.\d{8}T\d{6}Z__.*\.part$")


@dataclass(frozen=True)
class LandedFile:
    """A page's file in the landing folder; `is_new` is False when the same bytes lay there."""

    name: str
    sha256: str
    is_new: bool


class LandingFolder:
    """`landing/<pull name>/`, written by one process at a time."""

    def __init__(self, landing: Path, name: str) -> None:
        self.path = landing / name

    def clear_leftovers(self) -> None:
        """Remove unfinished files of a killed pull; nothing reads them, they only take room."""
        if not self.path.is_dir():
            return
        for candidate in self.path.iterdir():
            if _LEFTOVER.match(candidate.name):
                candidate.unlink()

    def land(self, name: str, body: BinaryIO, known: Mapping[str, str]) -> LandedFile:
        """Write `body` to `.<name>.part`, flush it to disk, then rename it to `name`.

        `known` maps the sha256 of files landed by the last pull to their names: the same bytes are
        not landed again while that file lies there. A name that is taken by other bytes gets a
        revision, because a landed file is never changed.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        part = self.path / f".{name}.part"
        sha256 = _write_through(body, part)
        earlier = known.get(sha256)
        if earlier is not None and (self.path / earlier).is_file():
            part.unlink()
            return LandedFile(earlier, sha256, is_new=False)
        target = self._free_name(name, sha256)
        if target.exists():
            # A kill between the rename and the saved position: the page is here already.
            part.unlink()
        else:
            part.rename(target)
            _flush_folder(self.path)
        return LandedFile(target.name, sha256, is_new=True)

    def _free_name(self, name: str, sha256: str) -> Path:
        """`name`, or its first revision that is free or holds exactly these bytes."""
        stem, dot, extension = name.partition(".")
        target, revision = self.path / name, 0
        while target.exists() and _sha256_of(target) != sha256:
            revision += 1
            target = self.path / f"{stem}_r{revision}{dot}{extension}"
        return target


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` in one step, so that a kill leaves the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _flush_folder(path.parent)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; two runs of one pull would take the same position twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PositionError(
                "another run of this pull is at work; try again when it ends"
            ) from None
        yield


def _write_through(body: BinaryIO, path: Path) -> str:
    digest = hashlib.sha256()
    body.seek(0)
    with path.open("wb") as file:
        while chunk := body.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush_folder(path: Path) -> None:
    """Make a rename survive a power cut; without it the name may be lost though the data is not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
