"""The sections of the report: each yields paragraphs of Markdown, and nothing where its arms are missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.evidence_parts import plots
from benchmarks.evidence_parts.arms import ABLATION, ARMS, CONTROL, MAIN, SPLICE, Arm, Plan
from benchmarks.evidence_parts.figures import (
    Gap,
    better_single,
    figures_of,
    gap,
    pairs_of,
    pooled,
    pooled_gap,
    seeds_of,
    span,
)
from benchmarks.evidence_parts.tables import Results, differences, measures, plan_of, points_of, table
from benchmarks.evidence_parts.variations import SINGLE
from pfm_desktop.domain.resampling import interval

PAPER = {"accuracy": 0.07, "macro_recall": 0.06}  # the gain that the paper claims over a single source


def made(results: Results) -> Iterator[str]:
    """What all arms share."""
    plan = plan_of(results)
    one = next(iter(results.values()))
    parts = one.facts["cases"]
    yield "## How it was made"
    yield (
        f"- **Learned from**: {sum(parts.values())} phantoms of seed {plan.train_seed}, drawn at {plan.drawn} "
        "pixels and "
        f"prepared as for an answer (checked, registered, letterboxed to {plan.size} x {plan.size}). Split by woman: "
        f"{parts['train']} to train, {parts['validation']} to choose the epoch, {parts['calibration']} to calibrate.\n"
        f"- **Alike for all arms**: variant T0, {plan.epochs} epochs, the recipe of the demonstration model "
        "(the outlines of the lesions are learned from as well; the grade is the median of the probabilities) without "
        "what it goes on copying beside, "
        f"{_start_words(plan)}"
        f"{'bf16' if one.facts['bf16'] else '32-bit numbers (this processor does not gain by bf16)'}. This is "
        "smaller and shorter than the demonstration model, so that all arms can be afforded: compare the arms, not "
        "their height.\n"
        f"- **Asked about**: {len(one.answers.cases)} fresh phantoms of seed {plan.test_seed} ({plan.test} drawn, the "
        "others refused by quality check or registration), which no training, no choice and no other script has used. "
        "Every arm answers the same ones.\n"
        "- **Intervals**: 95 %, 2,000 draws of women with replacement. Seeds together: the mean over the "
        "seeds; each draw "
        "takes women and, apart from them, seeds with replacement. McNemar's test is exact; for seeds "
        "together it is asked "
        "of the mean of their probabilities. No correction is made for the number of comparisons."
    )


def _start_words(plan: Plan) -> str:
    if not plan.start:
        return ""
    return (
        "trunks that start from copies of an ImageNet network (`docs/trunk.md`) and learn at "
        f"{plan.trunk_rate:g} of the rate of the rest, "
    )


def main(folder: Path, results: Results) -> Iterator[str]:
    """Both sources and each alone."""
    arms = [arm for arm in ARMS if arm.group in (MAIN, SPLICE) and arm.key in results]
    if not arms:
        return
    yield "## Two sources and one"
    rows = [(f"{arm.words}, seed {arm.seed}", figures_of(results[arm.key].answers)) for arm in arms]
    for name in ("both", "white", "fluorescence"):
        done = seeds_of(results, name)
        if len(done) > 1:
            words = f"**{done[0].arm.words}, {len(done)} seeds together**"
            rows.append((words, pooled([figures_of(one.answers) for one in done])))
    yield measures([(words, {name: span(one) for name, one in figures.items()}) for words, figures in rows])
    shown = [(words.replace("*", ""), figures["accuracy"]) for words, figures in rows]
    plots.forest(folder / "accuracy.png", shown, title="Accuracy of four grades", axis="share of cases, 95 % interval")
    yield "![Accuracy of each network, on phantoms](accuracy.png)"


def gaps(folder: Path, results: Results) -> Iterator[str]:
    """Both sources against each alone, beside the paper."""
    rows: list[tuple[str, Gap]] = []
    for name, words in SINGLE.items():
        pairs = pairs_of(results, "both", name)
        both = [one for one in seeds_of(results, "both") if f"{name}-seed{one.arm.seed}" in results]
        rows += [(f"less {words}, seed {one.arm.seed}", gap(*pair)) for one, pair in zip(both, pairs, strict=True)]
        if len(pairs) > 1:
            rows.append((f"**less {words}, {len(pairs)} seeds together**", pooled_gap(pairs)))
    if not rows:
        return
    yield "## What the second source adds"
    yield "Both sources less one, the same women, on phantoms:"
    yield differences(rows)
    shown = [(f"both {words.replace('*', '')}", one.figures["accuracy"]) for words, one in rows]
    plots.forest(folder / "gaps.png", shown, title="Accuracy gained by both sources", axis="difference", zero=True)
    yield "![Accuracy that both sources add, on phantoms](gaps.png)"
    yield from _beside_the_paper(results)


def _beside_the_paper(results: Results) -> Iterator[str]:
    single = better_single(results)
    pairs = pairs_of(results, "both", single) if single else []
    if not pairs:
        return
    found = (pooled_gap(pairs) if len(pairs) > 1 else gap(*pairs[0])).figures
    seeds = f"{len(pairs)} seeds together" if len(pairs) > 1 else "one seed"
    points = {name: f"{100 * found[name].value:+.1f} ({points_of(found[name].draws)})" for name in PAPER}
    low = interval(found["accuracy"].draws)[0]
    words = seeds_of(results, single)[0].arm.words
    yield (
        f"**Beside the paper.** It reports +7 percentage points of accuracy and +6 of recall over a single source, on "
        f"data of its own. Here, on phantoms, both sources gain {points['accuracy']} points of accuracy and "
        f"{points['macro_recall']} of macro recall over the better single one ({words}, "
        f"{seeds}); the interval of accuracy {'excludes' if low > 0 else 'does not exclude'} zero. The two "
        "cannot be set "
        "against each other: the gain on phantoms is a property of the generator, no estimate of a gain on "
        "patients, and an "
        "agreement of the numbers would be chance."
    )


def controls(folder: Path, results: Results) -> Iterator[str]:
    """Shuffled and duplicated, against white light alone of the same seed."""
    arms = [arm for arm in ARMS if arm.group == CONTROL and arm.key in results]
    if not arms:
        return
    yield "## Controls"
    yield (
        "The same network with two inputs, where the second holds nothing of this woman's fluorescence: that "
        "of another "
        "woman drawn at random (in training and at test), or the white-light picture again. What they gain "
        "over white light "
        "alone is capacity or augmentation, no fusion; both sources must beat them. Where the lesion lies they "
        "learn from the white-light picture; in another woman's fluorescence nothing is outlined. On phantoms:"
    )
    rows = [(arm.words, figures_of(results[arm.key].answers)) for arm in arms]
    yield measures([(words, {name: span(one) for name, one in figures.items()}) for words, figures in rows])
    gaps_found = []
    for arm in arms:
        for first, second, words in (
            (arm.key, f"white-seed{arm.seed}", f"{arm.words} less white light only"),
            (f"both-seed{arm.seed}", arm.key, f"both sources less {arm.words}"),
        ):
            if first in results and second in results:
                gaps_found.append((words, gap(results[first].answers, results[second].answers)))
    if gaps_found:
        yield differences(gaps_found)
        shown = [(words, one.figures["accuracy"]) for words, one in gaps_found]
        plots.forest(folder / "controls.png", shown, title="Controls: accuracy", axis="difference", zero=True)
        yield "![Controls, on phantoms](controls.png)"
    for words, one in gaps_found:
        if words.endswith("less white light only"):
            low, high = interval(one.figures["accuracy"].draws)
            verdict = "**a gain that is no fusion**" if low > 0 else "no gain that excludes zero"
            points = f"{100 * low:+.1f} to {100 * high:+.1f} points of accuracy on phantoms"
            yield f"On phantoms, {words}: {verdict} ({points})."


def ablations(folder: Path, results: Results) -> Iterator[str]:
    """The network less the one without a part, seed 1."""
    arms = [
        arm
        for arm in ARMS
        if arm.group in (ABLATION, SPLICE) and arm.key in results and arm.whole in results and arm.key != arm.whole
    ]
    if not arms:
        return
    yield "## What each part is worth"
    yield (
        "The whole network (both sources, token splice, seed 1) less the one without a part, or with the "
        "other splice. A trunk without PConv cannot take the start, so it is set against a whole network from nothing. "
        "One seed each: another start of training alone moves these figures, so a part whose interval holds zero "
        "is not shown to help and not shown to be useless. On phantoms:"
    )
    rows = [
        (f"less {arm.words}{_partner(arm)}", gap(results[arm.whole].answers, results[arm.key].answers)) for arm in arms
    ]
    yield differences(rows)
    shown = [(words, one.figures["accuracy"]) for words, one in rows]
    plots.forest(folder / "ablations.png", shown, title="Accuracy that a part adds", axis="difference", zero=True)
    yield "![What each part adds, on phantoms](ablations.png)"


def _partner(arm: Arm) -> str:
    return " (both from nothing)" if arm.whole != ARMS[0].key else ""


def costs(results: Results) -> Iterator[str]:
    """What each arm took to train."""
    yield "## What it cost"
    yield "Training alone, on two cores that other work shared, so that the speeds of two arms do not compare:"
    rows = [
        [f"`{key}`", f"{one.facts['seconds'] / 60:.1f}", f"{one.facts['pairs_per_second']:.0f}",
         f"{one.facts['best_epoch']} of {one.facts['epochs']}"]
        for key, one in results.items()
    ]  # fmt: skip
    yield table(("arm", "minutes", "pairs/s", "epoch kept"), rows)
    yield f"Together {sum(one.facts['seconds'] for one in results.values()) / 60:.0f} minutes of training."
