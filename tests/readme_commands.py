"""Runs every `sh` block of README.md, in order, in one shell from the project's root.

    .venv/bin/python tests/readme_commands.py

Exit code 1 and the failing block when one does not work.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def blocks(text: str) -> list[str]:
    """Contents of the fenced blocks marked `sh`."""
    return re.findall(r"^```sh\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def main() -> int:
    """Run the blocks; each in a fresh shell, since a reader may stop between two."""
    for number, block in enumerate(blocks((ROOT / "README.md").read_text("utf-8")), start=1):
        print(f"-- README block {number}\n{block}", flush=True)
        result = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=ROOT, check=False)
        if result.returncode != 0:
            print(f"README block {number} failed with exit code {result.returncode}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
