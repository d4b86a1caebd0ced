"""Running a command and measuring the whole tree of processes that it starts."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dagster_project.lib.errors import TrueUpError
from dagster_project.lib.settings import PROJECT_ROOT

PROC = Path("/proc")

# A process lives for seconds here; ten looks a second miss no step and cost about 1 % of a core.
LOOK_EVERY_SECONDS = 0.1
KIBIBYTE = 1024


@dataclass(frozen=True)
class Measured:
    """One command: wall and processor seconds, and resident memory in bytes.

    `largest_process_bytes` is the peak of the largest single process, as the kernel keeps it;
    `largest_sum_bytes` the largest sum over the tree at one look (pages that processes share count
    in each). Without /proc the sum is that of the largest process.
    """

    seconds: float
    cpu_seconds: float
    largest_process_bytes: int
    largest_sum_bytes: int


def run_measured(command: list[str], environment: Mapping[str, str], log: Path) -> Measured:
    """Run `command` to its end with its output in `log`; raise TrueUpError when it fails.

    `environment` is the whole environment of the command; its folder is the project's.
    """
    before = _cpu_of_ended_children()
    started = time.monotonic()
    largest: dict[int, int] = {}
    largest_sum = 0
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=dict(environment),
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        ) as process,
    ):
        while process.poll() is None:
            looked = _memory_of_tree(process.pid)
            for pid, (_, peak) in looked.items():
                largest[pid] = max(peak, largest.get(pid, 0))
            largest_sum = max(largest_sum, sum(now for now, _ in looked.values()))
            time.sleep(LOOK_EVERY_SECONDS)
    seconds = time.monotonic() - started
    if process.returncode != 0:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise TrueUpError(f"{' '.join(command[:4])} … ended with {process.returncode}:\n{tail}")
    single = max(largest.values(), default=0) or _largest_ended_child()
    return Measured(
        seconds=seconds,
        cpu_seconds=_cpu_of_ended_children() - before,
        largest_process_bytes=single,
        largest_sum_bytes=max(largest_sum, single),
    )


def _cpu_of_ended_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _largest_ended_child() -> int:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KIBIBYTE


def _memory_of_tree(root: int) -> dict[int, tuple[int, int]]:
    """Return {pid: (resident bytes now, peak)} of a process and its descendants."""
    if not PROC.is_dir():
        return {}
    parents: dict[int, int] = {}
    memory: dict[int, tuple[int, int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (status := _status(folder)):
            pid = int(folder.name)
            parents[pid] = int(status["PPid"])
            if "VmRSS" in status:
                memory[pid] = (_bytes(status["VmRSS"]), _bytes(status["VmHWM"]))
    return {pid: sizes for pid, sizes in memory.items() if _descends(pid, root, parents)}


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid != root:
        if pid not in parents:
            return False
        pid = parents[pid]
    return True


def _status(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _bytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) * KIBIBYTE
