"""Old and new model on the locked test: what is asked, what they say, and that somebody has looked.

Whoever looks at figures of the locked test goes on record, and how often that was done stands beside the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.learning import Case, Found, Group, LeftOut, Part, Run, State, group_names, sides_of
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services import models
from pfm_desktop.services.learning import marks
from pfm_desktop.services.learning.run import MODEL, SHARES, STATE_WORDS, change_run, known_run
from pfm_desktop.services.learning.steering import run_folder
from pfm_desktop.services.learning.verdict import JUDGED, Verdict, verdict_of
from pfm_desktop.storage import access, journal, learning_past
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.settings import load_settings

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.compared import Comparison
    from pfm_desktop.storage.keys import LibraryKeys


@dataclass(frozen=True)
class Changed:
    """A case of the locked test that the two models grade differently; grades as ranks."""

    pair_id: str
    truth: int
    old: int
    new: int


@dataclass(frozen=True)
class Look:
    """Figures of the locked test. `looks`: how often they were looked at, this time too."""

    figures: Mapping[str, Any]
    changed: tuple[Changed, ...]
    verdict: Verdict
    looks: int


@dataclass(frozen=True)
class Question:
    """What a comparison needs. It may be pickled; `keys` are passed in memory and never written."""

    run_id: str
    library: Path
    keys: LibraryKeys | None
    cases: tuple[Case, ...]
    names: Mapping[str, str]
    old: Path
    new: Path
    seen_before: int = 0  # women of the locked test whom one of the models has learned from: they are not asked about
    absent: int = 0  # women of the locked test who have no case now: no label, or a picture is gone


@dataclass(frozen=True)
class Told:
    """What the two models say of the locked test, not on record yet and not to be shown before."""

    run_id: str
    figures: Mapping[str, Any]
    changed: tuple[Changed, ...]
    women: int
    cases: int
    labels: Mapping[str, int]  # by pair that was asked about, the rank of its label


def look(ctx: Context, lib: Library, run_id: str, found: Found, groups: Sequence[Group] = ()) -> Look:
    """Ask the model that answers now and the new one about the women of the locked test, and put on record that it was
    done. As a job.

    `found`: the cases as they are labelled now. Raises `UserError` where the run has no model, `ModelError` where the
    one that answers is gone, `TooFewError` where the test has no case that can be used.
    """
    return record_look(lib, compare(ctx, question(lib, run_id, found, groups)))


def question(lib: Library, run_id: str, found: Found, groups: Sequence[Group] = ()) -> Question:
    """The first step of `look`: what is to be asked. Both models are verified. Raises as `look` does."""
    from pfm_desktop.pfm.training.split import TooFewError

    access.require(lib.account, Act.SIGN)
    run = known_run(lib, run_id)
    check_promoted_answers(lib, run)
    new, old = folder_of(lib, run), compared_with(run)
    tested = locked_cases(lib, found, groups)
    if not tested:
        raise TooFewError(
            tr("no case of the locked test has a label"),
            safe=tr("nothing was changed"),
            remedy=tr("grade pairs of more women"),
        )
    seen = _learned_from(lib, {case.patient_id for case in tested}, groups, (old, new))
    unseen = tuple(case for case in tested if case.patient_id not in seen)
    if not unseen:
        raise TooFewError(
            tr(
                "{name}, or a model that it came from, has learned from all women of the locked test: "
                "figures on them say nothing",
                name=models.info_of(str(old)).name,
            ),
            safe=tr("nothing was changed"),
            remedy=tr("have a model answer that has not (Models), or add women"),
        )
    with lib.read() as session:
        locked = {woman for woman, part in stored.parts(session).items() if part is Part.TEST}
    absent = len(locked - {case.patient_id for case in tested})
    return Question(run_id, lib.path, lib.keys, unseen, group_names(groups), old, new, len(seen), absent)


def _learned_from(
    lib: Library, women: Collection[str], groups: Sequence[Group], folders: Sequence[Path]
) -> frozenset[str]:
    """Those of these women from whom, or from one who may be the same, one of the models has learned."""
    same = {woman: group.women for group in groups for woman in group.women}
    asked = {other for woman in women for other in same.get(woman, (woman,))}
    seen = marks.learned_from(lib, asked, folders)
    return frozenset(woman for woman in women if seen.intersection(same.get(woman, (woman,))))


def compare(ctx: Context, asked: Question) -> Told:
    """The second step, a job for a process of its own: the library is open for reading, and nothing is written."""
    from pfm_desktop.pfm.training.compared import compare_models
    from pfm_desktop.services.learning.pictures import hold
    from pfm_desktop.support.threads import give_way

    give_way()
    size = models.info_of(str(asked.new)).input_size
    with Library.open(asked.library, asked.keys) as lib:
        held = hold(ctx, lib, asked.cases, asked.names, size=size)
    compared = compare_models(ctx, held.data, asked.old, asked.new, [case.device for case in held.cases])
    changed = _changed(held.cases, compared)
    figures = {
        **compared.figures,
        "seen_before": asked.seen_before,
        "absent": asked.absent,
        "left_out": _women_left_out(asked, held.left_out),
        "origins": dict(Counter(case.said.value for case in held.cases).most_common()),
    }
    labels = {case.pair_id: case.grade.rank for case in held.cases}
    return Told(asked.run_id, figures, changed, len(set(held.data.patients)), len(held.cases), labels)


def record_look(lib: Library, told: Told) -> Look:
    """The third step: that figures of the locked test are looked at goes on record, before anybody sees them."""
    run = known_run(lib, told.run_id)
    first = _first_labels(lib)
    others = sum(first.get(pair_id, (0, rank))[1] != rank for pair_id, rank in told.labels.items())
    told = replace(told, figures={**told.figures, "labels_changed": others})
    verdict = verdict_of(told.figures)
    with lib.write() as session:
        said = {"run": run.id, "women": told.women, "cases": told.cases}
        text = f"Figures of the locked test looked at: {run.model_name}"
        journal.append(session, Change(stored.LOOK, run.id, None, said, text), who=lib.who)
        looks = stored.looks(session)
    figures = {
        **told.figures,
        "judged": list(JUDGED),
        "looks": looks,
        "against": list(verdict.against),
        "mind": list(verdict.mind),
        "changed": len(told.changed),
        "labels": dict(told.labels),
        "first_labels": {pair_id: first.get(pair_id, (looks, rank)) for pair_id, rank in told.labels.items()},
        "changed_cases": [[one.pair_id, one.truth, one.old, one.new] for one in told.changed],
    }
    change_run(lib, run, replace(run, figures=figures), f"Old and new model compared: {run.model_name}")
    return Look(figures, told.changed, verdict, looks)


def _first_labels(lib: Library) -> dict[str, tuple[int, int]]:
    """By pair of the locked test that figures were ever looked at about: which look that was, and its label then."""
    with lib.read() as session:
        runs = stored.runs(session)
    found: dict[str, tuple[int, int]] = {}
    for run in runs:
        kept = {pair_id: (int(at), int(rank)) for pair_id, (at, rank) in run.figures.get("first_labels", {}).items()}
        older = {
            pair_id: (int(run.figures.get("looks", 0)), rank) for pair_id, rank in run.figures.get("labels", {}).items()
        }
        for pair_id, seen in {**older, **kept}.items():
            found[pair_id] = min(seen, found.get(pair_id, seen))
    return found


def changed_of(run: Run) -> tuple[Changed, ...]:
    """The cases that the models of a run grade differently, as of the last look; empty before the first."""
    return tuple(Changed(str(pair), *map(int, ranks)) for pair, *ranks in run.figures.get("changed_cases", ()))


def locked_cases(lib: Library, found: Found, groups: Sequence[Group] = ()) -> tuple[Case, ...]:
    """The cases of women who stand in the locked test on record; nobody gets a part by this."""
    with lib.read() as session:
        known, past = stored.parts(session), learning_past.had(session)
    settled = Found(tuple(case for case in found.cases if case.patient_id in known))
    sides = sides_of(settled, groups, known, shares=SHARES, seed=lib.id, past=past)
    out = {one.pair_id for one in sides.left_out}
    return tuple(case for case in settled.cases if sides.part(case) is Part.TEST and case.pair_id not in out)


def _women_left_out(asked: Question, left_out: Sequence[LeftOut]) -> dict[str, int]:
    """By reason, how many women could not be asked about: none of their cases can be used."""
    woman_of = {case.pair_id: asked.names.get(case.patient_id, case.patient_id) for case in asked.cases}
    out = {one.pair_id for one in left_out}
    there = {woman for pair_id, woman in woman_of.items() if pair_id not in out}
    why = {woman_of[one.pair_id]: one.why.value for one in left_out}
    return dict(Counter(said for woman, said in why.items() if woman not in there))


def _changed(cases: Sequence[Case], compared: Comparison) -> tuple[Changed, ...]:
    rows = zip(cases, compared.old.tolist(), compared.new.tolist(), strict=True)
    return tuple(Changed(case.pair_id, case.grade.rank, old, new) for case, old, new in rows if old != new)


def check_promoted_answers(lib: Library, run: Run) -> None:
    """Where a model of the library is promoted, a later one is compared with that, and not with what somebody chose on
    one computer. One that is gone from the library cannot be."""
    in_use = models.verify(load_settings().model)
    with lib.read() as session:
        active = [one for one in stored.runs(session) if one.state is State.ACTIVE and one.id != run.id]
    for one in active:
        there = (run_folder(lib.path, one.id) / MODEL).is_dir()
        if there and in_use.sha256 not in (one.model_sha256, run.model_sha256):
            raise UserError(
                tr(
                    "{model} is promoted in this library, and {answering} answers on this computer",
                    model=one.model_name,
                    answering=in_use.name,
                ),
                safe=tr("nothing was changed"),
                remedy=tr(
                    "choose {model} above and have it answer here, so that it is compared with that",
                    model=one.model_name,
                ),
            )


def folder_of(lib: Library, run: Run) -> Path:
    """The model of a run in quarantine, verified; raises `UserError` where there is none, `ModelError` if altered."""
    folder = run_folder(lib.path, run.id) / MODEL
    if not run.model_sha256 or not folder.is_dir():
        raise UserError(
            tr("this run has no model ({state})", state=STATE_WORDS[run.state]), safe=tr("nothing was changed")
        )
    if models.verify(str(folder)).sha256 != run.model_sha256:
        raise ModelError(tr("the model is not the one that the run has made"), safe=tr("the model in use stays"))
    return folder


def compared_with(run: Run) -> Path:
    """The folder of the model that answers now; where that is the run's own, of the one that it came from.

    Raises `ModelError` where it is gone or was altered.
    """
    in_use = load_settings().model
    return parent_of(run) if models.verify(in_use).sha256 == run.model_sha256 else models.folder_of(in_use)


def parent_of(run: Run) -> Path:
    """The folder of the model that a run came from; raises `ModelError` where it is gone or another one."""
    folder = models.folder_of(run.parent_name)
    if models.verify(str(folder)).sha256 != run.parent_sha256:
        raise ModelError(
            tr("{model} is no longer the model that this one was learned from", model=run.parent_name),
            safe=tr("nothing was changed"),
            remedy=tr("bring that version back, or learn again"),
        )
    return folder
