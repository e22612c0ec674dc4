"""Takes pairs and records until it is killed, and says each picture and segment once it is acknowledged.

python -m benchmarks.capture_fault_parts.worker LIBRARY
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from benchmarks.capture_fault_parts.work import Part, Picture, Work


def said(one: Picture | Part) -> None:
    """In one piece: two threads say it."""
    os.write(1, (json.dumps(one.row) + "\n").encode())


def main() -> None:
    """Until the end."""
    work = Work(Path(sys.argv[1]), said)
    while True:
        work.live.take(None, pair=True)
        work.live.settle(10.0)


if __name__ == "__main__":
    main()
