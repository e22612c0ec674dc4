"""The program as it is installed: its size, its start, its self-test, and its main job beside the source tree's.

    python benchmarks/installed.py --program FOLDER [--packages dist] [--starts 9] [--rounds 5]

FOLDER is what `build_installer.py` built (`build/bundle/pfm-desktop`) or installed (`/usr/lib/pfm-desktop`). Each start
is a process of its own in a real window on an X server of its own, with a warm disk, on the demo library. The screen is
read from outside every few milliseconds: the window is usable when the list of Today stands as it then stays.
By turns, in one run, the same is done with the source tree, and so is the main job: `pfm analyze` from two pictures to
the answer, the overlay and the report. Medians; ratios are of medians of one run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from resources.installer import parcels  # noqa: E402 - found by the path above

WIDTH, HEIGHT = 1366, 768
LIST = (slice(150, 600), slice(100, 900))  # rows and columns of the screen in which the list of Today stands
SAME = 0.995  # share of the pixels of the list that are as they stay
LOOK_S, STILL_S, PATIENCE_S = 0.005, 2.0, 60.0
INSTALLED_MB, DEB_MB, START_S, SELFTEST_S, RATIO = 950, 260, 1.5, 90, 1.2


@dataclass(frozen=True)
class Program:
    """How its window and its command line are started."""

    name: str
    window: Sequence[str]
    line: Sequence[str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--packages", type=Path, help="folder with the installers")
    parser.add_argument("--starts", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.program.resolve()
    installed = Program("installed", [str(folder / "pfm-desktop")], [str(folder / "pfm")])
    python = [sys.executable, "-c"]
    source = Program(
        "source tree",
        [*python, "from pfm_desktop.__main__ import gui; gui()"],
        [*python, "from pfm_desktop.__main__ import cli; cli()"],
    )
    say_sizes(folder, options.packages)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        selftest(installed, home / "selftest")
        library = demo_library(home)
        compare("Start to usable window", (installed, source), options.starts, lambda one: start(one, library, home))
        pair = phantom(source, home)
        compare("Main job", (installed, source), options.rounds, lambda one: main_job(one, pair, home))


def say_sizes(folder: Path, packages: Path | None) -> None:
    """What is installed, and what is handed out."""
    print(f"Installed: {parcels.size_mb(folder):.0f} MB (wanted: {INSTALLED_MB})")
    for path in sorted(packages.glob("pfm-desktop*")) if packages else []:
        wanted = f" (wanted: {DEB_MB})" if path.suffix == ".deb" else ""
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB{wanted}")


def compare(title: str, programs: Sequence[Program], rounds: int, measure: object) -> None:
    """Seconds of each by turns; the first round is not counted."""
    assert callable(measure)
    found: dict[str, list[float]] = {one.name: [] for one in programs}
    for number in range(rounds + 1):
        for one in programs:
            seconds = measure(one)
            if number:
                found[one.name].append(seconds)
    for name, times in found.items():
        print(
            f"{title}, {name}: median {statistics.median(times):.2f} s of {rounds} ({min(times):.2f}-{max(times):.2f})"
        )
    first, second = (statistics.median(times) for times in found.values())
    wanted = f"under {START_S} s" if title.startswith("Start") else f"{RATIO} or less"
    print(f"{title}: {first / second:.2f} times the source tree's (wanted: {wanted})")


def selftest(program: Program, home: Path) -> None:
    """Both of its self-tests."""
    home.mkdir()
    for name, command in (("pfm selftest", [*program.line, "selftest"]), ("window", [*program.window, "--selftest"])):
        begun = time.monotonic()
        done = subprocess.run(command, env=environment(home), cwd=home, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begun
        print(f"Self-test, {name}: {done.stdout.splitlines()[-1]} in {seconds:.0f} s (wanted: under {SELFTEST_S})")


def main_job(program: Program, pair: tuple[Path, Path], home: Path) -> float:
    """Seconds from two pictures to answer, overlay and report; with what a second case finds in its caches."""
    white, fluorescence = map(str, pair)
    out = home / "out"
    out.mkdir(exist_ok=True)
    command = [
        *program.line, "analyze", "--white", white, "--fluorescence", fluorescence, "--json", str(out / "answer.json"),
        "--overlay", str(out / "overlay.png"), "--report", str(out / "report.pdf"),
    ]  # fmt: skip
    begun = time.monotonic()
    subprocess.run(command, env=environment(home), cwd=home, capture_output=True, text=True, check=True)
    return time.monotonic() - begun


def start(program: Program, library: Path, home: Path) -> float:
    """Seconds from the start of the process until the list of Today stands as it stays."""
    with tempfile.TemporaryDirectory(dir=home) as folder, x_server(Path(folder)) as (display, screen):
        begun = time.monotonic()
        process = subprocess.Popen(
            [*program.window, "--library", str(library), "--size", f"{WIDTH}x{HEIGHT}"],
            env={**environment(home), "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return usable(screen, begun)
        finally:
            process.terminate()
            process.wait()


def usable(screen: NDArray[np.uint32], begun: float) -> float:
    """When the list became what it is once nothing has changed there for `STILL_S`."""
    blank = screen[LIST].copy()
    seen = [(begun, blank)]
    while time.monotonic() - begun < PATIENCE_S:
        now = screen[LIST].copy()
        moment = time.monotonic()
        if not np.array_equal(now, seen[-1][1]):
            seen.append((moment, now))
        elif len(seen) > 1 and moment - seen[-1][0] > STILL_S and len(np.unique(now)) > 10:
            last = seen[-1][1]
            return next(at for at, picture in seen if (picture == last).mean() >= SAME) - begun
        time.sleep(LOOK_S)
    raise SystemExit("error: no window came")


@contextmanager
def x_server(folder: Path) -> Iterator[tuple[str, NDArray[np.uint32]]]:
    """A display of its own, and the pixels of its screen (height x width) as they are at any moment."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder),
         "-nolisten", "tcp"],
        pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    try:
        with os.fdopen(read) as said:
            display = f":{said.readline().strip()}"
        memory = np.memmap(folder / "Xvfb_screen0", np.uint8, "r")
        head, colours = (int.from_bytes(memory[at : at + 4].tobytes(), "big") for at in (0, 76))
        pixels = memory[head + 12 * colours :][: 4 * WIDTH * HEIGHT].view(np.uint32).reshape(HEIGHT, WIDTH)
        yield display, pixels
    finally:
        server.terminate()
        server.wait()


def demo_library(home: Path) -> Path:
    """The demo library with small drawings: the list does not look at the pictures."""
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services.demo import ensure_demo_library

    folder = home / "library"
    ensure_demo_library(SilentContext(), folder, size=128, workers=1).close()
    return folder


def phantom(program: Program, home: Path) -> tuple[Path, Path]:
    """A phantom pair, as files."""
    command = [*program.line, "phantom", str(home / "pair"), "--count", "1", "--seed", "7", "--grade", "high"]
    subprocess.run(command, env=environment(home), capture_output=True, check=True)
    return home / "pair" / "case_00000_white.png", home / "pair" / "case_00000_fluorescence.png"


def environment(home: Path) -> dict[str, str]:
    """With a home of its own; modules of the source tree are compiled once, as those of the installed program are."""
    return {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "DISPLAY")},
        "QT_QPA_PLATFORM": "offscreen",
        "PFM_HOME": str(home / "home"),
        "PYTHONPATH": str(ROOT),
        "PFM_LANGUAGE": "en",
    }


if __name__ == "__main__":
    main()
