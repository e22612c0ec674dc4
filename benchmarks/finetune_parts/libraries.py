"""A library of pairs of device B, labelled by reads as Annotate gives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.finetune_parts.pictures import Drawn
from pfm_desktop.domain.labelling import Turn
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases, labelling, pairing
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage.library import Library


def labelled_library(ctx: Context, path: Path, drawn: Sequence[Drawn], *, device: str = "device B") -> Library:
    """A new library with one woman for each pair, and one read of each: the true grade."""
    lib = Library.create(path)
    pairs = []
    for done, one in enumerate(drawn):
        ctx.progress(done, len(drawn), "Filling the library")
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier=one.name).id).id
        white, glow = (
            cases.add_picture(lib, visit, file, stage=stage, device=device).id
            for file, stage in (
                (one.white, Stage.ACETIC_ACID),
                (one.fluorescence, Stage.FLUORESCENCE_AFTER_ACID),
            )
        )
        pairs.append(pairing.make_pair(lib, visit, white, glow).key)
    task = labelling.make_task(lib, Wish("Device B", repeats=0.0), pairs)
    for pair, one in zip(pairs, drawn, strict=True):
        labelling.give(lib, task.id, Turn(pair), grade=one.grade)
    return lib
