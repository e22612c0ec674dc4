"""The card of a model: what it is for, what it learned from, how good it was, what it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pfm_desktop.domain.prediction import BANNER_ENGLISH, ModelInfo
from pfm_desktop.pfm.familiarity_card import with_section
from pfm_desktop.pfm.model_file import CARD, read_model_file, write_model_file
from pfm_desktop.pfm.model_tables import CLASS_MAP, LAYER_CAM, heatmap_method, heatmap_strengths
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.seen import LOCKED_WOMEN
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import tr

FIGURES = "## Figures"
ASKED = {
    "both": "both sources",
    "white": "white light only",
    "fluorescence": "fluorescence only",
    "green": "green filter only",
    "iodine": "Lugol's iodine only",
    "alone_white": "the white-light head alone",
    "alone_fluorescence": "the fluorescence head alone",
    "alone_green": "the green-filter head alone",
    "alone_iodine": "the head of Lugol's iodine alone",
}
ATTENTION = {
    CLASS_MAP: "The model attention is the class map: what each cell of the picture says of the grade in the source's "
    "own head, which was taught where the lesion lies; it does not show what the decision module makes of it. See "
    "`docs/heatmaps.md`, which says how often its highest point lies on a visible lesion of phantoms.",
    LAYER_CAM: "The model attention is LayerCAM of the whole answer on the trunks' third stages. See "
    "`docs/heatmaps.md`, which says how often its highest point lies on a visible lesion of phantoms, and where it "
    "falls short.",
}
NOT_KNOWN = "This model itself was shown no outlines since: how well its maps point is not known."
SCALED = (
    "On its scale 1 is what the middle one of the lesions reached that it graded rightly in its calibration, of the "
    "same grade and source, or the map's own highest point where that is higher."
)
MEDIAN = "The grade is the median of the probabilities, which is mostly but not always the most likely one."
LIMITS = (
    "It never saw a photograph of a patient; what it answers on one shows that the program runs, and nothing else.",
    "It never saw pregnancy, glandular lesions, a treated cervix, another organ, a picture without acetic acid.",
    "It knows one drawn camera and one drawn fluorescence filter. Another device needs its own calibration and test.",
    "Phantoms follow published figures, so a gain of two sources over one is a property of the generator.",
)

LOCAL_LIMITS = (
    "It knows the women, devices and filters of these cases only. Another clinic needs its own calibration and test.",
    LIMITS[1],
    "A test part of few patients says little about rare grades; read the intervals, not the figures.",
)


def write_card(
    path: Path, info: ModelInfo, training: Mapping[str, Any], figures: Mapping[str, Any], config: TrainConfig
) -> None:
    """Write `CARD.md` beside the `model.toml` that is there."""
    content = read_model_file(path.parent)
    attention = ATTENTION[heatmap_method(content.heatmap)]
    attention += f" {SCALED}" if heatmap_strengths(content.heatmap) else ""
    if heatmap_method(content.heatmap) == CLASS_MAP and training.get("outlined", 0) == 0:
        attention += f" {NOT_KNOWN}"
    text = card_text(info, training, figures, config, attention=attention)
    write_text(path, with_section(text, content))


def replace_figures(folder: Path, figures: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
    """New figures for a model whose weights stay: `model.toml`, and the section Figures of its card below `lines`."""
    content = read_model_file(folder)
    where = "on phantoms" if content.trained_on == "phantoms" else f"on {content.trained_on}"
    said = _figures(figures, where, content.training)
    card = with_figures(
        (folder / CARD).read_text(encoding="utf-8"), "\n".join((*(f"- {_capital(line)}." for line in lines), said))
    )
    if not card:
        raise ModelError(tr("{file} has no section Figures", file=folder / CARD), remedy=tr("write the card again"))
    write_model_file(folder, replace(content, figures=dict(figures)))
    write_text(folder / CARD, card)


def with_figures(card: str, section: str) -> str:
    """A card with another text in its section Figures; "" for a card that has none."""
    head, found, rest = card.partition(f"{FIGURES}\n")
    after = rest[rest.find("\n## ") :] if "\n## " in rest else "\n"
    return f"{head}{FIGURES}\n\n{section}\n{after}" if found else ""


def card_text(
    info: ModelInfo, training: Mapping[str, Any], figures: Mapping[str, Any], config: TrainConfig, *, attention: str
) -> str:
    """The card in Markdown; each figure stands in a sentence that names the data."""
    where = "on phantoms" if info.trained_on == "phantoms" else f"on {info.trained_on}"
    parts = [
        f"# {info.name} {info.version}",
        f"**{BANNER_ENGLISH}.** {_capital(info.label_english)}.",
        "## What it is",
        f"{_what(info)} {attention}",
        "## Intended use",
        "Showing and testing pfm_desktop, and as a start for fine-tuning on a clinic's own graded cases. A clinician "
        "reads the pictures first; the answer is never the only ground for a decision.",
        "## Data",
        _data(training, where),
        *config.card_lines,
        FIGURES,
        _figures(figures, where, training),
        "## Limits",
        "\n".join(f"- {line}" for line in (LIMITS if info.trained_on == "phantoms" else LOCAL_LIMITS)),
        "## How to make it again",
        _remake(info, training),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _what(info: ModelInfo) -> str:
    sources = " and ".join(source.english for source in info.sources)
    return (
        f"PConvFusionModel, variant {info.variant}, {info.splice} splice, input {info.input_size} x {info.input_size}, "
        f"for {sources}. Grades: normal, low (LSIL, CIN1), high (HSIL, CIN2-3), cancer. PConv extraction, channel and "
        "spatial attention, splice and self-attention decision follow the abstract of rs-6642645 (a preprint without "
        "peer review); FasterNet's blocks, the ordinal head, the source heads and all training choices are ours. "
        f"{MEDIAN}"
    )


def _data(training: Mapping[str, Any], where: str) -> str:
    cases = training.get("cases", {})
    grades = ", ".join(f"{count} {grade}" for grade, count in training.get("grades", {}).items())
    split = ", ".join(f"{count} {part}" for part, count in cases.items())
    text = (
        f"{sum(cases.values())} cases {where} ({grades}), split by patient: {split}. Seed {training.get('seed')}, "
        f"best epoch {training.get('best_epoch')} of {training.get('epochs')}."
    )
    if women := training.get(LOCKED_WOMEN):
        text += f" {_locked(women)} as the test of the library, and not among these cases."
    if "outlined" in training:
        text += (
            f" In {training['outlined']} of the training cases it was shown where the lesion lies, or that there is "
            "none."
        )
    if "start" in training:
        rate = training.get("trunk_rate", 1.0)
        slower = "" if rate == 1.0 else f", and learned at {rate:g} of the rate of the rest"
        text += f" The trunks started from those of {training['start']}{slower}."
    if "beside" in training:
        text += f" In each step the network also learned {training['beside']}."
    return text


def _figures(figures: Mapping[str, Any], where: str, training: Mapping[str, Any]) -> str:
    lines = []
    for key, values in figures.get("combinations", {}).items():
        coverage = values["sets"]["coverage"].values()
        sentence = (
            f"- With {ASKED.get(key, key)}, {values['cases']} test cases {where}: "
            f"accuracy {_span(values['accuracy'])}, macro recall {_span(values['macro_recall'])}, "
            f"quadratic kappa {_span(values['quadratic_kappa'])}"
        )
        if "auc_high" in values:
            sentence += f", HSIL+ AUC {_span(values['auc_high'])}"
        sentence += f", ECE {values['ece']:.3f}, mean set size {values['sets']['mean_size']:.2f}"
        if coverage:
            sentence += f", least coverage of a grade {min(coverage):.2f}"
        lines.append(sentence + f" ({where}, 95 % intervals by patient).")
    for key, values in figures.get("comparisons", {}).items():
        name = ASKED.get(key.removeprefix("both_against_"), key)
        low, high = values["interval"]
        lines.append(
            f"- Both sources against {name} of the same network {where}: accuracy {values['accuracy']:+.3f} "
            f"({low:+.3f} to {high:+.3f}), McNemar p {values['mcnemar_p']:.2g} ({where})."
        )
    return "\n".join(lines) or _no_figures(where, training)


def _no_figures(where: str, training: Mapping[str, Any]) -> str:
    women = training.get(LOCKED_WOMEN)
    if not women:
        return f"No test cases were set aside, so there is no figure {where}."
    return (
        f"{_locked(women)} as the test of the library. This model was not asked about them when it was made, so there "
        f"is no figure {where} here."
    )


def _locked(women: int) -> str:
    return f"{women} {'woman is' if women == 1 else 'women are'} locked away"


def _remake(info: ModelInfo, training: Mapping[str, Any]) -> str:
    command = training.get("command") or "no command was recorded"
    return (
        f"```\n{command}\n```\n\nWeights SHA-256 `{info.sha256}`. Training took {training.get('seconds')} s at "
        f"{training.get('pairs_per_second')} pairs/s."
    )


def _span(value: Mapping[str, Any]) -> str:
    low, high = value["interval"]
    return f"{value['value']:.3f} ({low:.3f} to {high:.3f})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
