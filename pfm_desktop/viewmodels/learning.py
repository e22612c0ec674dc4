"""Fine-tuning as the window does it: what can be learned from, the steps of a run, and who may take them. No Qt.

What reads or writes much is a job for a thread; learning and comparing themselves are jobs for a process of their own
(`services.learning.run.learn`, `services.learning.comparing.compare`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.learning import Found, Group, Part, Run, State
from pfm_desktop.domain.people import Act
from pfm_desktop.domain.source import SECONDS, Source, second_of
from pfm_desktop.jobs import Context
from pfm_desktop.services import labelling
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.learning.cases import Wish
    from pfm_desktop.services.learning.comparing import Changed, Question
    from pfm_desktop.services.learning.run import Request, Settings
    from pfm_desktop.storage.library import Library
    from pfm_desktop.support.settings import Settings as UserSettings

COUNTING, LEARNING, COMPARING = tr("Looking for cases"), tr("Learning a model"), tr("Comparing two models")
SECONDS_A_CASE = 0.5  # of `benchmarks/finetune.py`, two cores, 224 pixels; used until this library has had a run


@dataclass(frozen=True)
class Rights:
    """What who is signed in may do, and why not where that is nothing."""

    learn: bool
    promote: bool
    why_not: str = ""


def rights_in(lib: Library) -> Rights:
    """Of who is signed in."""
    if not labelling.may_see_reads(lib) or not lib.may(Act.EDIT_VISITS):
        return Rights(False, False, tr("Models are learned by clinicians of this library: they see all labels."))
    if lib.read_only:
        return Rights(False, False, tr("This library is open for reading only: nothing can be learned from it here."))
    return Rights(True, lib.may(Act.SIGN))


@dataclass(frozen=True)
class Counted:
    """What there is to learn from, before pictures are compared. `parts`: how many women stand where already;
    `seconds`: None where nobody knows."""

    found: Found
    missing: Mapping[Grade, int]
    enough: int
    parts: Mapping[Part, int]
    seconds: float | None
    second: Source | None = None  # of what the women who have to be enough must have a picture, besides white light


def count_job(ctx: Context, lib: Library, wish: Wish, parent: str) -> Counted:
    """Job: the cases, and what is missing. No picture is opened."""
    from pfm_desktop.services import models
    from pfm_desktop.services.learning import cases, records
    from pfm_desktop.support.errors import UserError

    found = cases.find_cases(ctx, lib, wish)
    try:
        size = models.info_of(parent).input_size
    except UserError:  # said when the run is begun
        size = 0
    seconds = cases.seconds_for(len(found.cases), records.all_runs(lib), size=size, measured=SECONDS_A_CASE)
    missing = cases.missing_women(cases.teaching(found.cases, wish.sources), enough=wish.enough)
    second = second_of(wish.sources)
    if second is Source.FLUORESCENCE:
        second = None
    return Counted(found, missing, wish.enough, records.standing(lib), seconds, second)


def begin_job(ctx: Context, lib: Library, settings: Settings) -> Request:
    """Job: look for the cases, compare their pictures so that women who may be one stand together, and put the run on
    record. Raises as `run.begin` does."""
    from pfm_desktop.services.learning import run

    found, groups = _cases(ctx, lib, wish_for(settings))
    return run.begin(lib, found, groups, settings)


def wish_for(settings: Settings) -> Wish:
    """The cases from which a run with these settings learns."""
    from pfm_desktop.services.learning.cases import Wish

    return Wish(settings.reads or Wish().sources, settings.impressions, settings.enough)


def again_job(ctx: Context, lib: Library, run_id: str, finish: bool) -> Request:
    """Job: what a run that was cut short needs to go on, or with `finish` to end with the best so far."""
    from pfm_desktop.services.learning import run, steering

    found, groups = _cases_of(ctx, lib, run_id)
    request = run.again(lib, found, groups, run_id)
    steering.pause(lib, run_id, on=False)
    steering.stop(lib, run_id, on=finish)
    return request


def question_job(ctx: Context, lib: Library, run_id: str) -> Question:
    """Job: what the old and the new model are to be asked."""
    from pfm_desktop.services.learning import comparing

    found, groups = _cases_of(ctx, lib, run_id)
    return comparing.question(lib, run_id, found, groups)


def _cases_of(ctx: Context, lib: Library, run_id: str) -> tuple[Found, Sequence[Group]]:
    """As they are labelled now, by the same wish as when the run was begun."""
    from pfm_desktop.services.learning import cases, run

    return _cases(ctx, lib, cases.wish_of(run.known_run(lib, run_id)))


def _cases(ctx: Context, lib: Library, wish: Wish) -> tuple[Found, Sequence[Group]]:
    from pfm_desktop.services.learning import cases
    from pfm_desktop.services.learning.women import groups_of

    found = cases.find_cases(ctx, lib, wish)
    compared = groups_of(ctx, lib, found.cases)
    return found.without(compared.left_out), compared.groups


@dataclass(frozen=True)
class Signature:
    """Who promotes, and why where the verdict is against it. `password`: "" in a library without accounts."""

    name: str
    meaning: str
    password: str = ""
    reason: str = ""


def promote_job(ctx: Context, lib: Library, run_id: str, signature: Signature) -> UserSettings:
    """Job: make the model of a run the one that answers."""
    from pfm_desktop.services.learning import promotion

    ctx.check()
    return promotion.promote(
        lib, run_id, name=signature.name, meaning=signature.meaning, password=signature.password,
        reason=signature.reason,
    )  # fmt: skip


def roll_back_job(ctx: Context, lib: Library, run_id: str) -> UserSettings:
    """Job: the model before answers again."""
    from pfm_desktop.services.learning import promotion

    ctx.check()
    return promotion.roll_back(lib, run_id)


def answer_here_job(ctx: Context, lib: Library, run_id: str) -> UserSettings:
    """Job: the promoted model of the library answers on this computer too."""
    from pfm_desktop.services.learning import promotion

    ctx.check()
    return promotion.answer_here(lib, run_id)


@dataclass(frozen=True)
class Runs:
    """All runs, the newest first, and how often the locked test was looked at."""

    runs: tuple[Run, ...]
    looks: int


def runs_job(ctx: Context, lib: Library) -> Runs:
    """Job: read them."""
    from pfm_desktop.services.learning import records

    ctx.check()
    return Runs(records.all_runs(lib), records.looks(lib))


def cut_short(found: Runs, lib: Library, *, learning: bool) -> str:
    """That a run waits to be gone on with; "" where none does, or where it may be the one that goes on."""
    if learning or lib.read_only or not any(one.state is State.RUNNING for one in found.runs):
        return ""
    return tr("a run was cut short")


def changed_job(ctx: Context, lib: Library, changed: Sequence[Changed]) -> Mapping[str, tuple[str, str]]:
    """Job: by pair, its visit and the picture that stands for it.

    What the models said of them is shown beside: that goes on record first, so that no later read passes for a blind
    one. Raises `StorageError` where that cannot be kept; then nothing is shown.
    """
    from pfm_desktop.services import ai_shown
    from pfm_desktop.services.learning import records

    ctx.check()
    ai_shown.record_compared(lib, [one.pair_id for one in changed])
    return records.pictures_of(lib, [one.pair_id for one in changed])


@dataclass(frozen=True)
class Parent:
    """A model that can be learned from, and which sources it reads."""

    name: str
    title: str
    sources: tuple[Source, ...]


READS = tuple((Source.WHITE, second) for second in SECONDS)  # what a new model may read


def parents() -> tuple[Parent, ...]:
    """Models that can be learned from; those that are only a start for training are not there."""
    from pfm_desktop.services import models

    instead = {entry.path for entry, _ in models.hidden()}
    return tuple(
        Parent(entry.info.name, f"{entry.info.name} {entry.info.version}", entry.info.sources)
        for entry in models.models()
        if entry.info.can_grade and entry.path not in instead
    )


def free_name(taken: Sequence[str]) -> str:
    """A name for the next model."""
    return next(name for name in (f"clinic-{number}" for number in range(1, len(taken) + 2)) if name not in taken)
