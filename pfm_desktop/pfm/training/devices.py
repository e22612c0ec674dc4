"""The clinic's devices: their colours, measured over prepared cases, are matched to those the old model learned from.

See `pfm.colours`. A match is kept only where the old model then answers the cases that learn better, beyond chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.source import Source, together_english
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.calibrate import fit_scale
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.colours import Colours, changes_little, colours_of, match, moments, products
from pfm_desktop.pfm.model_tables import MOST_DEVICES
from pfm_desktop.pfm.preprocess import Normalisation, intensities
from pfm_desktop.pfm.training.answers import collect, main_combination
from pfm_desktop.pfm.training.data import PreparedSet

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LEAST_CASES = 20  # of one device: fewer say too little of its colours
LEAST_OF_GRADE = 5  # a device with fewer of a grade is measured together with the others
MEASURED_ON = 512  # cases of a device, and to compare by; more does not change the third digit


@dataclass(frozen=True)
class Matched:
    """What came of it. `sources`: those whose colours are matched now; `before` and `after`: mean negative
    log-likelihood of `cases` cases that learn or choose, without any learning."""

    sources: tuple[str, ...] = ()
    cases: int = 0
    before: float = 0.0
    after: float = 0.0

    def table(self) -> dict[str, float | int]:
        """As `model.toml` keeps it."""
        return {"cases": self.cases, "before": round(self.before, 4), "after": round(self.after, 4)}

    def notes(self) -> tuple[str, ...]:
        """What a person should know."""
        if not self.sources:
            return ()
        shown = together_english(map(Source, self.sources))  # it goes into the card
        return (
            f"the colours of the pictures ({shown}) are matched to those that the model before learned from; without "
            f"that its mean log loss on {self.cases} cases that learn or choose the epoch is {self.before:.2f}, with "
            f"it {self.after:.2f}",
        )


def matched(
    ctx: Context,
    model: LoadedModel,
    data: PreparedSet,
    learning: Ints,
    choosing: Ints,
    *,
    devices: Sequence[str] | None,
    old_cases: tuple[PreparedSet, Ints] | None,
    sources: Sequence[str],
) -> tuple[LoadedModel, Matched]:
    """The model with the colours of the devices of the cases at `learning`; as it is where that does not help.

    `devices`: the name of the device of each case of the set; None: nobody knows them. What the weights learned from is
    taken from the model, else measured over `old_cases`; without either nothing is matched. Only `sources` are.
    """
    first = _first(ctx, model.normalisation, old_cases, sources)
    if not first:
        return model, Matched()
    groups = _by_device(data, learning, devices)
    known: dict[str, tuple[Colours, ...]] = {}
    for source, of in first.items():
        before = model.normalisation.devices.get(source, (of,))
        measured = [measure_colours(ctx, data, group, source) for group in groups]
        known[source] = _with(before, [one for one in measured if one is not None])
    added = [source for source in first if known[source] != model.normalisation.devices.get(source, (first[source],))]
    if not added:
        return model, Matched()
    kept = {**model.normalisation.devices, **{source: known[source] for source in added}}
    other = replace(model, normalisation=replace(model.normalisation, devices=kept))
    asked = _some(np.concatenate((learning, choosing)))
    losses = [_losses(ctx, one, data, asked) for one in (model, other)]
    found = Matched(tuple(added), len(losses[0]), *(float(one.mean()) for one in losses))
    gain = losses[0] - losses[1]
    better = len(gain) > 1 and gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain))
    return (other, found) if better else (model, replace(found, sources=()))


def measure_colours(ctx: Context, data: PreparedSet, indices: Ints, source: str) -> Colours | None:
    """Of the cases that have the source; None of fewer than `LEAST_CASES`.

    Each grade counts as much as another: else the lesions of a clinic that has more of them would be painted over.
    """
    if source not in data.present:
        return None
    of = _some(indices[data.present[source][indices]])
    if len(of) < LEAST_CASES:
        return None
    rows = []
    for start in range(0, len(of), 32):
        ctx.check()
        raw = data.batch(of[start : start + 32])
        planes, seen = intensities(source, raw.squares[source], raw.level), raw.seen[source]
        rows.append(np.concatenate((moments(planes, seen), products(planes, seen)), axis=1))
    grades = data.grades[of]
    return colours_of(np.concatenate(rows), 1.0 / np.bincount(grades)[grades])


def _first(
    ctx: Context, old: Normalisation, old_cases: tuple[PreparedSet, Ints] | None, sources: Sequence[str]
) -> Mapping[str, Colours]:
    """By source the colours that the weights learned from."""
    out = {}
    for source in sources:
        if of := old.devices.get(source):
            out[source] = of[0]
        elif old_cases is not None and (found := measure_colours(ctx, *old_cases, source)) is not None:
            out[source] = found
    return out


def _by_device(data: PreparedSet, learning: Ints, devices: Sequence[str] | None) -> list[Ints]:
    """The cases of each device that has enough of every grade, and of all others together where they have; where no
    device has, all cases together. What lacks a grade would be measured as if it were the colour of the device."""
    if devices is None:
        return [learning]
    names = np.array(list(devices), dtype=object)[learning]
    there = np.unique(data.grades[learning])

    def enough(of: Ints) -> bool:
        counts = np.bincount(data.grades[of], minlength=int(there.max()) + 1)[there]
        return bool(len(of) >= LEAST_CASES and counts.min() >= LEAST_OF_GRADE)

    own = {name: learning[names == name] for name in sorted(set(names)) if name}
    groups = [of for of in own.values() if enough(of)]
    alone = [name for name, of in own.items() if enough(of)]
    rest = learning[~np.isin(names.astype(str), alone)]
    if enough(rest):
        groups.append(rest)
    return groups or [learning]


def _with(known: tuple[Colours, ...], measured: Sequence[Colours]) -> tuple[Colours, ...]:
    """The devices that are known, the first always, with those that were measured: one that can hardly be told from one
    that was known takes its place, one that can hardly be told from the first adds nothing."""
    first, *others = known
    new: list[Colours] = []
    for one in measured:
        if changes_little(match(one, first)):
            continue
        others = [other for other in others if not changes_little(match(one, other))]
        new.append(one)
    return (first, *[*others, *new][-(MOST_DEVICES - 1) :])


def _losses(ctx: Context, model: LoadedModel, data: PreparedSet, indices: Ints) -> Floats:
    """Negative log-likelihood of the cases that have all sources, else of most, after fitting a scale to them."""
    answers = collect(ctx, model.net, data, indices, model.normalisation)
    wanted = main_combination(model.net.names)
    counts = {name: int(valid.sum()) for name, valid in answers.valid.items() if "_" not in name}
    name = wanted if counts[wanted] > 1 else max(counts, key=lambda key: counts[key])
    log_p, grades = answers.of(name)
    p = fit_scale(log_p, grades).probabilities(log_p)
    out: Floats = -np.log(p[np.arange(len(p)), grades] + 1e-12)
    return out


def _some(indices: Ints) -> Ints:
    if len(indices) <= MEASURED_ON:
        return indices
    return indices[np.linspace(0, len(indices) - 1, MEASURED_ON).astype(np.int64)]
