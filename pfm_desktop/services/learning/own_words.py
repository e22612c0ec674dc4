"""What the program itself writes into a model: its lists and tables by name, its keys, its sentences.

Whatever else stands in a model was put there by somebody, and is looked at closely before the model is passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.model_file import CARD, ModelFile, read_model_file
from pfm_desktop.pfm.model_tables import MOST_DEVICES
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.paths import shipped_models_dir

_SOURCE = "(?:" + "|".join(source.value for source in Source) + ")"
_ASKED = rf"(?:both|(?:alone_)?{_SOURCE})"
_FIGURES = r"figures(?:\.parent)?"
_MEASURE = r"(?:accuracy|macro_recall|quadratic_kappa|auc_high|sensitivity_high_at_85|ece)"
LISTS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern), most)
    for pattern, most in (
        (r"network\.sources", len(Source)),
        (rf"normalisation\.{_SOURCE}\.(?:mean|std)", 3),
        (rf"normalisation\.{_SOURCE}\.devices", MOST_DEVICES),
        (rf"normalisation\.{_SOURCE}\.devices\.covariance", 9),
        (rf"normalisation\.{_SOURCE}\.devices\.about", 6),
        (rf"normalisation\.{_SOURCE}\.devices\.spread", 36),
        (rf"calibration\.{_ASKED}\.(?:offsets|thresholds)", 4),
        (rf"heatmap\.strong\.{_SOURCE}", 3),
        (rf"{_FIGURES}\.combinations\.{_ASKED}\.{_MEASURE}\.interval", 2),
        (rf"{_FIGURES}\.combinations\.{_ASKED}\.confusion", 4),  # of lists of 4
        (rf"{_FIGURES}\.comparisons\.both_against_{_SOURCE}\.interval", 2),
        (r"figures\.against_parent\.interval", 2),
        (r"training\.unused", 1024),  # names of weights in a file that was imported
    )
)
_TABLES = re.compile(
    rf"|model|network|integrity|normalisation(?:\.{_SOURCE}(?:\.devices)?)?|calibration(?:\.{_ASKED})?|familiarity(?:\.{_SOURCE})?"
    rf"|heatmap(?:\.strong)?|training(?:\.(?:cases|grades|parent|recalibrated|colours))?|{_FIGURES}|figures\.against_parent"
    rf"|{_FIGURES}\.combinations(?:\.{_ASKED}(?:\.{_MEASURE}|\.sets(?:\.coverage)?)?)?"
    rf"|{_FIGURES}\.comparisons(?:\.both_against_{_SOURCE})?|figures\.phantoms(?:\.refused)?"
)
MOST_ENTRIES, MOST_UNKNOWN = 40, 8  # of one table: the longest, `training`, has about twenty, all known
FIXED = re.compile(  # texts that are one of a few words of the program, or a hash
    r"network\.\w+|heatmap\.method|integrity\.\w+|figures\.against_parent\.combination|(?:\w+\.)+(?:file_)?sha256"
)
_KEYS = (
    "about", "accuracy", "added", "after", "against_parent", "answered_in_all_ways", "auc_high", "before",
    "beside", "best_epoch", "both", "calibration", "can_grade", "cancer", "cases", "channel_attention",
    "colours", "combination", "combinations", "command", "comparisons", "confusion", "covariance", "coverage",
    "decision", "devices", "drawn", "dropout", "ece", "epochs", "familiarity", "figures", "file_sha256",
    "format", "from", "grades", "heads", "heatmap", "high", "imported_from", "indeterminate", "integrity",
    "interval", "investigational", "layers", "locked_women", "low", "macro_recall", "mcnemar_p", "mean",
    "mean_size", "method", "model", "name", "naming", "network", "normal", "normalisation", "offsets", "origin",
    "outlined", "own", "pairs_per_second", "parent", "partial_conv", "phantoms", "quadratic_kappa",
    "recalibrated", "refused", "rehearsed_cases", "seconds", "seed", "sensitivity_high_at_85", "sets", "sha256",
    "size", "sources", "spatial_attention", "splice", "spread", "start", "std", "stopped", "strong",
    "table_sha256", "taken_unsealed", "temperature", "test", "threshold", "thresholds", "train", "trained_on",
    "training", "trunk_rate", "unused", "validation", "value", "variant", "version", "whitening", "width",
)  # fmt: skip
KEYS = frozenset(_KEYS) | {
    key for source in Source for key in (source.value, f"alone_{source.value}", f"both_against_{source.value}")
}
_FRAGMENTS = (  # the longer ones first
    "which was trained on phantoms", "which was trained on cases of this clinic",
    "which was trained on cases of another clinic", "which was trained on local cases",
    "Fine-tuned from", "which was trained on", "a demonstration model trained on", "a model trained on",
    "No old cases were rehearsed", "old cases were rehearsed", "It did not read", "which started from its white light",
    "weights SHA-256", "Against the model it came from, on the same", "test cases (on", "95 % by patient", "McNemar p",
    "The women of the locked test were not asked when this model was made",
    "are matched to those that the model before learned from", "without that its mean log loss on",
    "The colours of the pictures", "cases that learn or choose the epoch is", "with it",
    "cases were left out because the engine would refuse them", "cases were drawn, as many as the memory holds",
    "were left out", "pfm-demo", "pfm-trunk",
)  # fmt: skip
_DEFAULTS = ("cases of this clinic", "cases of another clinic", "local cases", "phantoms")
_ENDS = re.compile(r"(?<=[.;:])\s+")


def most_in_list(path: str) -> int:
    """How long a list at this place may be; 0 where the program writes none."""
    return next((most for pattern, most in LISTS if pattern.fullmatch(path)), 0)


def is_table(path: str) -> bool:
    """Whether the program writes a table of that name."""
    return bool(_TABLES.fullmatch(path))


def own_texts(content: ModelFile | None, *more: str) -> frozenset[str]:
    """Sentences and values that say nothing of a woman, whatever she is called: those of the models that came with the
    program, those that a card of this model has of itself, and of `more`."""
    origins = (f"a {kind} trained on {data}" for kind in ("demonstration model", "model") for data in _DEFAULTS)
    texts = [*_shipped(), *_DEFAULTS, *origins, *more]
    if content is not None:
        texts.append(_card(content))
    return frozenset(sentence for text in texts for sentence in _sentences(text))


def without_own(text: str, own: Iterable[str]) -> str:
    """A text without sentences of `own`, and without the fixed parts of those that a card has beside them."""
    own = frozenset(own)
    rest = "\n".join(sentence for sentence in _sentences(text) if sentence not in own)
    for fragment in _FRAGMENTS:
        rest = rest.replace(fragment, " ")
    for source in Source:
        rest = re.sub(rf"\b{re.escape(source.english)}\b", " ", rest, flags=re.IGNORECASE)
    return re.sub(r"\b[0-9a-f]{64}\b", " ", rest)


def _sentences(text: str) -> list[str]:
    parts = (part for line in text.splitlines() for part in _ENDS.split(line))
    return [" ".join(part.split()) for part in parts if part.strip()]


def _card(content: ModelFile) -> str:
    from pfm_desktop.pfm.familiarity_card import with_section
    from pfm_desktop.pfm.training.config import TrainConfig
    from pfm_desktop.pfm.training.report import ATTENTION, NOT_KNOWN, SCALED, card_text

    config = TrainConfig(name=content.name, trained_on=content.trained_on)
    attention = " ".join((*ATTENTION.values(), SCALED, NOT_KNOWN))
    try:
        made = card_text(content.info, content.training, content.figures, config, attention=attention)
    except (KeyError, TypeError, ValueError, AttributeError):  # figures of somebody else's making
        made = card_text(content.info, {}, {}, config, attention=attention)
    return with_section(made, content)


def _shipped() -> list[str]:
    """All that the models say which came with the program: nobody's patients are in them."""
    texts: list[str] = []
    folder = shipped_models_dir()
    for one in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            content = read_model_file(one)
            texts += [*_values(content.training), content.name, content.version, content.trained_on]
            texts += [content.info.passed_on, (one / CARD).read_text(encoding="utf-8")]
        except (UserError, OSError, UnicodeDecodeError):
            continue  # a damaged one is nobody's own words
    return texts


def _values(table: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for value in table.values():
        found += [value] if isinstance(value, str) else _values(value) if isinstance(value, Mapping) else []
    return found
