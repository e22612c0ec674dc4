"""What is lost when something breaks during an examination: a hundred faults of camera, lamp, disk, library, clock and
program.

    python benchmarks/capture_faults.py [--faults 100] [--seed 8] [--only "camera stalls"|"disk full"|killed|...]

An examination without the window: a simulated camera (640 x 360, 15 frames a second) and lamp, pairs and single
pictures being kept, and a clip being recorded, into a plain and an encrypted library in turns. In the middle of it
something breaks, at a moment drawn by the seed, and is mended again (`capture_fault_parts/kinds.py`); "killed" is a
process of its own that gets SIGKILL while it takes pairs and records. Then everything that was acknowledged (told as
kept, or a segment that was handed over) is looked for in the library that is opened anew: bytes against their hash,
pixels against theirs, every segment of the clip. What was taken and not acknowledged in the end counts as lost too,
but for the killed. Wanted: 0 lost; a camera that stalls or is gone is said within 2 s. Exit code 1 where anything is
lost. With "disk full" among them the library is on a small tmpfs: Linux, and only as root.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pfm_desktop.support import threads as manners  # noqa: E402 - found by the path above

manners.set_polite_threads()

from benchmarks.capture_fault_parts import checks  # noqa: E402 - the thread settings come first
from benchmarks.capture_fault_parts.kinds import FAULTS, KILLED, KINDS  # noqa: E402
from benchmarks.capture_fault_parts.work import Escaped, Part, Picture, Work  # noqa: E402
from benchmarks.full_disk_parts import small_disk  # noqa: E402
from benchmarks.kill_parts import libraries  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.services import housekeeping  # noqa: E402
from pfm_desktop.services.capture import clips  # noqa: E402
from pfm_desktop.support.errors import UserError  # noqa: E402

ANEW = 6  # faults, after which another library is made, of the other kind
SAID_S = 2.0  # wanted
BEFORE_S = 0.6  # at most, from the first pair that is asked for to the fault
LINES, MILLISECONDS = 12, 400  # at most, before the kill
STARTED_S = 60.0


@dataclass
class Count:
    """What was found after the faults of one kind."""

    faults: int = 0
    pictures: int = 0
    segments: int = 0
    lost: int = 0
    waited: int = 0  # lots that the library did not take at once
    said_s: float | None = None
    again_s: float | None = None
    said: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Of one fault, or of one kind."""
        for name in ("faults", "pictures", "segments", "lost", "waited"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("said_s", "again_s"):
            seen = [one for one in (getattr(self, name), getattr(other, name)) if one is not None]
            setattr(self, name, max(seen, default=None))
        self.said += other.said

    def line(self, kind: str) -> str:
        """For the eye."""
        times = [
            f"{words} {seconds:.1f} s"
            for words, seconds in (("longest until said", self.said_s), ("until pictures came again", self.again_s))
            if seconds is not None
        ]
        had_to_wait = f"{self.waited} had to wait for the library" if self.waited else ""
        return ", ".join(
            part
            for part in (
                f"{kind}: {self.faults} times, acknowledged {self.pictures} pictures and {self.segments} segments",
                f"lost {self.lost}",
                had_to_wait,
                *times,
                f"otherwise wrong {len(self.said) - self.lost}",
            )
            if part
        )


def struck(kind: str, library: Path, chance: random.Random) -> tuple[Count, list[Picture], list[Part]]:
    """One fault in an examination."""
    count = Count(1)
    with Escaped() as escaped:
        work = Work(library)
        work.live.take(None, pair=True)
        threading.Event().wait(chance.uniform(0.0, BEFORE_S))
        found = FAULTS[kind](work, chance)
        count.said_s, count.again_s = found.said_s, work.comes_again(found.over)
        if count.again_s is None:
            count.said.append("no picture came again")
        if count.said_s is not None and count.said_s > SAID_S:
            count.said.append(f"said only after {count.said_s:.1f} s")
        count.said += _next_pair(work)
        count.said += [*work.end(), *work.told.wrong]
    count.said += escaped.said
    gone = len(work.told.taken) - len(work.told.kept)
    count.lost += gone
    count.said += ["something that was taken was not kept in the end"] * gone
    count.waited = work.told.waited
    return count, work.told.pictures, work.told.parts


def _next_pair(work: Work) -> list[str]:
    """The pair after the fault has to come."""
    work.live.settle(30.0)
    taken, refused = len(work.told.taken), len(work.told.refused)
    work.live.take(None, pair=True)
    work.live.settle(30.0)
    if any(lot.pair for lot in work.told.taken[taken:]):
        return []
    return [f"the next pair failed: {'; '.join(work.told.refused[refused:])}"]


def killed(library: Path, chance: random.Random) -> tuple[Count, list[Picture], list[Part]]:
    """A process that takes pairs and records gets SIGKILL."""
    command = [sys.executable, "-m", "benchmarks.capture_fault_parts.worker", str(library)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as worker:
        assert worker.stdout is not None
        too_long = threading.Timer(STARTED_S, worker.kill)
        too_long.start()
        lines = [worker.stdout.readline() for _ in range(chance.randint(1, LINES))]
        too_long.cancel()
        time.sleep(chance.uniform(0, MILLISECONDS) / 1000)
        worker.send_signal(signal.SIGKILL)
        lines += worker.stdout.readlines()
    if worker.returncode != -signal.SIGKILL:
        raise SystemExit(f"error: the worker ended by itself ({worker.returncode})")
    rows = [json.loads(line) for line in lines if line.endswith("\n")]
    pictures = [Picture(one["visit"], one["picture"], one["sha256"], one["pixels"]) for one in rows if "picture" in one]
    parts = [Part(one["clip"], one["number"], one["frames"], one["sha256"]) for one in rows if "clip" in one]
    count = Count(1)
    if not rows:
        count.said.append("the worker acknowledged nothing before it was killed")
    return count, pictures, parts


def checked(count: Count, library: Path, pictures: list[Picture], parts: list[Part]) -> None:
    """Open what a fault has left, and count."""
    count.pictures, count.segments = len(pictures), len(parts)
    try:
        with libraries.opened(library) as lib:
            clips.recover(lib)
            lost = [*checks.lost_pictures(lib, pictures), *checks.lost_parts(lib, parts)]
            count.lost += len(lost)
            count.said += [*lost, *checks.clips_not_clean(lib, parts)]
            count.said += housekeeping.verify(SilentContext(), lib).problems
            if lib.read_only:
                count.said.append("the library can only be read")
    except UserError as error:
        count.lost += len(pictures) + len(parts)
        count.said += [f"the library does not open: {error}"] * max(1, len(pictures) + len(parts))


def kinds_of(faults: int, only: str | None, chance: random.Random) -> list[str]:
    """Which, in which order: all of them about as often."""
    kinds = (only,) if only else KINDS
    drawn: list[str] = []
    while len(drawn) < faults:
        drawn += chance.sample(kinds, len(kinds))
    return drawn[:faults]


def run(disk: Path, faults: int, seed: int, only: str | None) -> dict[str, Count]:
    """All of them; by kind what was found."""
    chance, counts = random.Random(seed), dict[str, Count]()
    library = disk / "library"
    with Bar() as bar:
        for turn, kind in enumerate(kinds_of(faults, only, chance)):
            bar.progress(turn, faults, f"Breaking, {kind}")
            if turn % ANEW == 0:
                shutil.rmtree(library, ignore_errors=True)
                libraries.make(library, encrypted=turn // ANEW % 2 == 1)
            own = random.Random(f"{seed} {turn}")
            found = killed(library, own) if kind == KILLED else struck(kind, library, own)
            checked(found[0], library, found[1], found[2])
            counts.setdefault(kind, Count()).add(found[0])
    return counts


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", choices=KINDS)
    asked = parser.parse_args()
    manners.take_short_turns()
    with tempfile.TemporaryDirectory() as work:
        fills = asked.only in (None, "disk full")
        with small_disk.mounted(Path(work) / "disk") if fills else nullcontext(Path(work)) as disk:
            counts = run(disk, asked.faults, asked.seed, asked.only)
    total = Count()
    for kind in KINDS:
        if kind in counts:
            total.add(counts[kind])
            print(counts[kind].line(kind), flush=True)
            for line in counts[kind].said[:5]:
                print(f"  {line}", flush=True)
    print(total.line("all"), flush=True)
    sys.exit(1 if total.lost else 0)


if __name__ == "__main__":
    main()
