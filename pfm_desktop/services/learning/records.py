"""What is on record about learning, for a page that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pfm_desktop.domain.learning import Part, Run, State
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.services.learning import run, steering
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage import repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.support.language import tr


def all_runs(lib: Library) -> tuple[Run, ...]:
    """The newest first. One that has ended while no window was there is put on record before, where that may be."""
    if not lib.read_only:
        for one in run.unfinished(lib):
            made = run.finished(steering.run_folder(lib.path, one.id), one.id)
            if made is not None:
                run.settle(lib, made)
    with lib.read() as session:
        return stored.runs(session)


def looks(lib: Library) -> int:
    """How often figures of the locked test were looked at."""
    with lib.read() as session:
        return stored.looks(session)


def why_not_chosen(lib: Library, info: ModelInfo) -> str:
    """Why a model may not be chosen in a library that has learned it; "" where it may."""
    with lib.read() as session:
        return not_promoted(stored.runs(session), info.name, info.sha256)


def not_promoted(runs: Sequence[Run], name: str, sha256: str) -> str:
    """The same of a model with this name and the hash of its weights, from the runs of the library, the newest first.

    Where no epoch was better, a run's model has the weights of its parent, which is not meant.
    """
    own = [
        one
        for one in runs
        if sha256 and one.model_sha256 == sha256 and (sha256 != one.parent_sha256 or one.model_name == name)
    ]
    if not own or any(one.state is State.ACTIVE for one in own):
        return ""
    state = tr("in quarantine") if own[0].state in (State.LEARNED, State.NOT_BETTER) else run.STATE_WORDS[own[0].state]
    return tr(
        "{model} was learned from this library and is {state}: it answers once it is "
        "compared and promoted in Fine-tune",
        model=own[0].model_name,
        state=state,
    )


def standing(lib: Library) -> Mapping[Part, int]:
    """How many women have which part."""
    with lib.read() as session:
        given = list(stored.parts(session).values())
    return {part: given.count(part) for part in Part}


def pictures_of(lib: Library, pair_ids: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """By pair that is still there: its visit, and the picture that stands for it."""
    found: dict[str, tuple[str, str]] = {}
    with lib.read() as session:
        for pair_id in pair_ids:
            pair = repositories.pair(session, pair_id)
            if pair is not None:
                found[pair_id] = (pair.visit_id, pair.white_id or pair.fluorescence_id or "")
    return found
