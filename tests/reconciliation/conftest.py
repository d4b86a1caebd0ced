"""The month's accounts in one home, computed once."""

from __future__ import annotations

import sys
from pathlib import Path

# the home with its harness is that of the pipeline tests
sys.path.append(str(Path(__file__).resolve().parents[1] / "pipeline"))
