"""Scripts in `benchmarks/` are no part of the package: the root of the source tree is put where Python looks."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
