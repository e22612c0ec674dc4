"""The promise: what the program has accepted is there after the plug was pulled, and the library opens."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, housekeeping
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library

ROOT = Path(__file__).resolve().parents[2]

# Works like a clinician in a great hurry, and says after each step what the program has accepted.
WORKER = """
import io, json, sys
from pathlib import Path
import numpy as np
from PIL import Image
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.storage.library import Library

def accepted(**what):
    sys.stdout.write(json.dumps(what) + "\\n")
    sys.stdout.flush()

def picture(seed):
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()

lib, turn = Library.open(Path(sys.argv[1])), int(sys.argv[2])
for number in range(10_000):
    seed = turn * 10_000 + number
    patient = cases.add_patient(lib, identifier=f"K-{seed}", family_name="Demo")
    visit = cases.add_visit(lib, patient.id)
    accepted(visit=visit.id)
    for stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID):
        added = cases.add_picture(lib, visit.id, picture(2 * seed + (stage is Stage.ACETIC_ACID)), stage=stage)
        accepted(visit=visit.id, picture=added.id)
    pair = pairing.ensure_pair(lib, visit.id)
    for step in range(3):
        pin = review.place_pin(lib, pair.id, Source.WHITE, step, step)
        accepted(visit=visit.id, pin=pin.key)
    grade = GRADES[seed % 4]
    review.set_impression(lib, visit.id, grade)
    accepted(visit=visit.id, impression=grade.value)
    accepted(visit=visit.id, removing=pin.key)
    review.undo(lib, pin)
    accepted(visit=visit.id, gone=pin.key)
    review.sign(lib, visit.id, "Dr. Demo", "reviewed")
    accepted(visit=visit.id, signed="Dr. Demo")
"""


def start(library: Path, turn: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(library), str(turn)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )


def work_and_kill(library: Path, turn: int, steps: int) -> list[dict[str, str]]:
    """What a worker had accepted when it was killed after at least `steps` steps, in the middle of the next ones."""
    with start(library, turn) as worker:
        assert worker.stdout is not None
        lines = [worker.stdout.readline() for _ in range(steps)]
        worker.send_signal(signal.SIGKILL)
        lines += worker.stdout.readlines()
    assert worker.returncode == -signal.SIGKILL
    return [json.loads(line) for line in lines if line.endswith("\n")]


def check_there(lib: Library, accepted: list[dict[str, str]]) -> None:
    def said(what: str) -> set[tuple[str, str]]:
        return {(step["visit"], step[what]) for step in accepted if what in step}

    open_cases = {visit: cases.visit_case(lib, visit) for visit in {step["visit"] for step in accepted}}
    pins = {(visit, pin.id) for visit, case in open_cases.items() for pin in case.pins}
    assert said("pin") - said("removing") <= pins
    assert not said("gone") & pins
    for _, picture in said("picture"):
        assert cases.load_picture(lib, picture).shape == (48, 64, 3)
    for visit, impression in said("impression"):
        assert open_cases[visit].findings.impression == impression
    for visit, name in said("signed"):
        signature = open_cases[visit].findings.signature
        assert signature is not None
        assert signature.name == name


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_nothing_accepted_is_lost_when_the_program_is_killed_in_the_middle_of_writing(tmp_path: Path) -> None:
    Library.create(tmp_path / "clinic").close()
    chance = random.Random(7)
    accepted: list[dict[str, str]] = []
    for turn in range(5):
        accepted += work_and_kill(tmp_path / "clinic", turn, steps=chance.randint(3, 40))
        with Library.open(tmp_path / "clinic") as lib:
            assert not lib.read_only  # the dead program's lock does not keep the next one out
            check_there(lib, accepted)
            report = housekeeping.verify(SilentContext(), lib)
            assert report.problems == ()
            with lib.read() as session:
                numbers = [entry.seq for entry in journal.entries(session, limit=10**6)]
            assert numbers == list(range(1, len(numbers) + 1))
    assert len(accepted) > 50
