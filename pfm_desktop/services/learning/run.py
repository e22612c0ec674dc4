"""Learning a model from a library: begun where the library is written, done in a process of its own, and put on record.

`begin` decides who stands where and puts that on record; `learn` is the job for a `ProcessRunner`, with the library
open for reading and its keys passed in memory; `settle` puts on record what came of it. The model lies in quarantine
in the library's folder `learning/` until it is promoted, and the model in use stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.learning import (
    Case,
    Found,
    Group,
    LeftOut,
    Part,
    Run,
    Sides,
    State,
    group_names,
    left_out_by,
    sides_of,
)
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import Source, second_of
from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.services.cases import new_id
from pfm_desktop.services.learning import marks, steering
from pfm_desktop.services.learning.cases import ENOUGH, check_enough, check_sources, teaching
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.storage import access, learning_past
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.data import PreparedSet
    from pfm_desktop.pfm.training.split import Split
    from pfm_desktop.pfm.training.tuning import Tuned
    from pfm_desktop.storage.keys import LibraryKeys

MODEL = "model"
SHARES = {Part.TRAIN: 0.65, Part.CALIBRATION: 0.20, Part.TEST: 0.15}  # those of `pfm finetune`
VALIDATION = 0.15 / 0.65  # of the women of the train part; they choose the epoch
MOST_BYTES = 2 * 2**30  # of memory for prepared pictures and feature maps
BUSY = tr("a model is being learned from this library")
STATE_WORDS = {
    State.RUNNING: tr("running", "state of a run"),
    State.LEARNED: tr("learned", "state of a run"),
    State.NOT_BETTER: tr("not better", "state of a run"),
    State.ACTIVE: tr("active", "state of a run"),
    State.REPLACED: tr("replaced", "state of a run"),
    State.ROLLED_BACK: tr("rolled back", "state of a run"),
    State.FAILED: tr("failed", "state of a run"),
}


@dataclass(frozen=True)
class Settings:
    """What to learn. `rehearse`: phantoms mixed in against forgetting, for a parent that learned from phantoms.
    `impressions`: signed impressions were labels where there was none else. `sources`: what the model is to read, as
    the wish that found the cases has it; none: what the parent reads. On record they are always named
    (`cases.wish_of`)."""

    name: str
    parent: str = "pfm-demo"
    trained_on: str = "cases of this clinic"
    epochs: int = 12
    seed: int = 0
    old_share: float = 0.33
    rehearse: int = 108
    enough: int = ENOUGH
    most_bytes: int = MOST_BYTES
    impressions: bool = False
    sources: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[Source, ...] | None:
        """`sources`, None where nothing was said."""
        return tuple(map(Source, self.sources)) or None


@dataclass(frozen=True)
class Request:
    """All that the process needs. It may be pickled; `keys` are passed in memory and never written."""

    run_id: str
    library: Path
    keys: LibraryKeys | None
    settings: Settings
    cases: tuple[Case, ...]
    sides: Sides
    names: Mapping[str, tuple[str, ...]]
    locked: tuple[str, ...]
    parent_sha256: str
    locked_women: int | None = None

    @property
    def folder(self) -> Path:
        """Where this run keeps what it keeps."""
        return steering.run_folder(self.library, self.run_id)


@dataclass(frozen=True)
class Learned:
    """What came of it. `counts`: cases by part, seconds by step; `left_out`: what the engine would refuse."""

    run_id: str
    model_sha256: str
    stopped: bool
    best_epoch: int
    notes: tuple[str, ...]
    counts: Mapping[str, Any]
    left_out: tuple[LeftOut, ...] = field(default=())

    @property
    def is_new(self) -> bool:
        """Whether anything but the calibration is."""
        return bool(self.best_epoch or self.counts.get("matched"))


_KEPT = ("model_sha256", "stopped", "best_epoch", "notes", "counts")  # of `Learned`, until it is on record


def begin(lib: Library, found: Found, groups: Sequence[Group], settings: Settings) -> Request:
    """Decide who stands where, for good, and put it and the run on record.

    `found` and `groups` as `find_cases` and `groups_of` gave them. Raises `TooFewError` for too few women of a grade,
    `ModelError` for a parent that cannot be learned from, `BadInputError` for a name that no model can have and for
    cases of other sources than the model is to read,
    `NotAllowedError`, and `StorageError` also for a library that is open for reading only; nothing changes then.
    """
    from pfm_desktop.pfm.model_file import check_name
    from pfm_desktop.pfm.registry import refuse_start_only
    from pfm_desktop.services import models
    from pfm_desktop.services.model_import import taken_names

    check_name(settings.name, "1", settings.trained_on)
    with lib.read() as session:
        runs = {one.model_name for one in stored.runs(session) if one.state not in (State.RUNNING, State.FAILED)}
    if settings.name.casefold() in {name.casefold() for name in taken_names() | runs}:
        raise BadInputError(
            tr("there is already a model {name}", name=settings.name),
            safe=tr("nothing was begun, and the model in use stays"),
            remedy=tr("choose another name"),
        )
    parent = models.verify(settings.parent)
    refuse_start_only(parent)
    reads = settings.reads or parent.sources
    check_sources(found.cases, reads)
    settings = replace(settings, sources=tuple(source.value for source in reads))
    check_enough(teaching(found.cases, reads), groups, enough=settings.enough)
    with lib.read() as session:
        known, past = stored.parts(session), learning_past.had(session)
    names = marks.names_of(lib, {case.patient_id for case in found.cases} | set(group_names(groups)))
    sides = sides_of(found, groups, known, shares=SHARES, seed=lib.id, past=past)
    now = datetime.now(UTC)
    run = Run(
        new_id(), now, lib.who, parent.name, parent.sha256, settings.name, "", _said(settings), _counts(found, sides),
        State.RUNNING,
    )  # fmt: skip
    changes = [
        Change("learning_part", woman, None, stored.part_fields(part, now), f"Part for learning: {part.value}")
        for woman, part in sorted(sides.new.items())
    ]
    changes.append(Change("learning_run", run.id, None, stored.run_fields(run), f"Learning begun: {run.model_name}"))
    for change in changes:
        access.check(lib.account, change)
    lib.apply_all(changes)
    return _request(lib, run, settings, found, sides, names, {**known, **sides.new})


def _request(
    lib: Library,
    run: Run,
    settings: Settings,
    found: Found,
    sides: Sides,
    names: Mapping[str, tuple[str, ...]],
    known: Mapping[str, Part],
) -> Request:
    out = {one.pair_id for one in sides.left_out}
    # the locked test is not sent: nothing of it can be learned or looked at
    cases = tuple(case for case in found.cases if case.pair_id not in out and sides.part(case) is not Part.TEST)
    locked = [names[woman] for woman, part in known.items() if part is Part.TEST and woman in names]
    by_group: dict[str, list[str]] = {}
    for woman, those in names.items():
        by_group.setdefault(sides.group_of.get(woman, woman), []).extend(those)
    return Request(
        run.id, lib.path, lib.keys, settings, cases, sides,
        {group: tuple(those) for group, those in by_group.items()},
        tuple(name for those in locked for name in those), run.parent_sha256, len(locked),
    )  # fmt: skip


def learn(ctx: Context, request: Request) -> Learned:
    """The job, for a process of its own: low priority, the library open for reading, nothing of any case on disk.

    A run that was cut short goes on from its last whole epoch, with the same result; one that has ended and is not on
    record yet is told again. It is paused and stopped by `steering`: stopped after an epoch, the best so far is kept.
    Raises `Cancelled` for a stop before that, and whenever the job is cancelled: what is kept stays for another start.
    Raises `InUseError` while another run works on the library, `StorageError` for a full disk, `TooFewError`, and
    `ModelError` for a parent that was altered or is another version by now.
    """
    from pfm_desktop.support.threads import give_way

    give_way()
    folder = request.folder
    with sole_use(request.library / steering.FOLDER, busy=BUSY):
        if (made := finished(request.folder, request.run_id)) is not None:
            return made
        folder.mkdir(parents=True, exist_ok=True)
        with Library.open(request.library, request.keys) as lib:
            try:
                return _learned(steering.Steered(ctx, folder), lib, request)
            except steering.LeftError as left:
                raise Cancelled from left


def _learned(ctx: steering.Steered, lib: Library, request: Request) -> Learned:
    from pfm_desktop.pfm.training.finetune import FinetuneConfig, finetune
    from pfm_desktop.pfm.training.finetune import Sides as Parts
    from pfm_desktop.services import models
    from pfm_desktop.services.learning.pictures import hold, within_memory

    settings, clock = request.settings, _Clock()
    parent = models.folder_of(settings.parent)
    info = models.verify(str(parent))
    if info.sha256 != request.parent_sha256:
        raise ModelError(
            tr("{model} is no longer the model that this run began with", model=settings.parent),
            safe=tr("the model in use stays"),
            remedy=tr("bring that version back, or give this run up and begin another one"),
        )
    most = cases_that_fit(parent, settings.most_bytes)
    chosen, too_many = within_memory(request.cases, request.sides.group_of, most=most, seed=settings.seed)
    held = hold(ctx, lib, chosen, request.sides.group_of, size=info.input_size)
    clock.lap("prepare")
    split = split_of(held.data, held.cases, request.sides, settings.seed)
    second = second_of(settings.reads or info.sources) or Source.FLUORESCENCE
    old = _rehearsed(ctx, settings, info, second)
    clock.lap("rehearse")
    shutil.rmtree(request.folder / MODEL, ignore_errors=True)  # half of one that a kill left
    lines = _card_lines(len(held.data), held.left_out, too_many)
    config = FinetuneConfig(
        settings.name, trained_on=settings.trained_on, epochs=settings.epochs, seed=settings.seed,
        old_share=settings.old_share, enough=0, card_lines=lines, sources=settings.reads,
        devices=tuple(case.device for case in held.cases),
    )  # fmt: skip
    made = finetune(
        ctx, held.data, parent, request.folder / MODEL, config, work=None, old_cases=old,
        sides=Parts(split, request.names, request.locked, request.folder / steering.STATE, request.locked_women),
        tell=lambda tuned: _hear(ctx, clock, request, tuned),
    )  # fmt: skip
    clock.lap("calibrate")
    counts = {
        "cases": {part: len(getattr(split, part)) for part in ("train", "validation", "calibration")},
        "women": len(set(held.data.patients)),
        "rehearsed": len(old) if old is not None else 0,
        "pairs_prepared": len(chosen),
        "size": info.input_size,
        "resumed": made.resumed,
        "epochs": made.epochs,
        "best_epoch": made.best_epoch,
        "matched": list(made.matched),
        "seconds": clock.total,
        "seconds_by_step": clock.laps,
        "processor_seconds_by_step": clock.processor,
        "losses": clock.losses,
        "training_losses": clock.training_losses,
        "left_out": {why.value: count for why, count in left_out_by((*held.left_out, *too_many)).items()},
    }
    learned = Learned(
        request.run_id, made.info.sha256, made.stopped, made.best_epoch, made.notes, counts,
        (*held.left_out, *too_many),
    )  # fmt: skip
    steering.keep_made(request.folder, {name: getattr(learned, name) for name in _KEPT})
    (request.folder / steering.STATE).unlink(missing_ok=True)
    return learned


def _hear(ctx: steering.Steered, clock: _Clock, request: Request, tuned: Tuned) -> None:
    clock.epoch(tuned)
    planned = request.settings.epochs
    ctx.phase = steering.Phase.LEARNING if tuned.epochs < planned else steering.Phase.ENDING
    steering.keep_curves(request.folder, tuned.losses, tuned.learned, planned)


def finished(folder: Path, run_id: str) -> Learned | None:
    """What came of a run whose end is not on record yet; None where it has not ended. `left_out` is not kept."""
    said = steering.made_of(folder)
    if not said or not (folder / MODEL).is_dir():
        return None
    try:
        return Learned(
            run_id, str(said["model_sha256"]), bool(said["stopped"]), int(said["best_epoch"]),
            tuple(map(str, said["notes"])), dict(said["counts"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None


def cases_that_fit(parent: Path, most_bytes: int) -> int:
    """How many cases may be held in memory, prepared and with their feature maps."""
    from pfm_desktop.pfm.checkpoint import load_model
    from pfm_desktop.pfm.features import bytes_of
    from pfm_desktop.pfm.training.finetune import VIEWS
    from pfm_desktop.pfm.training.held import held_bytes

    net = load_model(parent).net
    return max(1, most_bytes // (held_bytes(net.spec.size) + bytes_of(net, VIEWS)))


def split_of(data: PreparedSet, cases: Sequence[Case], sides: Sides, seed: int) -> Split:
    """Places of the cases of each part; validation is taken from the women of the train part by the seed."""
    import numpy as np

    from pfm_desktop.pfm.training.split import PART_WORDS, PARTS, Split, TooFewError

    women = [data.patients[place] for place, case in enumerate(cases) if sides.part(case) is Part.TRAIN]
    chooses = _drawn(women, {name: int(grade) for name, grade in _worst(data).items()}, seed)
    places: dict[str, list[int]] = {part: [] for part in PARTS}
    for place, case in enumerate(cases):
        part = sides.part(case)
        validates = part is Part.TRAIN and data.patients[place] in chooses
        places["validation" if validates else part.value].append(place)
    for name in PARTS[:3]:
        if not places[name]:
            raise TooFewError(
                tr("no woman is left for {part}", part=PART_WORDS[name]),
                safe=tr("the model in use stays"),
                remedy=tr("add cases of more women"),
            )
    return Split(*(np.array(places[name], np.int64) for name in PARTS))


def _worst(data: PreparedSet) -> dict[str, int]:
    worst: dict[str, int] = {}
    for woman, grade in zip(data.patients, data.grades.tolist(), strict=True):
        worst[woman] = max(worst.get(woman, 0), grade)
    return worst


def _drawn(women: Sequence[str], worst: Mapping[str, int], seed: int) -> set[str]:
    """`VALIDATION` of the women of each worst grade, at least one of a grade that has two.

    In an order that hangs on each woman alone: who chose the epoch of one run mostly does so in the next, which starts
    from that one and may have learned from all others.
    """
    drawn: set[str] = set()
    for rank in sorted(set(worst.values())):
        of = sorted({woman for woman in women if worst[woman] == rank}, key=lambda woman: _lot(seed, woman))
        drawn.update(of[: max(round(VALIDATION * len(of)), min(1, len(of) - 1))])
    return drawn


def _lot(seed: int, woman: str) -> str:
    return hashlib.sha256(f"{seed}/{woman}".encode()).hexdigest()


def _rehearsed(ctx: Context, settings: Settings, parent: ModelInfo, second: Source) -> PreparedSet | None:
    """Phantoms for a parent that learned from them, or one before it. Others cannot be rehearsed: their pictures are
    not here."""
    from pfm_desktop.services.learning.rehearsal import phantoms

    if not settings.rehearse or "phantoms" not in parent.passed_on:
        return None
    return phantoms(ctx, settings.rehearse, size=parent.input_size, seed=settings.seed, second=second)


def settle(lib: Library, learned: Learned) -> Run:
    """Put on record what a run has made, once; the model stays in quarantine until it is promoted."""
    run = known_run(lib, learned.run_id)
    if run.state is not State.RUNNING:  # another page met its end first
        return run
    notes = {"notes": list(learned.notes), "stopped": learned.stopped}
    counts = {**run.counts, **learned.counts, **notes}
    state = State.LEARNED if learned.is_new else State.NOT_BETTER
    made = replace(run, model_sha256=learned.model_sha256, counts=counts, state=state)
    change_run(lib, run, made, f"Model learned: {run.model_name}")
    for name in (steering.MADE, steering.CURVES, steering.STOP, steering.PAUSE):  # on record by now
        with contextlib.suppress(OSError):
            (steering.run_folder(lib.path, run.id) / name).unlink()
    return made


def give_up_if_stopped(lib: Library, run_id: str, why: str) -> Run | None:
    """A run that was stopped before it had learned anything comes to nothing. One that has learned something keeps it,
    also where a closing window ended it on its way to its best: then it may go on, or end with that (None)."""
    if not steering.is_stopped(lib, run_id) or steering.has_learned(lib, run_id):
        return None
    return give_up(lib, run_id, why)


def give_up(lib: Library, run_id: str, why: str) -> Run:
    """Put on record that a run came to nothing, and remove what it kept."""
    run = known_run(lib, run_id)
    made = replace(run, counts={**run.counts, "ended": why}, state=State.FAILED)
    change_run(lib, run, made, f"Learning ended without a model: {why}")
    shutil.rmtree(steering.run_folder(lib.path, run_id), ignore_errors=True)
    return made


def unfinished(lib: Library) -> tuple[Run, ...]:
    """Runs that were begun and have not ended: they are going on, or were killed and may go on."""
    with lib.read() as session:
        return tuple(run for run in stored.runs(session) if run.state is State.RUNNING)


def again(lib: Library, found: Found, groups: Sequence[Group], run_id: str) -> Request:
    """The request of a run that was killed, from the library as it is now.

    Where cases have changed meanwhile it starts anew, else it goes on from its last whole epoch.
    """
    run = known_run(lib, run_id)
    with lib.read() as session:
        known, past = stored.parts(session), learning_past.had(session)
    names = marks.names_of(lib, {case.patient_id for case in found.cases} | set(group_names(groups)))
    # others join with the next run
    settled = Found(tuple(case for case in found.cases if case.patient_id in known), found.left_out)
    sides = sides_of(settled, groups, known, shares=SHARES, seed=lib.id, past=past)
    return _request(lib, run, Settings(**run.settings), settled, sides, names, known)


def known_run(lib: Library, run_id: str) -> Run:
    """A run by id; raises `UserError` where it is gone."""
    with lib.read() as session:
        run = stored.run(session, run_id)
    if run is None:
        raise UserError(
            tr("this run is not in the library"), safe=tr("nothing was changed"), remedy=tr("open the list again")
        )
    return run


def change_run(lib: Library, old: Run, new: Run, text: str) -> Change:
    """Put on record what differs."""
    return lib.apply(change_of(old, new, text))


def change_of(old: Run, new: Run, text: str) -> Change:
    """What differs between a run as it was and as it is."""
    before, after = stored.run_fields(old), stored.run_fields(new)
    differing = [name for name in after if before[name] != after[name]]
    return Change(
        "learning_run",
        old.id,
        {name: before[name] for name in differing},
        {name: after[name] for name in differing},
        text,
    )


def _said(settings: Settings) -> dict[str, Any]:
    return dict(vars(settings))


def _counts(found: Found, sides: Sides) -> dict[str, Any]:
    out = (*found.left_out, *sides.left_out)
    parts = dict.fromkeys(Part, 0)
    gone = {one.pair_id for one in sides.left_out}
    for case in found.cases:
        if case.pair_id not in gone:
            parts[sides.part(case)] += 1
    return {
        "by_part": {part.value: count for part, count in parts.items()},
        "groups": len(set(sides.group_of.values())),
        "left_out_before": {why.value: count for why, count in left_out_by(out).items()},
    }


def _card_lines(used: int, refused: Sequence[LeftOut], too_many: Sequence[LeftOut]) -> tuple[str, ...]:
    lines = ["The women of the locked test were not asked when this model was made."]
    if refused:
        lines.append(f"{len(refused)} cases were left out because the engine would refuse them.")
    if too_many:
        lines.append(f"{used} cases were drawn, as many as the memory holds; {len(too_many)} were left out.")
    return tuple(lines)


class _Clock:
    """Seconds by step, on the clock and of the processor, and the losses of the epochs."""

    def __init__(self) -> None:
        self._begun = self._last = (time.monotonic(), time.process_time())
        self.laps: dict[str, float] = {}
        self.processor: dict[str, float] = {}
        self.losses: list[float] = []
        self.training_losses: list[float] = []

    def lap(self, name: str) -> None:
        """The time since the last one was for that."""
        now = (time.monotonic(), time.process_time())
        for kept, at in ((self.laps, 0), (self.processor, 1)):
            kept[name] = round(kept.get(name, 0.0) + now[at] - self._last[at], 2)
        self._last = now

    def epoch(self, tuned: Tuned) -> None:
        """Told by the run; the first call comes when the feature maps are there."""
        self.lap("epochs" if self.losses else "features")
        self.losses = [round(loss, 5) for loss in tuned.losses]
        self.training_losses = [round(loss, 5) for loss in tuned.learned]

    @property
    def total(self) -> float:
        """Until now, on the clock."""
        return round(time.monotonic() - self._begun[0], 2)
