"""What a reader says of a pair beside its grade, before the grade is given: note, quality, lesions. Kept on record.

It is no read and labels nothing. What was said last of a turn holds; once the turn has a read, that holds instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pfm_desktop.domain.labelling import Quality, Region, Turn
from pfm_desktop.domain.source import Source
from pfm_desktop.storage import journal
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library

WHAT = "said_beside"  # on record, under the ids of task and pair, the turn, and whether it is a decision
_READ, _DECISION = "read", "decision"


@dataclass(frozen=True)
class Draft:
    """What is said of a pair beside the grade."""

    note: str = ""
    quality: Quality | None = None
    regions: tuple[Region, ...] = ()


def keep(lib: Library, task_id: str, turn: Turn, draft: Draft, *, adjudicates: bool = False) -> None:
    """Put on record what `lib.who` says of a turn that has no read; an empty draft: nothing any more.

    Raises `StorageError` where that cannot be kept, also in a library that is open for reading only.
    """
    details = {
        "note": draft.note,
        "quality": draft.quality.value if draft.quality is not None else None,
        "regions": stored.regions_fields(draft.regions),
    }
    key = f"{task_id}:{turn.pair_id}:{turn.turn}:{_DECISION if adjudicates else _READ}"
    lib.record_event(WHAT, key, "Said of a pair before its grade: note, quality, regions", details)


def kept(lib: Library, task_id: str, *, adjudicates: bool = False) -> Mapping[Turn, Draft]:
    """By turn of a task, what `lib.who` said last beside the grade; also of turns that were read since."""
    with lib.read() as session:
        found = journal.latest_by(session, what=WHAT, who=lib.who, begins=f"{task_id}:")
    wanted = _DECISION if adjudicates else _READ
    drafts = {}
    for key, said in found.items():
        _, pair_id, turn, kind = key.split(":")
        if kind == wanted:
            drafts[Turn(pair_id, int(turn))] = _draft(said)
    return drafts


def _draft(said: Mapping[str, Any]) -> Draft:
    regions = (
        Region(Source(one["frame"]), tuple((float(x), float(y)) for x, y in one["outline"])) for one in said["regions"]
    )
    return Draft(said["note"], Quality(said["quality"]) if said["quality"] else None, tuple(regions))
