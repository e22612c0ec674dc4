"""Whether any damaged DICOM file makes the reader crash, hang, or take memory that it should not.

    python benchmarks/fuzz_dicom.py [--count 1500] [--seed 1] [--keep FOLDER]

Valid files in every way of writing that is read are damaged at random (`dicom_parts/mutate.py`: bits, lengths, cuts,
stretches twice, huge rows, columns and frames, heads of packed pixels, deep nesting, other transfer syntaxes) and read
in a process of their own. Counted is what was decoded, what was refused (`BadInputError`), and what crashed: any other
error, a process that died, or more than `PATIENCE` seconds. `--keep` writes the files that crashed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.dicom_parts.files import VALID  # noqa: E402 - found by the path above
from benchmarks.dicom_parts.mutate import mutated  # noqa: E402

PATIENCE = 30.0  # seconds for one file


@dataclass
class Tally:
    """Counts of outcomes; `longest` in seconds, `peak` in MB of the whole reading process."""

    counts: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    longest: float = 0.0
    longest_of: str = ""
    peak: float = 0.0
    start: float = 0.0  # MB before the first damaged file, all valid ones read


@cache
def valid_file(name: str) -> bytes:
    """A file of `VALID`, made once."""
    return VALID[name]()


def damaged_file(number: int, seed: int) -> tuple[str, bytes]:
    """The file of that number: what was done to which, and its bytes. The same for the same seed."""
    chance = random.Random(f"{seed}/{number}")
    name = chance.choice(sorted(VALID))
    how, data = mutated(valid_file(name), chance)
    return f"{number}: {name}, {how}", data


def reader(pipe: Connection) -> None:
    """Read what comes through the pipe until it closes: outcome, seconds, and peak memory in MB for each."""
    import resource

    from pfm_desktop.interop.dicom.read import read_dicom_picture
    from pfm_desktop.support.errors import BadInputError

    for make in VALID.values():
        read_dicom_picture(make())
    pipe.send(("ready", 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    while (data := pipe.recv_bytes()) != b"end":
        begun = time.perf_counter()
        try:
            read_dicom_picture(data)
            outcome = "decoded"
        except BadInputError:
            outcome = "refused"
        except BaseException as error:  # noqa: BLE001 - what is looked for
            outcome = f"{type(error).__name__}: {error}"
        spent = time.perf_counter() - begun
        pipe.send((outcome, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


class Reading:
    """A reading process that is started anew when it dies."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=reader, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.first = self.pipe.recv()[2]

    def read(self, data: bytes) -> tuple[str, float, float]:
        """Outcome, seconds, peak memory in MB so far."""
        try:
            self.pipe.send_bytes(data or b"\0")
            if self.pipe.poll(PATIENCE):
                outcome, spent, peak = self.pipe.recv()
                return outcome, spent, peak
            outcome = f"hung for {PATIENCE:.0f} s"
        except (EOFError, OSError):
            outcome = "the process died"
        self.process.kill()
        self.process.join()
        self._begin()
        return outcome, PATIENCE, 0.0

    def end(self) -> None:
        """Let it go."""
        self.pipe.send_bytes(b"end")
        self.process.join()


def run(count: int, seed: int, keep: Path | None = None) -> Tally:
    """Read `count` damaged files."""
    reading, tally = Reading(), Tally()
    tally.start = reading.first
    for number in range(count):
        what, data = damaged_file(number, seed)
        outcome, spent, peak = reading.read(data)
        known = outcome in ("decoded", "refused")
        tally.counts[outcome if known else "crashes"] += 1
        tally.peak = max(tally.peak, peak)
        if spent > tally.longest:
            tally.longest, tally.longest_of = spent, what
        if not known:
            tally.crashes.append(f"{what}: {outcome}")
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}.dcm").write_bytes(data)
    reading.end()
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    tally = run(given.count, given.seed, given.keep)
    print(f"{given.count} damaged DICOM files, seed {given.seed}")
    for kind in ("decoded", "refused", "crashes"):
        print(f"{kind:10} {tally.counts[kind]}")
    print(f"longest    {tally.longest:.3f} s ({tally.longest_of})")
    print(f"memory     {tally.peak:.0f} MB at most, {tally.start:.0f} MB before the first")
    for crash in tally.crashes:
        print(f"  {crash}")
    return 1 if tally.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
