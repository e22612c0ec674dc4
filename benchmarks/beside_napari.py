"""The same 3840 x 2160 pair as two blended layers, in this program and in napari, by turns, on one X server, no GPU.

    python benchmarks/beside_napari.py --napari PYTHON [--rounds 3] [--frames 120]

PYTHON is an interpreter that has napari (BSD-3-Clause) and a Qt for it, in an environment of its own:
`python3.11 -m venv DIR; DIR/bin/pip install napari "PySide6-Essentials>=6.9,<6.12"`. Xvfb is started with 1920 x 1080
and 24 bits. A side is a process of its own:

- ours: the window of the program on a fresh library in which the pair is a visit, opened in blend. The first picture is
  when the stage has painted the pair, side by side as taken; two blended layers are there when it is registered, which
  napari does not do. The answer of the engine is waited for before anything else is measured;
- theirs: a viewer with both pictures as layers, the upper one at half opacity, blended from its first picture on.

Both read the same two JPEG files of a phantom pair. Time to first picture is from the start of the process. A frame is
from the change (a drag of the mouse or a turn of its wheel in ours; camera and opacity set in napari, which costs it no
mouse) to the end of its painting: `repaint` in ours, the draw of the canvas until the renderer is done in napari.
Resident memory is read with the first picture, with two blended layers, and at the end, when the engine of ours has
answered. Medians over the rounds, and ratios of them. Wanted: ours ahead in each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.x_server import SCREEN, screen, window_env  # noqa: E402 - found by the path above

FIGURES = {
    "first_s": "time to first picture (ours side by side as taken, napari blended), s",
    "blended_s": "time to two blended layers (ours registered, napari as its first picture), s",
    "pan_ms": "frame, pan, ms",
    "zoom_ms": "frame, zoom, ms",
    "opacity_ms": "frame, opacity, ms",
    "pan_worst_ms": "frame, pan, 99th percentile, ms",
    "zoom_worst_ms": "frame, zoom, 99th percentile, ms",
    "opacity_worst_ms": "frame, opacity, 99th percentile, ms",
    "shown_mb": "resident memory with the first picture, MB",
    "blended_mb": "resident memory with two blended layers, MB",
    "resident_mb": "resident memory at the end, MB (the engine of ours has answered by then)",
}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--napari", required=True, help="a Python that has napari")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=120)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, screen() as display:
        work = Path(scratch)
        run([sys.executable, "-m", "benchmarks.napari_parts.prepare", str(work)], display, work)
        sides = {
            "ours": [sys.executable, "-m", "benchmarks.napari_parts.ours", str(work), str(asked.frames)],
            "napari": [asked.napari, str(ROOT / "benchmarks/napari_parts/theirs.py"), str(work), str(asked.frames)],
        }
        found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for number in range(asked.rounds + 1):  # the first round fills the caches of the disk, and is not counted
            shutil.copytree(work / "library", work / "round")  # so that no round finds what another left in it
            for name, command in sides.items():
                said = run(command, display, work)
                if number:
                    found[name].append(said)
            shutil.rmtree(work / "round")
    tell(found, asked.rounds)


def run(command: list[str], display: str, work: Path) -> dict[str, float]:
    """One process; what it printed last as JSON, with the seconds to its first picture."""
    env = {
        **window_env(display, work / "home"),
        "OMP_WAIT_POLICY": "PASSIVE",
        "KMP_BLOCKTIME": "0",
        "NAPARI_CONFIG": "",
        "BEGUN": repr(time.time()),
    }
    if "theirs" in " ".join(command):
        env.pop("PYTHONPATH")
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        said = done.stdout[-2000:] + done.stderr[-3000:]
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {said}")
    found: dict[str, float] = json.loads(lines[-1])
    return found


def tell(found: dict[str, list[dict[str, float]]], rounds: int) -> None:
    """Medians, and how many times ours theirs is."""
    print(f"3840 x 2160 pair, two blended layers, {SCREEN}, no GPU, {rounds} rounds by turns, medians (lowest-highest)")
    for key, title in FIGURES.items():
        ours, theirs = ([said[key] for said in found[name]] for name in ("ours", "napari"))
        one, other = statistics.median(ours), statistics.median(theirs)
        spans = [f"{statistics.median(all_):.1f} ({min(all_):.1f}-{max(all_):.1f})" for all_ in (ours, theirs)]
        ahead = "ahead" if one < other else "BEHIND"
        print(f"  {title}: ours {spans[0]}, napari {spans[1]}: {other / one:.1f} times ours, {ahead}")
    versions = {name: said[0].get("version", "") for name, said in found.items()}
    print(f"  {versions}")


if __name__ == "__main__":
    main()
