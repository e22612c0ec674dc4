"""Honest promotion: old and new model on the locked test, a verdict, a signature, and the way back.

Whoever looks at figures of the locked test goes on record, and how often that was done stands beside the figures.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.learning import Case, Found, Group, LeftOut, Part, Run, State, group_names, sides_of
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services import accounts, models
from pfm_desktop.services.learning import marks
from pfm_desktop.services.learning.cases import find_cases, wish_of
from pfm_desktop.services.learning.run import MODEL, SHARES, change_of, change_run, known_run
from pfm_desktop.services.learning.steering import run_folder
from pfm_desktop.services.learning.tested_card import write_tested
from pfm_desktop.services.learning.verdict import JUDGED, Verdict, verdict_of
from pfm_desktop.storage import access, journal, learning_past
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, UserError
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import Settings, load_settings, save_settings

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.compared import Comparison
    from pfm_desktop.storage.keys import LibraryKeys

SHORTEST_REASON = 10  # letters: it is to be understood in years
LEAST_DIFFERENT = 4  # letters: one key held down says nothing


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
    _check_promoted_answers(lib, run)
    new, old = folder_of(lib, run), compared_with(run)
    tested = locked_cases(lib, found, groups)
    if not tested:
        raise TooFewError(
            "no case of the locked test has a label", safe="nothing was changed", remedy="grade pairs of more women"
        )
    seen = _learned_from(lib, {case.patient_id for case in tested}, groups, (old, new))
    unseen = tuple(case for case in tested if case.patient_id not in seen)
    if not unseen:
        raise TooFewError(
            f"{models.info_of(str(old)).name}, or a model that it came from, has learned from all women of the locked "
            "test: figures on them say nothing",
            safe="nothing was changed",
            remedy="have a model answer that has not (Models), or add women",
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


def promote(lib: Library, run_id: str, *, name: str, meaning: str, password: str = "", reason: str = "") -> Settings:
    """Make the model of a run the one that answers, signed by whoever is signed in; the one before is kept.

    Needs a look at the locked test first. Where its verdict is against it, a `reason` overrides, and goes on record.
    Raises `UserError` for a refusal, `WrongPasswordError`, `ModelError` for a model that was altered meanwhile.
    """
    access.require(lib.account, Act.SIGN)
    run = known_run(lib, run_id)
    settings = load_settings()
    _check_promotable(run, reason)
    _check_promoted_answers(lib, run)
    _check_compared(run, settings.model)
    _check_labels(lib, run)
    if not name.strip() or not meaning.strip():
        raise BadInputError("a signature needs a printed name and what it means", remedy="fill in both")
    if lib.account is not None and name.strip() != lib.account.name:
        raise UserError(
            f"{lib.account.name} is signed in, and cannot sign as {name.strip()}", safe="nothing was signed",
            remedy="sign out, and let who signs sign in",
        )  # fmt: skip
    folder = folder_of(lib, run)
    accounts.confirm(lib, password, "to promote a model")
    place = _brought(folder, run)
    write_tested(place, run)
    said = {"signed_by": name.strip(), "meaning": meaning.strip(), "reason": reason.strip(), "before": settings.model,
            "before_sha256": models.verify(settings.model).sha256}  # fmt: skip
    new = replace(run, state=State.ACTIVE, counts={**run.counts, "promotion": said})
    text = f"Model promoted by {name.strip()}: {meaning.strip()}" + (
        f"; overridden: {reason.strip()}" if reason else ""
    )
    with lib.read() as session:
        others = [one for one in stored.runs(session) if one.state is State.ACTIVE and one.id != run.id]
    changes = [change_of(one, replace(one, state=State.REPLACED), f"Replaced by {run.model_name}") for one in others]
    return _in_use(lib, settings, place.name, [*changes, change_of(run, new, text)])


def _in_use(lib: Library, settings: Settings, model: str, changes: Sequence[Change]) -> Settings:
    """Another model answers and that is on record, or neither. Raises `StorageError`."""
    made = replace(settings, model=model)
    save_settings(made)
    try:
        lib.apply_all(changes)
    except BaseException:
        save_settings(settings)
        raise
    return made


def _check_promotable(run: Run, reason: str) -> None:
    if run.state not in (State.LEARNED, State.NOT_BETTER, State.ROLLED_BACK, State.REPLACED):
        raise UserError(f"this run is {run.state.value}", safe="the model in use stays")
    if not run.figures:
        raise UserError(
            "old and new model have not been compared on the locked test",
            safe="the model in use stays",
            remedy="compare them first",
        )
    if run.figures.get("judged") != list(JUDGED):
        raise UserError(
            "old and new model were compared by an older version of this program, which looked at less",
            safe="the model in use stays",
            remedy="compare them again",
        )
    against = run.figures.get("against", [])
    letters = [letter for letter in reason.lower() if letter.isalpha()]
    if against and (len(letters) < SHORTEST_REASON or len(set(letters)) < LEAST_DIFFERENT):
        raise UserError(
            f"the new model is not promoted: {'; '.join(against)}",
            safe="the model in use stays",
            remedy="keep the old one, or give the reason why the new one is to answer all the same, in a few words "
            f"({SHORTEST_REASON} letters or more)",
        )


def _check_compared(run: Run, in_use: str) -> None:
    """Figures against another model than the one that answers say nothing of what would be lost."""
    now = models.verify(in_use)
    if now.sha256 == run.model_sha256:
        raise UserError(
            f"{run.model_name} answers already on this computer", safe="nothing was changed",
            remedy="choose another model in Models first, to compare it with that",
        )  # fmt: skip
    compared = run.figures.get("models", {}).get("old", {"name": run.parent_name, "sha256": run.parent_sha256})
    if compared["sha256"] != now.sha256:
        raise UserError(
            f"{run.model_name} was compared with {compared['name']}, and {now.name} answers now",
            safe="the model in use stays",
            remedy="compare them again",
        )


def _check_promoted_answers(lib: Library, run: Run) -> None:
    """Where a model of the library is promoted, a later one is compared with that, and not with what somebody chose on
    one computer. One that is gone from the library cannot be."""
    in_use = models.verify(load_settings().model)
    with lib.read() as session:
        active = [one for one in stored.runs(session) if one.state is State.ACTIVE and one.id != run.id]
    for one in active:
        there = (run_folder(lib.path, one.id) / MODEL).is_dir()
        if there and in_use.sha256 not in (one.model_sha256, run.model_sha256):
            raise UserError(
                f"{one.model_name} is promoted in this library, and {in_use.name} answers on this computer",
                safe="nothing was changed",
                remedy=f"choose {one.model_name} above and have it answer here, so that it is compared with that",
            )


def answer_here(lib: Library, run_id: str) -> Settings:
    """Have the promoted model of the library answer on this computer too: another one, or one where it was brought back
    from a backup. It was signed already. Raises `UserError`, `ModelError` for one that was altered."""
    access.require(lib.account, Act.SIGN)
    run, settings = known_run(lib, run_id), load_settings()
    if lib.read_only:
        raise UserError("this library is open for reading only", safe="nothing was changed", remedy="open it again")
    if run.state is not State.ACTIVE:
        raise UserError(f"this model is {run.state.value}, not promoted", safe="nothing was changed")
    place = _brought(folder_of(lib, run), run)
    write_tested(place, run)
    said = {"model": run.model_name, "before": settings.model}
    made = _in_use(lib, settings, place.name, [])
    lib.record_event("model_here", run.id, f"Promoted model answers on another computer: {run.model_name}", said)
    return made


def _check_labels(lib: Library, run: Run) -> None:
    """Figures hold for the labels that they were made with."""
    then = run.figures.get("labels", {})
    if not then:  # of an older version
        return
    now = {case.pair_id: case.grade.rank for case in find_cases(SilentContext(), lib, wish_of(run)).cases}
    others = sum(now.get(pair_id) != rank for pair_id, rank in then.items())
    if others:
        raise UserError(
            f"the labels of {others} {'case' if others == 1 else 'cases'} of the locked test have changed since the "
            "models were compared",
            safe="the model in use stays",
            remedy="compare them again",
        )


def roll_back(lib: Library, run_id: str) -> Settings:
    """Have the model answer that answered before this one was promoted, with what was said of it before. Answers that
    were kept stay as they are."""
    access.require(lib.account, Act.SIGN)
    run, settings = known_run(lib, run_id), load_settings()
    if run.state is not State.ACTIVE:
        raise UserError(f"this model is {run.state.value}, not active", safe="nothing was changed")
    if settings.model != run.model_name:
        raise UserError(
            f"{settings.model} answers on this computer, not {run.model_name}", safe="nothing was changed",
            remedy="roll back where it answers, or choose a model in Models",
        )  # fmt: skip
    before = str(run.counts["promotion"]["before"])
    try:
        sha256 = models.verify(before).sha256
    except ModelError as error:
        raise UserError(
            f"{before}, which answered before, cannot be asked on this computer: {error.what}",
            safe="nothing was changed",
            remedy=f"choose another model in Models, or roll back on the computer where {before} is",
        ) from error
    if sha256 != run.counts["promotion"].get("before_sha256", sha256):
        raise UserError(
            f"{before} on this computer is another model than the one that answered before", safe="nothing was changed",
            remedy=f"choose another model in Models, or roll back on the computer where {before} is",
        )  # fmt: skip
    with lib.read() as session:
        earlier = [one for one in stored.runs(session) if one.state is State.REPLACED and one.model_sha256 == sha256]
    changes = [change_of(run, replace(run, state=State.ROLLED_BACK), f"Rolled back to {before}")]
    changes += [change_of(one, replace(one, state=State.ACTIVE), f"Answers again: {before}") for one in earlier[:1]]
    return _in_use(lib, settings, before, changes)


def folder_of(lib: Library, run: Run) -> Path:
    """The model of a run in quarantine, verified; raises `UserError` where there is none, `ModelError` if altered."""
    folder = run_folder(lib.path, run.id) / MODEL
    if not run.model_sha256 or not folder.is_dir():
        raise UserError(f"this run has no model ({run.state.value})", safe="nothing was changed")
    if models.verify(str(folder)).sha256 != run.model_sha256:
        raise ModelError("the model is not the one that the run has made", safe="the model in use stays")
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
            f"{run.parent_name} is no longer the model that this one was learned from",
            safe="nothing was changed",
            remedy="bring that version back, or learn again",
        )
    return folder


def _why(error: OSError) -> str:
    """Of a `shutil.Error`, which holds those of all files, the first."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        return str(error.args[0][0][-1])
    return error.strerror or str(error)


def _brought(folder: Path, run: Run) -> Path:
    """Copied among the models of this user, `model.toml` last; another one of that name is never written over."""
    out = user_models_dir() / run.model_name
    if out.exists():
        if (out / "model.toml").is_file() and models.verify(str(out)).sha256 == run.model_sha256:
            return out
        raise BadInputError(
            f"there is already another model {run.model_name} on this computer",
            safe="it is unchanged",
            remedy=f"learn under another name, or move that one out of {user_models_dir()}",
        )
    unfinished = out.with_name(f".{out.name}.{run.id}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        shutil.copytree(folder, unfinished)
        unfinished.rename(out)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ModelError(
            f"the model could not be copied to {out}: {_why(error)}", safe="the model in use stays",
            remedy="free some space, then try again",
        ) from error  # fmt: skip
    models.verify(str(out))
    return out
