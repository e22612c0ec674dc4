"""The main job: a phantom pair is kept, registered and answered."""

from __future__ import annotations

from pathlib import Path

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services.selftest.bench import Bench, there
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, UserError

SIZE = 448  # pixels a side of the phantom


def draw(ctx: Context, bench: Bench) -> str:
    """A pair of phantoms is drawn."""
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.phantom import render

    phantom = render(1, grade=Grade.HIGH, size=SIZE)
    bench.files = [
        (Stage.ACETIC_ACID, encode_png(phantom.white)),
        (Stage.FLUORESCENCE_AFTER_ACID, encode_png(phantom.fluorescence)),
    ]
    return f"a pair of {SIZE} x {SIZE} pixels"


def make_library(ctx: Context, bench: Bench) -> str:
    """A library with one patient and one visit."""
    from pfm_desktop.services import cases

    bench.lib = Library.create(bench.folder / "library")
    patient = cases.add_patient(bench.lib, identifier="SELFTEST", family_name="Selftest")
    bench.visit = cases.add_visit(bench.lib, patient.id).id
    return "created, one patient, one visit"


def add_pictures(ctx: Context, bench: Bench) -> str:
    """Both pictures are kept and read back."""
    from pfm_desktop.services import cases, engine, pairing

    lib = there(bench.lib)
    for stage, data in bench.files:
        cases.add_picture(lib, bench.visit, data, stage=stage)
    bench.pair = pairing.ensure_pair(lib, bench.visit)
    bench.pictures = engine.load_pair(ctx, lib, there(bench.pair).id)
    return f"{len(bench.files)} pictures kept and read back"


def register(ctx: Context, bench: Bench) -> str:
    """The pair is registered."""
    from pfm_desktop.services import engine

    found, _ = engine.register_again(ctx, there(bench.lib), there(bench.pictures))
    if found.error_px is None:
        raise UserError(f"the phantom pair was not registered: {found.reason}")
    return f"{found.status}, estimated error {found.error_px:.1f} px"


def find_model(ctx: Context, bench: Bench) -> str:
    """The model that comes with the program is whole, or an untrained one stands in."""
    from pfm_desktop.services import models

    try:
        models.folder_of(models.DEFAULT_MODEL)
    except ModelError as error:
        from pfm_desktop.pfm.untrained import write_untrained

        bench.model = str(bench.folder / "untrained")
        write_untrained(Path(bench.model))
        return f"{error} An untrained network stands in: it shows that the program runs, and grades by chance."
    info = models.verify(models.DEFAULT_MODEL)  # one that is there must be whole
    bench.model = models.DEFAULT_MODEL
    return f"{info.name} {info.version} is what it promises ({info.label})"


def predict(ctx: Context, bench: Bench) -> str:
    """The engine answers, and the answer is found again."""
    from pfm_desktop.services import engine, models

    bench.answer = engine.answer_pair(ctx, there(bench.lib), there(bench.pictures), bench.model)
    analysis = bench.answer.analysis
    if analysis.prediction is None:
        raise UserError(f"the phantom pair was refused: {analysis.refused.reason if analysis.refused else ''}")
    again = engine.answer_pair(ctx, there(bench.lib), there(bench.pictures), bench.model)
    if not again.from_library or again.analysis.prediction != analysis.prediction:
        raise UserError("the answer was not found again in the library")
    took, backend = analysis.timing_ms["total"] / 1000, models.backend_of(bench.model)
    return f"answered in {took:.1f} s by {backend}, kept, found again ({analysis.model.label})"
