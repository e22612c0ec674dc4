"""Every page in each language, size and theme: a picture of each, and what of its words is cut off.

    python benchmarks/screens.py [--out DIR] [--languages en,zh] [--sizes 1366x768] [--themes dark] [--scale 2]

The real window stands on the demo library (phantoms) in an X server of that size, and shows each page of the rail,
those behind them, each part of Histology, each tab of Review, Display, keys, the user guide and each step of the tour;
folded parts are unfolded, and what is longer than its view is scrolled to its end. On each, every label, button, box,
field with a hint, tab and heading of a column is measured: the room that its words need and the room that they have
(`screens_parts/cut.py`); also what reaches out of what holds it, and forms or texts that have to be scrolled sideways.
Words that are shortened by intent (names, ends with an ellipsis) are counted apart: the whole of them is in the
tooltip and for the screen reader. Cells of tables and what is painted (pictures, captions on the stage, diagrams) are
not measured: look at the pictures for them. Wanted: nothing cut off. Exit code 1 where something is.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.x_server import screen, window_env  # noqa: E402 - found by the path above
from pfm_desktop.support.language import LANGUAGES  # noqa: E402

SIZES = "1366x768,1920x1080,3840x2160"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for the pictures; without it none is kept")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--scale", default="1", help="of the screen, as QT_SCALE_FACTOR")
    asked = parser.parse_args()
    all_texts = all_cut = pages = 0
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        make_library(work)
        combinations = itertools.product(asked.languages.split(","), asked.sizes.split(","), asked.themes.split(","))
        for language, size, theme in combinations:
            found = looked_at(work, language, size, theme, asked)
            texts, cut = sum(one["texts"] for one in found), [(one["page"], why) for one in found for why in one["cut"]]
            shortened = sum(one["shortened"] for one in found)
            print(
                f"{language} {size} {theme}: {len(found)} screens, {texts} texts, {shortened} shortened by intent, "
                f"{len(cut)} cut off",
                flush=True,
            )
            for page, why in dict.fromkeys(cut):
                print(f"    {page}: {why}")
            pages, all_texts, all_cut = pages + len(found), all_texts + texts, all_cut + len(cut)
    print(f"all: {pages} screens, {all_texts} texts, {all_cut} cut off (wanted 0)")
    sys.exit(0 if all_texts and not all_cut else 1)


def make_library(work: Path) -> None:
    """The demo library, once for all."""
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services import demo

    demo.ensure_demo_library(SilentContext(), work / "demo").close()


def looked_at(work: Path, language: str, size: str, theme: str, asked: argparse.Namespace) -> list[dict[str, object]]:
    """One combination, in a process of its own."""
    home, library, out = work / "home", work / "library", Path("-")
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(library, ignore_errors=True)
    home.mkdir()
    shutil.copytree(work / "demo", library)
    if asked.out is not None:
        out = asked.out / f"{language}_{size}_{theme}"
        out.mkdir(parents=True, exist_ok=True)
    with screen(f"{size}x24") as display:
        env = {**window_env(display, home), "PFM_LANGUAGE": language, "QT_SCALE_FACTOR": asked.scale}
        room = "x".join(str(round(int(side) / float(asked.scale))) for side in size.split("x"))
        command = [sys.executable, "-m", "benchmarks.screens_parts.driver", str(library), str(out), room, theme]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    if done.returncode:
        raise SystemExit(f"{language} {size} {theme} ended with {done.returncode}: {done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


if __name__ == "__main__":
    main()
