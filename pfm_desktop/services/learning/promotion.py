"""Honest promotion: a verdict on the locked test (`comparing`), a signature, and the way back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.learning import Run, State
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, models
from pfm_desktop.services.learning.cases import find_cases, wish_of
from pfm_desktop.services.learning.comparing import check_promoted_answers, folder_of
from pfm_desktop.services.learning.run import STATE_WORDS, change_of, known_run
from pfm_desktop.services.learning.tested_card import write_tested
from pfm_desktop.services.learning.verdict import JUDGED
from pfm_desktop.storage import access
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import Settings, load_settings, save_settings

SHORTEST_REASON = 10  # letters: it is to be understood in years
LEAST_DIFFERENT = 4  # letters: one key held down says nothing


def promote(lib: Library, run_id: str, *, name: str, meaning: str, password: str = "", reason: str = "") -> Settings:
    """Make the model of a run the one that answers, signed by whoever is signed in; the one before is kept.

    Needs a look at the locked test first. Where its verdict is against it, a `reason` overrides, and goes on record.
    Raises `UserError` for a refusal, `WrongPasswordError`, `ModelError` for a model that was altered meanwhile.
    """
    access.require(lib.account, Act.SIGN)
    run = known_run(lib, run_id)
    settings = load_settings()
    _check_promotable(run, reason)
    check_promoted_answers(lib, run)
    _check_compared(run, settings.model)
    _check_labels(lib, run)
    if not name.strip() or not meaning.strip():
        raise BadInputError(tr("a signature needs a printed name and what it means"), remedy=tr("fill in both"))
    if lib.account is not None and name.strip() != lib.account.name:
        raise UserError(
            tr("{name} is signed in, and cannot sign as {other}", name=lib.account.name, other=name.strip()),
            safe=tr("nothing was signed"),
            remedy=tr("sign out, and let who signs sign in"),
        )
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
        raise UserError(tr("this run is {state}", state=STATE_WORDS[run.state]), safe=tr("the model in use stays"))
    if not run.figures:
        raise UserError(
            tr("old and new model have not been compared on the locked test"),
            safe=tr("the model in use stays"),
            remedy=tr("compare them first"),
        )
    if run.figures.get("judged") != list(JUDGED):
        raise UserError(
            tr("old and new model were compared by an older version of this program, which looked at less"),
            safe=tr("the model in use stays"),
            remedy=tr("compare them again"),
        )
    against = run.figures.get("against", [])
    letters = [letter for letter in reason.lower() if letter.isalpha()]
    if against and (len(letters) < SHORTEST_REASON or len(set(letters)) < LEAST_DIFFERENT):
        raise UserError(
            tr("the new model is not promoted: {reasons}", reasons="; ".join(against)),
            safe=tr("the model in use stays"),
            remedy=tr(
                "keep the old one, or give the reason why the new one is to answer all the same, in a "
                "few words ({letters} letters or more)",
                letters=SHORTEST_REASON,
            ),
        )


def _check_compared(run: Run, in_use: str) -> None:
    """Figures against another model than the one that answers say nothing of what would be lost."""
    now = models.verify(in_use)
    if now.sha256 == run.model_sha256:
        raise UserError(
            tr("{model} answers already on this computer", model=run.model_name),
            safe=tr("nothing was changed"),
            remedy=tr("choose another model in Models first, to compare it with that"),
        )
    compared = run.figures.get("models", {}).get("old", {"name": run.parent_name, "sha256": run.parent_sha256})
    if compared["sha256"] != now.sha256:
        raise UserError(
            tr(
                "{model} was compared with {other}, and {answering} answers now",
                model=run.model_name,
                other=compared["name"],
                answering=now.name,
            ),
            safe=tr("the model in use stays"),
            remedy=tr("compare them again"),
        )


def _check_labels(lib: Library, run: Run) -> None:
    """Figures hold for the labels that they were made with."""
    then = run.figures.get("labels", {})
    if not then:  # of an older version
        return
    now = {case.pair_id: case.grade.rank for case in find_cases(SilentContext(), lib, wish_of(run)).cases}
    others = sum(now.get(pair_id) != rank for pair_id, rank in then.items())
    if others:
        raise UserError(
            tr("the labels of %n case(s) of the locked test have changed since the models were compared", "", others),
            safe=tr("the model in use stays"),
            remedy=tr("compare them again"),
        )


def answer_here(lib: Library, run_id: str) -> Settings:
    """Have the promoted model of the library answer on this computer too: another one, or one where it was brought back
    from a backup. It was signed already. Raises `UserError`, `ModelError` for one that was altered."""
    access.require(lib.account, Act.SIGN)
    run, settings = known_run(lib, run_id), load_settings()
    if lib.read_only:
        raise UserError(
            tr("this library is open for reading only"), safe=tr("nothing was changed"), remedy=tr("open it again")
        )
    if run.state is not State.ACTIVE:
        raise UserError(
            tr("this model is {state}, not promoted", state=STATE_WORDS[run.state]), safe=tr("nothing was changed")
        )
    place = _brought(folder_of(lib, run), run)
    write_tested(place, run)
    said = {"model": run.model_name, "before": settings.model}
    made = _in_use(lib, settings, place.name, [])
    lib.record_event("model_here", run.id, f"Promoted model answers on another computer: {run.model_name}", said)
    return made


def roll_back(lib: Library, run_id: str) -> Settings:
    """Have the model answer that answered before this one was promoted, with what was said of it before. Answers that
    were kept stay as they are."""
    access.require(lib.account, Act.SIGN)
    run, settings = known_run(lib, run_id), load_settings()
    if run.state is not State.ACTIVE:
        raise UserError(
            tr("this model is {state}, not active", state=STATE_WORDS[run.state]), safe=tr("nothing was changed")
        )
    if settings.model != run.model_name:
        raise UserError(
            tr("{answering} answers on this computer, not {model}", answering=settings.model, model=run.model_name),
            safe=tr("nothing was changed"),
            remedy=tr("roll back where it answers, or choose a model in Models"),
        )
    before = str(run.counts["promotion"]["before"])
    try:
        sha256 = models.verify(before).sha256
    except ModelError as error:
        raise UserError(
            tr(
                "{before}, which answered before, cannot be asked on this computer: {reason}",
                before=before,
                reason=error.what,
            ),
            safe=tr("nothing was changed"),
            remedy=tr("choose another model in Models, or roll back on the computer where {before} is", before=before),
        ) from error
    if sha256 != run.counts["promotion"].get("before_sha256", sha256):
        raise UserError(
            tr("{before} on this computer is another model than the one that answered before", before=before),
            safe=tr("nothing was changed"),
            remedy=tr("choose another model in Models, or roll back on the computer where {before} is", before=before),
        )
    with lib.read() as session:
        earlier = [one for one in stored.runs(session) if one.state is State.REPLACED and one.model_sha256 == sha256]
    changes = [change_of(run, replace(run, state=State.ROLLED_BACK), f"Rolled back to {before}")]
    changes += [change_of(one, replace(one, state=State.ACTIVE), f"Answers again: {before}") for one in earlier[:1]]
    return _in_use(lib, settings, before, changes)


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
            tr("there is already another model {model} on this computer", model=run.model_name),
            safe=tr("it is unchanged"),
            remedy=tr("learn under another name, or move that one out of {folder}", folder=user_models_dir()),
        )
    unfinished = out.with_name(f".{out.name}.{run.id}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        shutil.copytree(folder, unfinished)
        unfinished.rename(out)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ModelError(
            tr("the model could not be copied to {out}: {why}", out=out, why=_why(error)),
            safe=tr("the model in use stays"),
            remedy=tr("free some space, then try again"),
        ) from error
    models.verify(str(out))
    return out
