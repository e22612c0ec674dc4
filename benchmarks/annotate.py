"""Annotating in the real window: from the key that grades a pair to the next pair painted, and what kills lose.

    python benchmarks/annotate.py [--pairs 1000] [--large 30] [--pace 250] [--kills 20] [--work DIR]

A library of phantom pairs of 320 x 240 is graded by synthetic key presses, one pair after the other, each key pressed
`--pace` milliseconds after the pair was painted: faster than anybody reads. No registration is kept at first, so each
pair is read, decoded, registered and warped within that time, ahead of its turn. A second library has `--large` pairs
of 1920 x 1080, read once every `--large-pace` milliseconds, first without and then with kept registrations. A stall is
the longest time between two turns of the event loop. With `--kills` a reading process is killed (SIGKILL) at random
moments; it says each read once that is on disk and the next pair on the screen. Counted are those that were said and
are not in the library. Wanted: median 100 ms or less, nothing lost.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pfm_desktop.support import threads  # noqa: E402 - found by the path above

threads.set_polite_threads()

import psutil  # noqa: E402 - the thread settings come first

from benchmarks.annotate_parts.library import READER, TASKS, prepare, register_all, task_id  # noqa: E402

SMALL, FULL_HD = (320, 240), (1920, 1080)
STEPS, MILLISECONDS = 30, 400  # at most, before a kill
WANTED_MS = 100.0


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--large", type=int, default=30)
    parser.add_argument("--pace", type=float, default=250)
    parser.add_argument("--large-pace", type=float, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--read", nargs=4, metavar=("LIBRARY", "TASK", "PACE", "MODE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        library, task, pace, mode = options.read
        (read_until_killed if mode == "kill" else measure)(Path(library), task, float(pace))
        return
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        os.environ["PFM_HOME"] = str(work / "home")
        run(work, options)


def run(work: Path, options: argparse.Namespace) -> None:
    """Small pairs, large pairs, kills."""
    begun = time.monotonic()
    in_a_process(prepare, work / "small", options.pairs, SMALL)
    say(f"{options.pairs} phantom pairs of {SMALL[0]} x {SMALL[1]} made in {time.monotonic() - begun:.0f} s")
    child(work / "small", TASKS[0], options.pace)
    if options.large:
        in_a_process(prepare, work / "large", options.large, FULL_HD)
        say(f"{options.large} phantom pairs of {FULL_HD[0]} x {FULL_HD[1]}, no registration kept")
        child(work / "large", TASKS[0], options.large_pace)
        in_a_process(register_all, work / "large")
        say("the same, registrations kept")
        child(work / "large", TASKS[1], options.pace)
    if options.kills:
        kill(work / "small", options.kills, options.seed)


def in_a_process(function: object, *args: object) -> None:
    """And wait for its end."""
    maker = multiprocessing.get_context("spawn").Process(target=function, args=args)  # type: ignore[arg-type]
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("making the library failed")


def child(library: Path, task: str, pace: float) -> None:
    """A reader in a process of its own, as the program is."""
    subprocess.run([sys.executable, __file__, "--read", str(library), task, str(pace), "measure"], check=True, cwd=ROOT)


def measure(library: Path, task: str, pace: float) -> None:
    """Grade every pair, and say what it took."""
    from benchmarks.annotate_parts.reader import ReaderAtWork, rest
    from benchmarks.event_loop import beats

    reader = ReaderAtWork(library, task)
    rest(2000)  # the window and its other pages are made; the first pairs are read ahead
    count = len(reader.view.reading.turns)
    times = []
    with beats() as gaps:
        for number in range(count):
            times.append(reader.press(number))
            rest(pace)
    waits = [wait for wait, _ in times[:-1]]  # behind the last pair none follows
    busy = statistics.median(busy for _, busy in times[:-1])
    late = sum(one > WANTED_MS for one in waits)
    median, p95 = statistics.median(waits), statistics.quantiles(waits, n=20, method="inclusive")[-1]
    say(
        f"  key to next pair painted, {len(waits)} times, a key every {pace:.0f} ms: median {median:.1f} ms, "
        f"95th percentile {p95:.1f} ms, longest {max(waits):.0f} ms, over {WANTED_MS:.0f} ms: {late}; "
        f"processor time of the window's thread, median: {busy:.1f} ms"
    )
    resident = psutil.Process().memory_info().rss / 1e6
    say(f"  longest stall of the event loop: {max(gaps):.0f} ms; resident memory at the end: {resident:.0f} MB")
    reader.close()


def read_until_killed(library: Path, task: str, pace: float) -> None:
    """Say each read once it is on disk and the next pair on the screen."""
    from benchmarks.annotate_parts.reader import ReaderAtWork, rest

    reader = ReaderAtWork(library, task, size="1366x768")
    sys.stdout.write("open\n")
    sys.stdout.flush()
    reading = reader.view.reading
    for number in range(len(reading.turns)):
        turn = reading.turn
        if turn is None:
            break
        reader.press(number)
        read = reading.reads[turn]
        sys.stdout.write(json.dumps({"id": read.id, "pair": read.pair_id, "grade": read.grade.value}) + "\n")
        sys.stdout.flush()
        rest(pace)
    sys.stdout.write("done\n")  # before the kill came
    sys.stdout.flush()
    rest(60_000)


def kill(library: Path, kills: int, seed: int) -> None:
    """Kill readers, and count what is missing."""
    chance = random.Random(seed)
    said: dict[str, dict[str, str]] = {}
    not_opened = 0
    tasks = TASKS[2:]
    for number in range(kills):
        for line in killed(library, tasks[number * len(tasks) // kills], chance):
            said[line["id"]] = line
        not_opened += not still_there(library, said)
    lost = missing(library, said)
    say(
        f"{kills} kills of a reading process: {len(said)} reads acknowledged, {len(lost)} of them lost, "
        f"libraries that do not open: {not_opened}"
    )


def killed(library: Path, task: str, chance: random.Random) -> list[dict[str, str]]:
    """What a reader had said when it was killed."""
    command = [sys.executable, __file__, "--read", str(library), task, "20", "kill"]
    steps = chance.randint(1, STEPS)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as reader:
        if reader.stdout is None:
            raise SystemExit("the reader has no output")
        lines = [reader.stdout.readline()]
        while len(lines) <= steps and not lines[-1].startswith("done"):
            lines.append(reader.stdout.readline())
        time.sleep(chance.uniform(0, MILLISECONDS) / 1000)
        reader.send_signal(signal.SIGKILL)
        lines += reader.stdout.readlines()
    if reader.returncode != -signal.SIGKILL:
        raise SystemExit(f"the reader ended by itself ({reader.returncode})")
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")]


def missing(library: Path, said: dict[str, dict[str, str]]) -> list[str]:
    """Reads that were said and are not in the library as they were said."""
    from pfm_desktop.services import labelling
    from pfm_desktop.storage.library import Library

    with Library.open(library) as lib:
        lib.who = READER
        queues = [labelling.queue(lib, task_id(lib, task)) for task in TASKS[2:]]
    kept = {read.id: read for queue in queues for read in queue.reads.values()}
    return [
        id_
        for id_, line in said.items()
        if id_ not in kept or (kept[id_].pair_id, kept[id_].grade) != (line["pair"], line["grade"])
    ]


def still_there(library: Path, said: dict[str, dict[str, str]]) -> bool:
    """Whether the library opens after a kill; what it misses is said at once."""
    from pfm_desktop.support.errors import UserError

    try:
        lost = missing(library, said)
    except UserError as error:
        say(f"  the library does not open: {error}")
        return False
    if lost:
        say(f"  lost: {', '.join(lost)}")
    return True


def say(line: str) -> None:
    """At once, also into a file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
