"""The command `dbt` on the manifest that was parsed before, so that no build parses again.

dbt keeps what it parsed for one connection only: for another warehouse it reads all files anew, ten
seconds for each of a run's two builds. The models name no connection, so the manifest of the last
parse serves every warehouse; dagster_project/lib/dbt_project.py parses when a file has changed.

Run as a script with `python -P`, from dbt's folder: nothing else of the package is imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest


def main() -> int:
    """Run dbt with this process's arguments; the exit code is dbt's own."""
    parsed = Path(os.environ["DBT_PROJECT_DIR"]) / "target" / "partial_parse.msgpack"
    result = dbtRunner(manifest=Manifest.from_msgpack(parsed.read_bytes())).invoke(sys.argv[1:])
    if result.success:
        return 0
    if result.exception is None:
        return 1
    print(result.exception, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
