"""Holds the FOCUS export to the official validator.

    python3 dagster_project/focus/validate.py [FILE.parquet]

Only the standard library is used. The validator lives in .venv-focus, made once (631 MB): it needs
Python 3.12 and numpy 1, which this project's environment does not have. Default file:
$TRUEUP_HOME/exports/focus/focus_cost_and_usage.parquet.

Exit codes: 0 held, 1 a rule fails, 2 no file or the environment cannot be made, 77 no Python 3.12
here, which a pipeline may count as skipped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-focus"
# pyarrow 26 needs numpy 2 and this validator numpy 1; lift when the validator drops that bound.
PACKAGES = ("focus-validator==2.2.1", "pyarrow<26")
WANTED = (3, 12)
EXIT_FAILED, EXIT_WRONG, EXIT_NO_PYTHON = 1, 2, 77


def is_wanted(python: str) -> bool:
    """Whether this interpreter is of the wanted version."""
    probe = "import sys; print(*sys.version_info[:2])"
    try:
        result = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return result.returncode == 0 and result.stdout.split() == [str(part) for part in WANTED]


def find_python() -> str | None:
    """A Python 3.12: the one that runs this, one on PATH, or one that pyenv has."""
    name = ".".join(map(str, WANTED))
    found = [sys.executable, shutil.which(f"python{name}") or ""]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found += [str(path) for path in sorted(pyenv.glob(f"versions/{name}*/bin/python"))]
    return next((python for python in found if python and is_wanted(python)), None)


def prepare() -> int:
    """Make the environment unless it is there; 0, or the exit code that says why not."""
    stamp = ENVIRONMENT / "trueup.stamp"
    contents = " ".join((*PACKAGES, str(ROOT)))
    with ENVIRONMENT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == contents:
            return 0
        python = find_python()
        if python is None:
            wanted = ".".join(map(str, WANTED))
            print(
                f"skipped: the FOCUS validator needs Python {wanted} and none is found; put "
                f"python{wanted} on PATH or install it with pyenv",
                flush=True,
            )
            return EXIT_NO_PYTHON
        print("making the validator's environment in .venv-focus (once; 631 MB)", flush=True)
        pip = (
            str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--quiet",
            "--disable-pip-version-check", "install", *PACKAGES,
        )  # fmt: skip
        for command in ((python, "-m", "venv", "--clear", str(ENVIRONMENT)), pip):
            if subprocess.run(command, check=False).returncode != 0:
                print(f"the validator's environment could not be made: {' '.join(command)}")
                return EXIT_WRONG
        stamp.write_text(contents)
    return 0


def main(arguments: list[str]) -> int:
    """Prepare the environment, then let the judge run in it."""
    home = Path(os.environ.get("TRUEUP_HOME") or "data")
    default = ROOT / home / "exports" / "focus" / "focus_cost_and_usage.parquet"
    export = Path(arguments[0]) if arguments else default
    if not export.is_file():
        print(f"no FOCUS export at {export}: run `trueup run` first")
        return EXIT_WRONG
    code = prepare()
    if code != 0:
        return code
    judge = Path(__file__).with_name("judge.py")
    python = str(ENVIRONMENT / "bin" / "python")
    return subprocess.run([python, str(judge), str(export.resolve())], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
