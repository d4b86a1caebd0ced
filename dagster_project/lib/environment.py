"""Makes the virtual environment of a checkout. Runs before any package is installed.

    python3 dagster_project/lib/environment.py

Only the standard library is used. Two calls at once are safe: the second waits for the first. An
environment whose stamp matches requirements.lock is left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)


def fingerprint() -> str:
    """What the environment was made from: the pinned list, the project file and the interpreter."""
    digest = hashlib.sha256()
    for name in ("requirements.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT}".encode())
    return digest.hexdigest()


def make(environment: Path) -> None:
    """Create the environment and install exactly the pinned packages and this project."""
    print("making the environment in .venv (once; a few minutes)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True
    )
    # dbt reads its project once here rather than in the first run; a failure shows up there.
    prepare = "from dagster_project.lib.dbt_project import dbt_project; dbt_project()"
    subprocess.run([python, "-c", prepare], cwd=ROOT, check=False, capture_output=True)


def main() -> int:
    """Make or reuse the environment; 2 when this Python is too old."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        print(f"TrueUp needs Python {wanted} or newer; this is {sys.version.split()[0]}")
        return 2
    environment = ROOT / ".venv"
    stamp = environment / "trueup.stamp"
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == fingerprint():
            return 0
        make(environment)
        stamp.write_text(fingerprint())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
