"""The demo library: what a first start opens, drawn by the phantom generator."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases, follow_up, pairing, review, specimens
from pfm_desktop.services.demo_plan import WOMEN, PlannedVisit, PlannedWoman
from pfm_desktop.services.pool import spread
from pfm_desktop.services.sole_use import clear, sole_use
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import named, write_bytes, write_text
from pfm_desktop.support.language import tr

SIZE = 1024  # pixels a side
EXAMINER = "Dr. Demo"
DEVICE = "Phantom generator"


@dataclass(frozen=True)
class Shot:
    """One rendering: a white-light and a fluorescence picture of one woman at one moment of a visit.

    `white` and `fluorescence` are the stages to keep (None: that source was not taken). `after` is the time since the
    visit began in seconds.
    """

    name: str
    woman: int
    seed: int
    grade: Grade
    size: int
    seconds_since_acid: float
    defects: tuple[str, ...]
    white: Stage | None
    fluorescence: Stage | None
    after: float


def ensure_demo_library(ctx: Context, path: Path, *, size: int = SIZE, workers: int = 2) -> Library:
    """Open the demo library in `path`, making it first where there is none.

    It is built beside `path` and moved there once complete; what a stopped run has drawn is used by the next. Raises
    `StorageError` when `path` holds something else, may not be looked into or written, or the disk is full, and
    `InUseError` while another program makes it.
    """
    path = Path(path).absolute()
    if _is_library(path):
        return Library.open(path)
    building = path.with_name(f"{path.name}.building")
    with (
        sole_use(building, busy=tr("the demo library is being made")),
        named(building, safe=tr("what is drawn is kept")),
    ):
        if not _is_library(path):  # another program may have finished it meanwhile
            _build(ctx, building, path, size=size, workers=workers)
        clear(building)
    return Library.open(path)


def _is_library(path: Path) -> bool:
    """False where nothing is yet; `StorageError` for a folder of other things, and one that may not be looked into."""
    try:
        if (path / DATABASE).exists():
            return True
        foreign = path.exists() and (not path.is_dir() or any(path.iterdir()))
    except OSError as error:
        raise StorageError(
            tr("the folder {path} cannot be looked into: {problem}", path=path, problem=error.strerror or error),
            safe=tr("nothing was changed"),
            remedy=tr("check its permissions and those of the folders above it, or set PFM_HOME to a folder of yours"),
        ) from error
    if foreign:
        raise StorageError(
            tr("{path} holds something else than a library", path=path),
            safe=tr("it is unchanged"),
            remedy=tr("choose another folder"),
        )
    return False


def shots_of(woman: PlannedWoman, number: int, *, size: int = SIZE) -> tuple[Shot, ...]:
    """Renderings of visit `number` of a woman. The same seed within a visit: the lesion stays, the acid acts."""
    visit = woman.visits[number]
    made = []
    for kind in visit.shots:
        white, fluorescence, seconds, after = _SHOTS[kind]
        made.append(
            Shot(
                name=f"{woman.seed}-{number}-{kind}-{size}",
                woman=woman.seed,
                seed=woman.seed * 100 + number,
                grade=visit.truth,
                size=size,
                seconds_since_acid=seconds,
                defects=visit.defects if kind == "pair" else (),
                white=white,
                fluorescence=fluorescence,
                after=after,
            )
        )
    return tuple(made)


# stage of the white-light picture, of the fluorescence picture, seconds since acid, seconds since the visit began
_SHOTS: dict[str, tuple[Stage | None, Stage | None, float, float]] = {
    "before": (Stage.SALINE, Stage.FLUORESCENCE_BEFORE_ACID, 0.0, 120.0),
    "pair": (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, 60.0, 300.0),
    "late": (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, 150.0, 390.0),
    "white": (Stage.ACETIC_ACID, None, 60.0, 300.0),
    "fluorescence": (None, Stage.FLUORESCENCE_AFTER_ACID, 60.0, 300.0),
}
_GAP_SECONDS = 0.6  # fluorescence after white light; median of phantom.md
_RESULT_DAYS, _LETTER_DAYS = 12, 15  # after the visit
_DIAGNOSES = {Grade.NORMAL: "normal", Grade.LOW: "cin1", Grade.HIGH: "cin2", Grade.CANCER: "scc"}


def _build(ctx: Context, building: Path, path: Path, *, size: int, workers: int) -> None:
    drawn = building / _drawings()
    plan = [(woman, number) for woman in WOMEN for number in range(len(woman.visits))]
    shots = [shot for woman, number in plan for shot in shots_of(woman, number, size=size)]
    missing = [(shot, drawn) for shot in shots if not _files(shot, drawn)[-1].is_file()]
    for _ in spread(ctx, _draw, missing, workers=workers, text=tr("Drawing the demo library")):
        pass
    unfinished = building / "library"
    shutil.rmtree(unfinished, ignore_errors=True)
    with Library.create(unfinished, demo=True) as lib:
        lib.who = EXAMINER
        now = datetime.now().astimezone()
        patients: dict[int, str] = {}
        for index, (woman, number) in enumerate(plan):
            ctx.progress(index, len(plan), tr("Filling the demo library"))
            if woman.seed not in patients:
                patients[woman.seed] = _add_woman(lib, woman, len(patients) + 1)
            _add_visit(lib, patients[woman.seed], woman, number, drawn, now=now, size=size)
        ctx.progress(len(plan), len(plan), tr("Filling the demo library"))
    _move(unfinished, path)


def _move(unfinished: Path, path: Path) -> None:
    try:
        (unfinished / "lock").unlink(missing_ok=True)
        if path.is_dir():
            path.rmdir()  # checked to be empty; Windows does not replace folders
        unfinished.rename(path)
    except OSError as error:
        raise StorageError(
            tr("could not move the demo library to {path}: {problem}", path=path, problem=error.strerror or error),
            remedy=tr("check that you may write to that folder, then start again"),
        ) from error


def _drawings() -> str:
    """Folder name of the drawings: those of another generator are not used."""
    from pfm_desktop.imaging.phantom import PARAMETERS_SHA256

    return f"drawn-{PARAMETERS_SHA256[:12]}"


def _files(shot: Shot, folder: Path) -> tuple[Path, Path, Path]:
    """White-light picture, fluorescence picture, facts; the facts are written last."""
    white, fluorescence, facts = (
        folder / f"{shot.name}-{end}" for end in ("white.jpg", "fluorescence.jpg", "facts.json")
    )
    return white, fluorescence, facts


def _draw(task: tuple[Shot, Path]) -> None:
    """Render a shot into the folder of drawings; runs in a worker process."""
    from pfm_desktop.imaging.io import encode_jpeg
    from pfm_desktop.imaging.phantom import Defect, render

    shot, folder = task
    phantom = render(
        shot.seed,
        grade=shot.grade,
        size=shot.size,
        woman=shot.woman,
        defects=frozenset(Defect(name) for name in shot.defects),
        seconds_since_acid=shot.seconds_since_acid,
    )
    white, fluorescence, facts = _files(shot, folder)
    write_bytes(white, encode_jpeg(phantom.white, quality=95))
    write_bytes(fluorescence, encode_jpeg(phantom.fluorescence, quality=95))
    site = _site(np.asarray(phantom.lesion, dtype=bool))
    write_text(facts, json.dumps({"mm_per_px": phantom.drawn.get("mm_per_px"), "site": site}))


def _site(lesion: NDArray[np.bool_]) -> tuple[float, float] | None:
    """A biopsy site (x, y): the lesion's pixel nearest to its centre; None without a lesion."""
    rows, columns = np.nonzero(lesion)
    if rows.size == 0:
        return None
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return float(columns[nearest]), float(rows[nearest])


def _add_woman(lib: Library, woman: PlannedWoman, number: int) -> str:
    patient = cases.add_patient(
        lib,
        identifier=f"DEMO-{number:04d}",
        family_name="Demo",
        given_name=woman.given_name,
        birth_date=woman.birth_date,
    )
    return patient.id


def _add_visit(
    lib: Library, patient_id: str, woman: PlannedWoman, number: int, drawn: Path, *, now: datetime, size: int
) -> None:
    planned = woman.visits[number]
    started = _moment(planned, now)
    visit = cases.add_visit(
        lib, patient_id, started_at=started, indication=planned.indication, examiner=EXAMINER, note="Phantom"
    )
    site = None
    for shot in shots_of(woman, number, size=size):
        white, fluorescence, noted = _files(shot, drawn)
        facts = json.loads(noted.read_text(encoding="utf-8"))
        for stage, file in ((shot.white, white), (shot.fluorescence, fluorescence)):
            if stage is None:
                continue
            gap = _GAP_SECONDS if stage.source is Source.FLUORESCENCE else 0.0
            cases.add_picture(
                lib,
                visit.id,
                file.read_bytes(),
                stage=stage,
                taken_at=started + timedelta(seconds=shot.after + gap),
                seconds_since_acid=shot.seconds_since_acid + gap if shot.seconds_since_acid else None,
                mm_per_px=facts["mm_per_px"],
                device=DEVICE,
                name=f"phantom_{shot.name}_{stage.source.value}.jpg",
            )
        site = facts["site"] if shot.name.split("-")[2] == "pair" else site
    pair = pairing.ensure_pair(lib, visit.id)
    _add_findings(lib, visit.id, pair, planned, site)
    _add_follow_up(lib, visit.id, planned, started)


def _add_findings(
    lib: Library, visit_id: str, pair: Pair | None, planned: PlannedVisit, site: tuple[float, float] | None
) -> None:
    if site and pair and pair.white_id and planned.signed:
        review.place_pin(lib, pair.id, Source.WHITE, *site)
    if planned.swede:
        review.set_swede(lib, visit_id, SwedeScore(*planned.swede))
    if planned.text:
        review.set_text(lib, visit_id, planned.text)
    if planned.plan:
        review.set_plan(lib, visit_id, planned.plan)
    if planned.impression:
        review.set_impression(lib, visit_id, planned.impression)
    if planned.signed:
        review.sign(lib, visit_id, EXAMINER, "Demonstration")


def _add_follow_up(lib: Library, visit_id: str, planned: PlannedVisit, started: datetime) -> None:
    """What the laboratory said of each pot, and the letter."""
    if not planned.answered or planned.days < _LETTER_DAYS:
        return
    reported, sent = ((started + timedelta(days=days)).date().isoformat() for days in (_RESULT_DAYS, _LETTER_DAYS))
    today = date.today().isoformat()
    pots = specimens.specimens_of(lib, visit_id)
    for pot in pots:
        specimens.set_result(lib, pot.id, "diagnosis", _DIAGNOSES[planned.truth])
        specimens.set_result(lib, pot.id, "reported_on", reported)
        # entered on the day it was reported, which was before the letter: else each letter would be due again
        lib.apply(Change("result", pot.id, {"entered_on": today}, {"entered_on": reported}, "Result entered"))
    if pots:
        follow_up.set_follow_up(lib, visit_id, "letter_on", sent)


def _moment(planned: PlannedVisit, now: datetime) -> datetime:
    """When a visit began, seen from `now`; a visit of today that would lie ahead is moved to just before now."""
    day = now.replace(hour=planned.hour, minute=15, second=0, microsecond=0) - timedelta(days=planned.days)
    if planned.days:
        return day
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(day, max(midnight, now - timedelta(minutes=10 * (12 - planned.hour))))
