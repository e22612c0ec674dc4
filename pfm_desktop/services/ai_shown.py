"""Answers of the model beside pairs that are read for labels: when they may be seen, and who has seen which.

What is shown is put on record before it is seen, so that no read after it passes for a blind one: neither in another
task, nor as a blind repeat, nor after the program was started anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pfm_desktop.domain.labelling import AiShown, Task
from pfm_desktop.jobs import Context
from pfm_desktop.services import on_record
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr
from pfm_desktop.support.quiet import Own

if TYPE_CHECKING:
    from pfm_desktop.domain.prediction import Analysis, ModelInfo

log = logging.getLogger(__name__)
WHAT = "ai_shown"
NOT_READ = tr("a picture of this pair is missing or damaged, or the library cannot be read now")
NOT_RECORDED = tr("it cannot be put on record that you see it")
_REVEAL = "reveal"  # in Review, under the id of the visit


def shown_in(task: Task, choice: AiShown) -> AiShown:
    """When answers are shown in a task where the site has chosen so.

    Before the grade only where the task was made so: what its readers were promised holds.
    """
    return AiShown.AFTER if choice is AiShown.BEFORE and not task.ai_first else choice


def record_shown(lib: Library, pair_id: str, model: ModelInfo, *, task_id: str) -> None:
    """Put on record that `lib.who` is shown the answer about a pair; once for each pair. Before it is seen.

    Raises `StorageError` where that cannot be kept, also in a library that is open for reading only.
    """
    details = {"name": model.name, "version": model.version, "sha256": model.sha256, "task_id": task_id}
    on_record.once(lib, WHAT, pair_id, f"AI answer shown to a reader: {model.name} {model.version}", details)


def record_compared(lib: Library, pair_ids: Sequence[str]) -> None:
    """Put on record that `lib.who` is shown what two models said of these pairs of the locked test, as they grade them
    differently. Raises `StorageError` where that cannot be kept."""
    there = on_record.done(lib, WHAT, pair_ids)
    for pair_id in pair_ids:
        if pair_id not in there:
            lib.record_event(WHAT, pair_id, "Answers of two compared models shown", {"compared": True})


def has_seen(lib: Library, pair_id: str) -> bool:
    """Whether `lib.who` has seen an answer about this pair, or in Review one about its visit."""
    return pair_id in seen_of(lib, [pair_id])


def seen_of(lib: Library, pair_ids: Sequence[str]) -> frozenset[str]:
    """Those of these pairs of which `lib.who` has."""
    with lib.read() as session:
        visits: Mapping[str, str] = stored.visits_of(session, pair_ids)
    shown = on_record.done(lib, WHAT, pair_ids)
    revealed = on_record.done(lib, _REVEAL, sorted(set(visits.values())))
    return shown | {pair_id for pair_id, visit_id in visits.items() if visit_id in revealed}


def show_job(ctx: Context, lib: Library, pair_id: str, model: str, task_id: str) -> Analysis:
    """The answer about a pair, once it is on record that `lib.who` is shown it. As a job.

    Stopped before that, nothing is on record. Raises `UserError` in words that tell no name of a file, which may be a
    woman's.
    """
    try:
        analysis = answer_job(ctx, lib, pair_id, model)
    except (BadInputError, StorageError) as error:
        log.warning("a pair cannot be read: %s", Own(type(error).__name__))
        raise StorageError(NOT_READ, safe=tr("nothing was changed")) from None
    ctx.check()
    try:
        record_shown(lib, pair_id, analysis.model, task_id=task_id)
    except StorageError as error:
        raise StorageError(f"{NOT_RECORDED}: {error.what}", safe=tr("nothing is shown"), remedy=error.remedy) from error
    return analysis


def answer_job(ctx: Context, lib: Library, pair_id: str, model: str) -> Analysis:
    """What a model says about a pair, kept or made now. As a job; raises `UserError` where it cannot be asked."""
    from pfm_desktop.services import engine

    return engine.answer_pair(ctx, lib, engine.load_pair(ctx, lib, pair_id), model).analysis
