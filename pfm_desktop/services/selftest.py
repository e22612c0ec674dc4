"""Whether this installation does its main job: each step is tried for real, in a temporary folder."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.services.engine import PairAnswer, PairPictures
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, UserError

SIZE = 448  # pixels a side of the phantom


@dataclass(frozen=True)
class Outcome:
    """What came of one step: `said` is for a person."""

    title: str
    done: bool
    said: str


@dataclass(eq=False)
class _Bench:
    """What the steps hand on to each other."""

    folder: Path
    files: list[tuple[Stage, bytes]] = field(default_factory=list)
    lib: Library | None = None
    visit: str = ""
    pair: Pair | None = None
    pictures: PairPictures | None = None
    model: str = ""
    answer: PairAnswer | None = None


def selftest(ctx: Context) -> tuple[Outcome, ...]:
    """Try all `STEPS` in order; the first that fails ends it. Nothing is left behind."""
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="pfm-selftest-", ignore_cleanup_errors=True) as name:
        bench = _Bench(Path(name))
        try:
            for number, (title, step) in enumerate(STEPS):
                ctx.progress(number, len(STEPS), title)
                outcomes.append(_tried(title, step, ctx, bench))
                if not outcomes[-1].done:
                    break
        finally:
            if bench.lib is not None:
                bench.lib.close()
    ctx.progress(len(STEPS), len(STEPS), "Done")
    return tuple(outcomes)


def _tried(title: str, step: Step, ctx: Context, bench: _Bench) -> Outcome:
    try:
        return Outcome(title, True, step(ctx, bench))
    except Cancelled:
        raise
    except UserError as error:
        return Outcome(title, False, str(error))
    except Exception as error:  # noqa: BLE001 - a broken installation fails in any way, and that is what is asked
        return Outcome(title, False, f"{type(error).__name__}: {error}")


def _draw(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.phantom import render

    phantom = render(1, grade=Grade.HIGH, size=SIZE)
    bench.files = [
        (Stage.ACETIC_ACID, encode_png(phantom.white)),
        (Stage.FLUORESCENCE_AFTER_ACID, encode_png(phantom.fluorescence)),
    ]
    return f"a pair of {SIZE} x {SIZE} pixels"


def _make_library(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.services import cases

    bench.lib = Library.create(bench.folder / "library")
    patient = cases.add_patient(bench.lib, identifier="SELFTEST", family_name="Selftest")
    bench.visit = cases.add_visit(bench.lib, patient.id).id
    return "created, one patient, one visit"


def _add_pictures(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.services import cases, engine, pairing

    lib = _there(bench.lib)
    for stage, data in bench.files:
        cases.add_picture(lib, bench.visit, data, stage=stage)
    bench.pair = pairing.ensure_pair(lib, bench.visit)
    bench.pictures = engine.load_pair(ctx, lib, _there(bench.pair).id)
    return f"{len(bench.files)} pictures kept and read back"


def _register(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.services import engine

    found, _ = engine.register_again(ctx, _there(bench.lib), _there(bench.pictures))
    if found.error_px is None:
        raise UserError(f"the phantom pair was not registered: {found.reason}")
    return f"{found.status}, estimated error {found.error_px:.1f} px"


def _find_model(ctx: Context, bench: _Bench) -> str:
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


def _predict(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.services import engine, models

    bench.answer = engine.answer_pair(ctx, _there(bench.lib), _there(bench.pictures), bench.model)
    analysis = bench.answer.analysis
    if analysis.prediction is None:
        raise UserError(f"the phantom pair was refused: {analysis.refused.reason if analysis.refused else ''}")
    again = engine.answer_pair(ctx, _there(bench.lib), _there(bench.pictures), bench.model)
    if not again.from_library or again.analysis.prediction != analysis.prediction:
        raise UserError("the answer was not found again in the library")
    took, backend = analysis.timing_ms["total"] / 1000, models.backend_of(bench.model)
    return f"answered in {took:.1f} s by {backend}, kept, found again ({analysis.model.label})"


def _report(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.interop.pdf import write_pdf
    from pfm_desktop.services import cases, report, review

    lib = _there(bench.lib)
    review.set_impression(lib, bench.visit, Grade.HIGH)
    review.reveal(lib, bench.visit, "selftest")
    case = cases.visit_case(lib, bench.visit)
    content = report.report_of_visit(lib, case, bench.answer, bench.pictures, software="selftest")
    data = write_pdf(bench.folder / "report.pdf", content).read_bytes()
    pages = [int(count) for count in re.findall(rb"/Count (\d+)", data)]
    if not data.startswith(b"%PDF") or not data.rstrip().endswith(b"%%EOF") or sum(pages) < 1:
        raise UserError("what was written as a report is no PDF")
    return f"PDF of {sum(pages)} pages, {len(data) // 1024} kB, written and read back"


def _write_json(ctx: Context, bench: _Bench) -> str:
    from pfm_desktop.services.analysis_files import public_json
    from pfm_desktop.support.files import write_text

    content = public_json(_there(bench.answer).analysis)
    write_text(bench.folder / "answer.json", json.dumps(content, allow_nan=False))
    if json.loads((bench.folder / "answer.json").read_text(encoding="utf-8")) != content:
        raise UserError("the JSON that was written is not what is read back")
    return "written and read back"


Thing = TypeVar("Thing")


def _there(thing: Thing | None) -> Thing:
    if thing is None:
        raise UserError("an earlier step left nothing behind")
    return thing


Step = Callable[[Context, _Bench], str]
STEPS: tuple[tuple[str, Step], ...] = (
    ("Phantom", _draw),
    ("Library", _make_library),
    ("Pictures", _add_pictures),
    ("Registration", _register),
    ("Model", _find_model),
    ("Answer", _predict),
    ("Report", _report),
    ("JSON", _write_json),
)
