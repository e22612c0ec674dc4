"""Works on a library in a great hurry and says after each step what the program has accepted, until it is killed.

python -m benchmarks.kill_parts.worker KIND LIBRARY TURN [BACKUP]
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from benchmarks.kill_parts import finetuning, libraries
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, backup, cases, pairing, review
from pfm_desktop.storage.library import Library

SIZE = 48, 64  # pixels: height, width
_MANY = 10_000  # steps; none is ever all done


def accepted(**what: object) -> None:
    """On disk by now, so the program has said."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def picture(seed: int) -> bytes:
    """A PNG of noise."""
    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def opened(folder: Path) -> Library:
    """The library, open, and said so."""
    lib = libraries.opened(folder)
    accepted(open=True)
    return lib


def visit_of(lib: Library, identifier: str) -> str:
    """A visit of another woman, not said yet; its id."""
    return cases.add_visit(lib, cases.add_patient(lib, identifier=identifier).id).id


def label(folder: Path, turn: int, _extra: Path) -> None:
    """Marks, grades and signatures."""
    lib = opened(folder)
    for number in range(_MANY):
        seed = turn * _MANY + number
        visit = visit_of(lib, f"L-{seed}")
        accepted(visit=visit)
        for stage in (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID):
            cases.add_picture(lib, visit, picture(2 * seed + (stage is Stage.ACETIC_ACID)), stage=stage)
        pair = pairing.ensure_pair(lib, visit)
        for step in range(4):
            pin = review.place_pin(lib, pair.id, Source.WHITE, step, step)
            accepted(visit=visit, pin=pin.key)
        review.mark_cervix(lib, pair.id, Source.WHITE, ((5.0, 5.0), (40.0, 6.0), (30.0, 40.0)))
        accepted(visit=visit, cervix=True)
        review.set_impression(lib, visit, GRADES[seed % 4])
        accepted(visit=visit, impression=GRADES[seed % 4].value)
        accepted(visit=visit, removing=pin.key)
        review.undo(lib, pin)
        accepted(visit=visit, gone=pin.key)
        review.sign(lib, visit, "Dr. Demo", "reviewed")
        accepted(visit=visit, signed="Dr. Demo")


def bring_in(folder: Path, turn: int, _extra: Path) -> None:
    """Pictures, many to a visit."""
    lib = opened(folder)
    for number in range(_MANY):
        seed = turn * _MANY + number
        if number % 20 == 0:
            visit = visit_of(lib, f"I-{seed}")
            accepted(visit=visit)
        added = cases.add_picture(lib, visit, picture(seed), stage=Stage.ACETIC_ACID)
        accepted(visit=visit, picture=added.id)


def keep(folder: Path, turn: int, out: Path) -> None:
    """One backup after the other, with something new for each."""
    lib = opened(folder)
    for number in range(_MANY):
        seed = turn * _MANY + number
        visit = visit_of(lib, f"B-{seed}")
        for shot in range(4):
            cases.add_picture(lib, visit, picture(4 * seed + shot), stage=Stage.ACETIC_ACID)
        accepted(visit=visit)
        made = backup.back_up(SilentContext(), lib, out)
        accepted(visit=visit, backup=made.snapshot.stem)


def change_passwords(folder: Path, turn: int, noted: Path) -> None:
    """One password after the other."""
    old = libraries.noted_password(noted)
    lib = libraries.opened(folder, old)
    for number in range(_MANY):
        new = libraries.password_of(turn, number)
        accepted(changing=new)
        accounts.change_own_password(lib, old, new)
        accepted(password=new)
        old = new


def fine_tune(_folder: Path, _turn: int, work: Path) -> None:
    """A model of one's own, again and again."""
    accepted(begin=True)
    finetuning.tune(work, accepted)
    sys.stdin.read()  # until it is killed


def migrate(folder: Path, _turn: int, _extra: Path) -> None:
    """Open a library of the first version."""
    accepted(begin=True)
    opened(folder)
    sys.stdin.read()  # until it is killed


KINDS: Mapping[str, Callable[[Path, int, Path], None]] = MappingProxyType(
    {
        "labelling": label,
        "importing": bring_in,
        "backing up": keep,
        "changing passwords": change_passwords,
        "fine-tuning": fine_tune,
        "migrating": migrate,
    }
)


if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
