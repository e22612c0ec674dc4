"""Every control of every page as a screen reader meets it: the tree of AT-SPI, walked in the real window.

    python benchmarks/accessible_names.py [--all]

The window stands on the demo library, in an X server and on a session bus of its own, with Qt's bridge to AT-SPI on.
Each page of the rail, those behind them, each part of Histology and each tab of Review is shown, its folded parts
unfolded; then Display, keys, the user guide and each step of the tour. Another process walks what is showing with
Atspi (system Python with `python3-gi` and `gir1.2-atspi-2.0`; `at-spi2-core`, `dbus` and `xvfb` have to be installed:
Linux only). A control is what can be pressed, chosen, typed into or moved; it is named where its accessible name is
not empty; of a list with more than 60 children the first 60 are walked, and what stands on several pages (menus, the
rail) is counted on each. Printed: controls and names by page, and what has none (`--all`: all). Wanted: 100 % named.
Exit code 1 where one is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.x_server import screen, window_env  # noqa: E402 - found by the path above

WALKER = ROOT / "benchmarks/accessible_parts/walker.py"
ASKS_FOR_BUS = (
    "dbus-send",
    "--session",
    "--print-reply",
    "--dest=org.a11y.Bus",
    "/org/a11y/bus",
    "org.a11y.Bus.GetAddress",
)
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has gi


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="print every control")
    asked = parser.parse_args()
    if os.environ.get("INSIDE") == "1":
        sys.exit(walk_all(everything=asked.all))
    with screen() as display, tempfile.TemporaryDirectory() as home:
        env = {**window_env(display, Path(home)), "INSIDE": "1", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        command = ["dbus-run-session", "--", sys.executable, *sys.argv]
        sys.exit(subprocess.run(command, env=env, check=False).returncode)


def walk_all(*, everything: bool) -> int:
    """Each page in turn; 1 where a control has no name."""
    subprocess.run(ASKS_FOR_BUS, stdout=subprocess.DEVNULL, check=True)  # or the window finds none as it begins
    driver = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.accessible_parts.driver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert driver.stdin is not None
    assert driver.stdout is not None
    controls, without = 0, 0
    for line in driver.stdout:
        if not line.startswith("PAGE "):
            continue
        found = walked(driver.pid)
        unnamed = [one for one in found if not one["name"].strip()]
        controls, without = controls + len(found), without + len(unnamed)
        print(f"{line[5:].strip()}: {len(found)} controls, {len(found) - len(unnamed)} named")
        for one in found if everything else unnamed:
            print(f"    {one['role']}: {one['name']!r} in {one['path']}")
        driver.stdin.write("next\n")
        driver.stdin.flush()
    driver.wait(60)
    share = (controls - without) / controls if controls else 0.0
    print(f"all: {controls} controls, {controls - without} named, {share:.1%} (wanted 100 %)")
    return 0 if controls and not without and driver.returncode == 0 else 1


def walked(pid: int) -> list[dict[str, str]]:
    """The controls that are showing, as Atspi gives them."""
    command = [SYSTEM_PYTHON, str(WALKER), str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        raise SystemExit(f"the tree could not be walked: {done.stderr[-2000:]}")
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
