"""What somebody has to decide in a task, and what she decided before and may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pfm_desktop.domain.labelling import Read, Turn
from pfm_desktop.services import labelling
from pfm_desktop.services.labelling import Queue
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr


@dataclass(frozen=True)
class ToDecide:
    """Pairs on which readers differ, those farthest apart first, and behind them those that were decided. `reads`: by
    pair, what readers said first, and after them what somebody else decided."""

    queue: Queue
    reads: Mapping[str, tuple[Read, ...]]


def to_decide(lib: Library, task_id: str) -> ToDecide:
    """What `lib.who` decides in a task. Raises `NotAllowedError`, and `UserError` where it is closed or gone."""
    differing = labelling.disagreements(lib, task_id)
    task, decided = labelling.look_again(lib, task_id, adjudicates=True)
    if task.closed:
        raise UserError(
            tr("this task is closed: nothing can be decided in it"),
            safe=tr("nothing was changed, and no reads were shown"),
            remedy=tr("open it again, then decide"),
        )
    reads = {one.pair_id: one.reads for one in differing}
    with lib.read() as session:
        found = stored.reads(session, task_id=task_id, pair_ids=[turn.pair_id for turn in decided])
    for turn in decided:
        of_pair = [read for read in found if read.pair_id == turn.pair_id and read.turn == 1]
        said = [read for read in of_pair if not read.adjudicates]
        reads[turn.pair_id] = (*said, *(read for read in of_pair if read.adjudicates and read.reader != lib.who))
    turns = tuple(Turn(pair_id) for pair_id in reads)
    return ToDecide(Queue(task, turns, decided), reads)


def decided_by_task(lib: Library) -> Mapping[str, int]:
    """By task, how many pairs `lib.who` decided."""
    with lib.read() as session:
        return stored.decisions_of(session, lib.who)
