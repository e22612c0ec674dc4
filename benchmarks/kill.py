"""What is lost when the program is killed: SIGKILL at random moments of labelling, importing, backing up, changing
passwords, fine-tuning, migrating.

    python benchmarks/kill.py [--count 300] [--seed 1] [--only labelling|importing|"backing up"|...]

A worker (`kill_parts/worker.py`) works on a library and says after each step what the program has accepted. It is
killed after a random number of steps and milliseconds, and the library is opened again, the worker's lock still in it;
ten kills for one library, every other one encrypted. Counted is what was accepted and is not there, libraries that do
not open, and those in which `pfm library verify` finds something (database, references, audit trail, every picture
against its hash). A backup counts as accepted once it was said; the last one is restored after each kill and checked as
well. An older library (version 1, 400 lines in its journal) is killed while it is brought up to date, and must open, up
to date, with all of its lines. After a kill between two passwords one of the two opens the library. Fine-tuning is
killed within its first half minute; the model that it starts from is whole then, the new one whole or not there, and
the same command goes on: after the last kill it is let run to its end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.kill_parts import finetuning, libraries  # noqa: E402 - found by the path above
from benchmarks.kill_parts.worker import KINDS, SIZE  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.jobs import Context, SilentContext  # noqa: E402
from pfm_desktop.services import backup, backup_folder, cases, housekeeping  # noqa: E402
from pfm_desktop.storage import migrations  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402
from pfm_desktop.storage.schema import DATABASE  # noqa: E402
from pfm_desktop.support.errors import UserError  # noqa: E402

STEPS, MILLISECONDS = 40, 60  # at most, before the kill
TUNING = 25_000  # milliseconds at most, in which a model is fine-tuned, or nearly
MIGRATING = 1500  # milliseconds at most, in which a library is brought up to date, or is open by then
LONG = {"migrating": MIGRATING, "fine-tuning": TUNING}
OLD_LINES = 400
ANEW = 10  # kills, after which another library is made
Step = dict[str, Any]


@dataclass
class Count:
    """What was found after the kills of one kind."""

    kills: int = 0
    accepted: int = 0
    lost: int = 0
    not_opened: int = 0
    not_clean: int = 0
    said: list[str] = field(default_factory=list)

    def line(self, kind: str) -> str:
        """For the eye."""
        return (
            f"{kind}: {self.kills} kills, {self.accepted} steps accepted, lost {self.lost}, "
            f"libraries that do not open {self.not_opened}, not clean {self.not_clean}"
        )


def killed(kind: str, library: Path, turn: int, extra: Path, chance: random.Random) -> list[Step]:
    """What a worker had accepted when it was killed in the middle of its next step."""
    command = [sys.executable, "-m", "benchmarks.kill_parts.worker", kind, str(library), str(turn), str(extra)]
    steps = 1 if kind in LONG else chance.randint(1, STEPS)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as worker:
        if worker.stdout is None:
            raise SystemExit("the worker has no output")
        lines = [worker.stdout.readline() for _ in range(steps)]
        time.sleep(chance.uniform(0, LONG.get(kind, MILLISECONDS)) / 1000)
        worker.send_signal(signal.SIGKILL)
        lines += worker.stdout.readlines()
    if worker.returncode != -signal.SIGKILL:
        raise SystemExit(f"the worker ended by itself ({worker.returncode})")
    return [json.loads(line) for line in lines if line.endswith("\n")]


def missing(lib: Library, accepted: list[Step]) -> Iterator[str]:
    """What was accepted and is not there."""
    visits = {step["visit"] for step in accepted if "visit" in step}
    told = {visit: [step for step in accepted if step.get("visit") == visit] for visit in visits}
    for visit, steps in told.items():
        try:
            case = cases.visit_case(lib, visit)
        except UserError as error:
            yield f"visit: {error}"
            continue
        removing = {step["removing"] for step in steps if "removing" in step}
        pins = {pin.id for pin in case.pins}
        for step in steps:
            lost = (
                ("pin" in step and step["pin"] not in pins | removing)
                or ("gone" in step and step["gone"] in pins)
                or ("cervix" in step and not case.cervix_marks)
                or ("impression" in step and case.findings.impression != step["impression"])
                or ("signed" in step and case.findings.signature is None)
                or ("picture" in step and cases.load_picture(lib, step["picture"]).shape[:2] != SIZE)
            )
            if lost:
                yield f"{step}"


def password_left(library: Path, accepted: list[Step], noted: Path) -> str:
    """The password that opens what a kill has left: the last one that was accepted, or the one on its way."""
    said = [step["password"] for step in accepted if "password" in step]
    under_way = [step["changing"] for step in accepted if "changing" in step]
    last = said[-1] if said else libraries.noted_password(noted)
    for password in (last, *under_way[-1:]):
        with contextlib.suppress(UserError):
            libraries.opened(library, password).close()
            libraries.note_password(noted, password)
            return str(password)
    return str(last)


def checked(count: Count, library: Path, accepted: list[Step], password: str = libraries.PASSWORD) -> None:
    """Open what a kill has left, and count."""
    count.kills += 1
    count.accepted += len(accepted)
    try:
        with libraries.opened(library, password) as lib:
            lost = list(missing(lib, accepted))
            count.lost += len(lost)
            problems = housekeeping.verify(SilentContext(), lib).problems
            count.not_clean += bool(problems) or lib.read_only
            count.said += [*lost, *problems]
    except UserError as error:
        count.not_opened += 1
        count.said.append(str(error))


def old_library(folder: Path) -> None:
    """As the first version left it, with a journal to be chained."""
    with patch.multiple(migrations, VERSIONS=migrations.VERSIONS[:1], CURRENT=1):
        Library.create(folder).close()
    connection = sqlite3.connect(folder / DATABASE)
    connection.executemany(
        "INSERT INTO journal (at, who, what, key, text) VALUES ('2026-01-01 10:00:00.000000', 'x', 'test', ?, 'kept')",
        [(str(number),) for number in range(OLD_LINES)],
    )
    connection.commit()
    connection.close()


def tuned(ctx: Context, kills: int, work: Path, chance: random.Random) -> Count:
    """Kill fine-tuning that often, then let it end."""
    count = Count()
    finetuning.draw(work)
    for turn in range(kills):
        ctx.progress(turn, kills, "Killing, fine-tuning")
        accepted = killed("fine-tuning", work, turn, work, chance)
        count.kills += 1
        count.accepted += len(accepted)
        found = list(finetuning.problems(work, made=any("made" in step for step in accepted)))
        count.not_clean += bool(found)
        count.said += found
        shutil.rmtree(work / finetuning.OUT, ignore_errors=True)  # a model is never written over
    try:
        finetuning.tune(work, lambda **_: None)
    except UserError as error:
        count.not_opened += 1
        count.said.append(str(error))
    return count


def tried(ctx: Context, kind: str, kills: int, work: Path, seed: int) -> Count:
    """Kill one kind of work that often."""
    count, chance = Count(), random.Random(f"{seed} {kind}")
    if kind == "fine-tuning":
        return tuned(ctx, kills, work, chance)
    library, extra, old, noted = work / "library", work / "backup", work / "old", work / "password"
    if kind == "migrating":
        old_library(old)
    for turn in range(kills):
        ctx.progress(turn, kills, f"Killing, {kind}")
        if kind == "migrating":
            shutil.rmtree(library, ignore_errors=True)
            shutil.copytree(old, library)
        elif turn % ANEW == 0:
            shutil.rmtree(library, ignore_errors=True)
            shutil.rmtree(extra, ignore_errors=True)
            noted.unlink(missing_ok=True)
            libraries.make(library, encrypted=kind == "changing passwords" or turn // ANEW % 2 == 1)
        passwords = kind == "changing passwords"
        accepted = killed(kind, library, turn, noted if passwords else extra, chance)
        password = password_left(library, accepted, noted) if passwords else libraries.PASSWORD
        checked(count, library, accepted, password)
        if kind == "migrating":
            with Library.open(library) as lib:
                count.lost += housekeeping.verify_audit(SilentContext(), lib).lines != OLD_LINES
        if kind == "backing up":
            _restored(count, extra, work / "restored", accepted)
    return count


def _restored(count: Count, folder: Path, out: Path, accepted: list[Step]) -> None:
    """The last backup that was accepted comes back whole."""
    said = [step["backup"] for step in accepted if "backup" in step]
    if not said:
        return
    count.lost += not {path.stem for path in backup_folder.snapshots(folder)} >= set(said)
    shutil.rmtree(out, ignore_errors=True)
    try:
        made = backup.restore(SilentContext(), folder, out, at=said[-1], unlocked=libraries.keys_of(folder, said[-1]))
        count.not_clean += bool(made.problems)
        count.said += made.problems
    except UserError as error:
        count.not_opened += 1
        count.said.append(str(error))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="kills, shared by the kinds of work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=tuple(KINDS))
    asked = parser.parse_args()
    kinds = (asked.only,) if asked.only else tuple(KINDS)
    with Bar() as bar:
        for kind in kinds:
            with tempfile.TemporaryDirectory() as work:
                count = tried(bar, kind, asked.count // len(kinds), Path(work), asked.seed)
            print(count.line(kind), flush=True)
            for line in count.said[:5]:
                print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
