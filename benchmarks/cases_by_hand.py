"""Cases reviewed as a clinician reviews them, by real key and mouse events in a real window: errors, keys and clicks.

    python benchmarks/cases_by_hand.py [--cases 60] [--seed 9]

A library of phantoms is drawn, one woman a case, half of them normal and half high grade. The program's window stands
in an X server (Xvfb, with openbox; `xdotool` presses the keys and moves the mouse). Each case is opened from Today,
read, revealed, documented, and signed; no free text is typed:

- normal: impression, reveal, examination adequate, junction and transformation zone, no acetowhite epithelium, signed;
- high grade: the os as it was found, two biopsy pins, a contour around the lesion, impression, reveal, Swede score of
  the lesion, the same of the examination, signed.

A key is a press of a key, with whatever is held; a click is a press of a mouse button, a drag one as well; turning the
wheel counts as a click. An error is a problem that the program says, an exception, or a record that is not what was
done. Wanted: 0 errors; at most 20 keys and clicks for a normal case, 45 for one of high grade. Exit code 1 otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.x_server import screen, window_env  # noqa: E402 - found by the path above


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=9)
    asked = parser.parse_args()
    with screen() as display, tempfile.TemporaryDirectory() as work:
        env = window_env(display, Path(work) / "home")
        keeper = subprocess.Popen(["openbox"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            command = [sys.executable, "-m", "benchmarks.by_hand_parts.review", work, str(asked.cases), str(asked.seed)]
            sys.exit(subprocess.run(command, env=env, cwd=ROOT, check=False).returncode)
        finally:
            keeper.terminate()
            keeper.wait()


if __name__ == "__main__":
    main()
