"""A model of one's own from a given one and a clinic's graded cases.

Split by patient; the frozen part of the trunks is run once (`pfm.features`); heads first, then last stage and decision
module (`tuning`); calibration and prediction sets are fitted again on calibration patients; the old and the new model
are judged on the same test patients. The old model is never touched.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADE_WORDS, GRADES
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.resampling import patient_weights
from pfm_desktop.domain.source import Source, together_english
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm import colours
from pfm_desktop.pfm.calibrate import Calibration
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model, refuse_existing, save_model
from pfm_desktop.pfm.features import Features, build_features, hold_features
from pfm_desktop.pfm.model_file import CARD, read_model_file
from pfm_desktop.pfm.model_tables import heatmap_method
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.registry import refuse_start_only
from pfm_desktop.pfm.runtime import torch_threads
from pfm_desktop.pfm.training.answers import Answers, calibration_notes, collect, fit_calibration, main_combination
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.devices import Matched, matched
from pfm_desktop.pfm.training.evaluate import figures_of
from pfm_desktop.pfm.training.familiar import familiarity_notes, familiarity_table
from pfm_desktop.pfm.training.metrics import difference
from pfm_desktop.pfm.training.other_sources import reading
from pfm_desktop.pfm.training.report import write_card
from pfm_desktop.pfm.training.seen import KEY, LOCKED, LOCKED_WOMEN, locked_patients, marks_of
from pfm_desktop.pfm.training.split import PARTS, Split, TooFewError, split_by_patient
from pfm_desktop.pfm.training.strength import heatmap_notes, heatmap_table
from pfm_desktop.pfm.training.tuning import Keep, Tuned, tune
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.threads import worker_threads

VIEWS = 3  # fixed views a training case
SHARES = (0.50, 0.15, 0.20, 0.15)  # patients; few cases need a larger calibration and test part than many
ENOUGH = 10  # patients a grade: fewer leave a part of the split without that grade


@dataclass(frozen=True)
class FinetuneConfig:
    """What to make. `trained_on` is the sentence beside every answer; `old_share` is for rehearsal cases. `sources`:
    what the model is to read; None: what the old one reads. `devices`: the name of the device of each case of the data,
    "" where nobody knows it; None: one for all."""

    name: str
    version: str = "1"
    trained_on: str = "local cases"
    epochs: int = 12
    seed: int = 0
    old_share: float = 0.2
    enough: int = ENOUGH
    threads: int = 0  # 0: see support.threads
    command: str = ""
    card_lines: tuple[str, ...] = ()
    sources: tuple[Source, ...] | None = None
    devices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Sides:
    """What a library has decided about its women: who learns, and who is locked away as the test.

    The test part is not asked, so that no figure of it is seen before it is looked at on purpose. `names`: by patient
    as the set calls her, what marks her in the model (else her name in the set). `locked`: what marks those of the
    test, `locked_women`: how many they are (None: one for each mark). `keep`: file for the state between epochs.
    """

    split: Split
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    locked: Sequence[str] = ()
    keep: Path | None = None
    locked_women: int | None = None

    @property
    def women_of_test(self) -> int:
        """How many women are locked away as the test of the library."""
        return len(set(self.locked)) if self.locked_women is None else self.locked_women

    def marked(self, patients: Sequence[str]) -> list[str]:
        """What marks these patients."""
        return [name for patient in dict.fromkeys(patients) for name in self.names.get(patient, (patient,))]


@dataclass(frozen=True)
class FinetuneResult:
    """A new model folder. `old` and `new`: figures on the same test cases; `gain`: new minus old. All three are empty
    where a library keeps its test locked."""

    path: Path
    info: ModelInfo
    parent: ModelInfo
    epochs: int
    best_epoch: int  # 0: nothing was better than the old weights; only calibration, and `matched`, are new
    stopped: bool
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    gain: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())
    resumed: int = 0  # epochs of an earlier start
    matched: tuple[str, ...] = ()  # sources whose colours are matched to those that the parent learned from


def finetune(
    ctx: Context,
    data: PreparedSet,
    parent: Path,
    out: Path,
    config: FinetuneConfig,
    *,
    work: Path | None,
    old_cases: PreparedSet | None = None,
    sides: Sides | None = None,
    tell: Callable[[Tuned], None] = lambda _: None,
) -> FinetuneResult:
    """Fine-tune the model in folder `parent` on `data` and write a new model folder `out`; `work` holds the cache.

    Without `work` nothing is cached on disk. Without `sides` patients are split by the seed; those whom the parent or
    one before it has locked away as its test are in the test part then, and never rehearsed. The same seed gives the
    same weights, also after a kill where `sides` keeps the state. Cancelled after an epoch, the best so far is
    calibrated and written (`stopped`); before that `Cancelled` comes through and nothing is written. `tell` hears of
    each epoch. Raises `BadInputError` for too few patients, and for cases of other sources than the model is to read,
    and `ModelError` when `out` holds a model or the parent cannot grade.
    """
    refuse_existing(out)
    model = load_model(parent)
    refuse_start_only(model.info)
    check_enough(data.patients, data.grades.tolist(), config.enough)
    _check_sizes(model, data, old_cases)
    before_it = read_model_file(parent).training
    split = _split(data, config, sides, before_it)
    begun = time.monotonic()
    with torch_threads(config.threads or worker_threads()), torch.random.fork_rng(devices=[]):
        asked = sides is None
        before = collect(ctx, model.net, data, split.test, model.normalisation) if asked else None
        rehearsed = _not_locked(old_cases, before_it)
        read_before = model.net.names
        model = reading(model, config.sources or model.info.sources, data, split.train)
        model, found = matched(
            ctx, model, data, split.train, split.validation, devices=config.devices, old_cases=rehearsed,
            sources=[name for name in model.net.names if name in read_before],
        )  # fmt: skip
        tuned = _tuned(ctx, model, data, split, config, work, rehearsed, sides, tell)
        within = SilentContext() if tuned.stopped else ctx  # a stopped run still writes what it has
        calibration = fit_calibration(
            collect(within, model.net, data, split.calibration, model.normalisation), seed=config.seed
        )
        after = collect(within, model.net, data, split.test, model.normalisation) if asked else None
        # of the local cases alone: beside drawings, which may be rehearsed, every photograph would look alike
        known = familiarity_table(within, model.net, data, split, model.normalisation)
        heatmap = heatmap_table(
            within, model.net, data, split.calibration, model.normalisation, calibration, heatmap_method(model.heatmap)
        )
    seconds = max(time.monotonic() - begun, 1e-6)
    old, new, gain = _figures(before, after, model, calibration)
    training = {
        **_facts(model, data, split, config, sides, before_it, rehearsed, tuned),
        **({"colours": found.table()} if found.sources else {}),
        "seconds": round(seconds, 1),
        "pairs_per_second": round(tuned.pairs / seconds, 1),
    }
    measured = {"familiarity": known, "heatmap": heatmap}
    figures = {**new, "parent": old, "against_parent": gain} if new else {}
    info = _write(out, model, calibration, measured, config, training, figures, found)
    return FinetuneResult(
        out, info, model.info, tuned.epochs, tuned.best_epoch, tuned.stopped, old, new, gain,
        (*found.notes(), *_notes(calibration, model.net, measured, tuned, found)), tuned.resumed, found.sources,
    )  # fmt: skip


def _split(data: PreparedSet, config: FinetuneConfig, sides: Sides | None, training: Mapping[str, Any]) -> Split:
    if sides is not None:
        return sides.split
    locked = locked_patients(data.patients, training)
    return split_by_patient(data.patients, data.grades, seed=config.seed, shares=SHARES, locked=locked)


def _not_locked(
    old_cases: PreparedSet | None, training: Mapping[str, Any]
) -> tuple[PreparedSet, NDArray[np.int64]] | None:
    """The old cases, and the places of those that may be rehearsed; None where there are none."""
    if old_cases is None:
        return None
    locked = set(locked_patients(old_cases.patients, training))
    places = [place for place, name in enumerate(old_cases.patients) if name not in locked]
    return (old_cases, np.array(places, np.int64)) if places else None


def _figures(
    before: Answers | None, after: Answers | None, model: LoadedModel, calibration: Calibration
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Of the old model, of the new one, and the difference; empty where the test was not asked."""
    if before is None or after is None:
        return {}, {}, {}
    gain = compare((before, model.calibration), (after, calibration), main_combination(model.net.names))
    return figures_of(before, model.calibration), figures_of(after, calibration), gain


def _check_sizes(model: LoadedModel, *sets: PreparedSet | None) -> None:
    for given in sets:
        if given is not None and given.size != model.net.spec.size:
            raise BadInputError(
                tr(
                    "the pictures were prepared at {size} pixels, {name} reads {wanted}",
                    size=given.size,
                    name=model.info.name,
                    wanted=model.net.spec.size,
                ),
                remedy=tr("prepare them again"),
            )


def check_enough(patients: Sequence[str], grades: Sequence[int], enough: int) -> None:
    """Raise `TooFewError` that names how many patients of which grade are missing; a patient's worst grade counts."""
    worst: dict[str, int] = {}
    for patient, grade in zip(patients, grades, strict=True):
        worst[patient] = max(worst.get(patient, 0), grade)
    found = np.bincount(np.array(list(worst.values()), dtype=np.int64), minlength=len(GRADES))
    missing = [
        tr("{grade} {missing} more (has {there})", grade=GRADE_WORDS[grade], missing=enough - count, there=count)
        for grade, count in zip(GRADES, found.tolist(), strict=True)
        if count < enough
    ]
    if missing:
        raise TooFewError(
            tr(
                "too few patients to fine-tune: each grade needs {enough}; missing: {grades}",
                enough=enough,
                grades=", ".join(missing),
            ),
            safe=tr("nothing was written"),
            remedy=tr("add graded cases of more patients"),
        )


def compare(first: tuple[Answers, Calibration], second: tuple[Answers, Calibration], wanted: str) -> dict[str, Any]:
    """Accuracy of `second` minus `first` on the same cases, asked as `wanted`, or as most cases can be asked."""
    answers = first[0]
    counts = {name: int(valid.sum()) for name, valid in answers.valid.items() if "_" not in name}
    name = wanted if counts.get(wanted) else max(counts, key=lambda key: counts[key], default=wanted)
    if not counts.get(name):
        return {}
    patients = [patient for patient, there in zip(answers.patients, answers.valid[name], strict=True) if there]
    old, new = (calibration.scale(name).probabilities(given.of(name)[0]) for given, calibration in (first, second))
    gap = difference(new, old, answers.of(name)[1], patient_weights(patients))
    return {"combination": name, "cases": counts[name], **gap}


def _tuned(
    ctx: Context,
    model: LoadedModel,
    data: PreparedSet,
    split: Split,
    config: FinetuneConfig,
    work: Path | None,
    rehearsed: tuple[PreparedSet, NDArray[np.int64]] | None,
    sides: Sides | None,
    tell: Callable[[Tuned], None],
) -> Tuned:
    def features(what: PreparedSet, indices: NDArray[np.int64], folder: str, views: int) -> Features:
        if work is None:
            return hold_features(ctx, model.net, model.normalisation, what, indices, views=views)
        return build_features(
            ctx, model.net, model.normalisation, what, indices, work / folder, model=_named(model), views=views
        )

    return tune(
        ctx,
        model.net,
        features(data, split.train, "features-train", VIEWS),
        features(data, split.validation, "features-validation", 1),
        epochs=config.epochs,
        seed=config.seed,
        old=features(*rehearsed, "features-old", 1) if rehearsed is not None else None,
        old_share=config.old_share,
        keep=_kept(model, data, split, config, rehearsed, sides),
        tell=tell,
    )


def _kept(
    model: LoadedModel,
    data: PreparedSet,
    split: Split,
    config: FinetuneConfig,
    rehearsed: tuple[PreparedSet, NDArray[np.int64]] | None,
    sides: Sides | None,
) -> Keep | None:
    """Where the state goes, tied to all that the weights come from."""
    if sides is None or sides.keep is None:
        return None
    facts = [
        _named(model),
        data.digest,
        [getattr(split, part).tolist() for part in PARTS[:2]],
        [config.epochs, config.seed, config.old_share],
        [rehearsed[0].digest, rehearsed[1].tolist()] if rehearsed is not None else [],
    ]
    if model.net.spec.sources != model.info.sources:
        facts.append(list(model.net.names))
    return Keep(sides.keep, hashlib.sha256(json.dumps(facts).encode()).hexdigest())


def _named(model: LoadedModel) -> str:
    """What its trunk maps come from: the hash of the model before, and the colours that are matched since."""
    known = {source: colours.to_table(devices) for source, devices in model.normalisation.devices.items()}
    if not known:
        return model.info.sha256
    return f"{model.info.sha256} {hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()}"


def _facts(
    model: LoadedModel,
    data: PreparedSet,
    split: Split,
    config: FinetuneConfig,
    sides: Sides | None,
    before_it: Mapping[str, Any],
    rehearsed: tuple[PreparedSet, NDArray[np.int64]] | None,
    tuned: Tuned,
) -> dict[str, Any]:
    """How the model was made, as `model.toml` keeps it; `before_it`: the same of the parent."""
    learned_from = _learned_from(data, split, rehearsed)
    facts: dict[str, Any] = {
        "seed": config.seed,
        "epochs": tuned.epochs,
        "best_epoch": tuned.best_epoch,
        "stopped": tuned.stopped,
        "cases": {part: len(getattr(split, part)) for part in (PARTS if sides is None else PARTS[:3])},
        "grades": data.counts(),
        "rehearsed_cases": len(rehearsed[1]) if rehearsed is not None else 0,
        "command": config.command,
        "parent": {"name": model.info.name, "version": model.info.version, "sha256": model.info.sha256},
        "origin": model.info.passed_on,
        KEY: marks_of(sides.marked(learned_from) if sides is not None else learned_from, before_it),
        LOCKED: marks_of(sides.locked if sides is not None else (), before_it, key=LOCKED),
    }
    return facts if sides is None else {**facts, LOCKED_WOMEN: sides.women_of_test}


def _learned_from(
    data: PreparedSet, split: Split, rehearsed: tuple[PreparedSet, NDArray[np.int64]] | None
) -> list[str]:
    used = [data.patients[index] for part in PARTS[:3] for index in getattr(split, part)]
    return used + ([rehearsed[0].patients[index] for index in rehearsed[1]] if rehearsed is not None else [])


def _write(
    out: Path,
    model: LoadedModel,
    calibration: Calibration,
    measured: dict[str, Any],
    config: FinetuneConfig,
    training: dict[str, Any],
    figures: dict[str, Any],
    found: Matched,
) -> ModelInfo:
    info = save_model(
        out,
        model.net,
        name=config.name,
        version=config.version,
        calibration=calibration,
        normalisation=model.normalisation,
        trained_on=config.trained_on,
        **measured,
        training=training,
        figures=figures,
    )
    lines = (
        _descent(model.info, info, training),
        *(f"{note[0].upper()}{note[1:]}." for note in found.notes()),
        *_gain_lines(figures.get("against_parent", {}), info),
        *config.card_lines,
    )
    card = TrainConfig(name=info.name, trained_on=info.trained_on, card_lines=lines)
    write_card(out / CARD, info, training, figures, card)
    return info


def _descent(parent: ModelInfo, info: ModelInfo, training: Mapping[str, Any]) -> str:
    rehearsed = training["rehearsed_cases"]
    kept = f" {rehearsed} old cases were rehearsed." if rehearsed else " No old cases were rehearsed."
    new = [source for source in info.sources if source not in parent.sources]
    read = f" It did not read {together_english(new)}, which started from its white light." if new else ""
    return (
        f"Fine-tuned from {parent.name} {parent.version} (weights SHA-256 `{parent.sha256}`), which was trained on "
        f"{parent.trained_on}.{read}{kept}"
    )


def _gain_lines(gain: Mapping[str, Any], info: ModelInfo) -> tuple[str, ...]:
    if not gain:
        return ()
    low, high = gain["interval"]
    return (
        f"Against the model it came from, on the same {gain['cases']} test cases (on {info.trained_on}): accuracy "
        f"{gain['accuracy']:+.3f} ({low:+.3f} to {high:+.3f}, 95 % by patient), McNemar p {gain['mcnemar_p']:.2g}.",
    )


def _notes(
    calibration: Calibration, net: PfmNet, measured: Mapping[str, Any], tuned: Tuned, found: Matched
) -> tuple[str, ...]:
    """What a person should know before using the new model."""
    notes = [
        *calibration_notes(calibration, main_combination(net.names)),
        *familiarity_notes(measured["familiarity"], net),
        *heatmap_notes(measured["heatmap"]),
    ]
    if tuned.best_epoch == 0:
        new = "calibration and the matching of colours are" if found.sources else "the calibration is"
        notes.append(f"no epoch was better than the old weights; only {new} new")
    return tuple(notes)
