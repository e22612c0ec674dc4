"""What the card of a model says of pictures that are unlike anything it learned from. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.familiarity import ACCEPTED
from pfm_desktop.pfm.model_file import CARD, ModelFile, read_model_file
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import tr

TITLE = "## Unlike anything it learned from"
_BEFORE = "## Limits"
_SILENT = (
    "This model keeps no measure of what it learned from. It never calls a picture unlike that, and its silence says "
    "nothing about a picture."
)
_WHAT = (
    "Beside each answer stands when a picture is unlike anything that this model learned from: the grade is not to be "
    "relied on then. Measured is how far its colour and fine texture (mean and contrast of the features of the trunk's "
    "first stage) lie from those of the training cases, for each source; see `docs/familiarity.md`."
)
_NO_PROMISE = "A picture that is not flagged is not thereby one that the model can read."


def with_section(card: str, content: ModelFile) -> str:
    """A card with what `content` keeps of familiarity: in place of what stood there, before Limits, or at the end."""
    made = f"{TITLE}\n\n{_section(content.familiarity, content.network.sources, content.trained_on)}\n"
    head, found, rest = card.partition(f"{TITLE}\n")
    if found:
        _, following, after = rest.partition("\n## ")
        return f"{head}{made}{following}{after}"
    head, found, rest = card.partition(f"\n{_BEFORE}\n")
    return f"{head}\n{made}{found}{rest}" if found else f"{card.rstrip()}\n\n{made}"


def rewrite(folder: Path) -> Path:
    """Bring the card of the model in `folder` up to what its `model.toml` keeps; returns the card's path.

    Neither weights nor `model.toml` change. Raises `ModelError`, also for a model without a card.
    """
    path = Path(folder) / CARD
    content = read_model_file(folder)
    try:
        card = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            tr("the card {path} cannot be read ({error})", path=path, error=error),
            safe=tr("the model is unchanged"),
            remedy=tr("write the card again"),
        ) from error
    write_text(path, with_section(card, content))
    return path


def _section(table: Mapping[str, Any], sources: Sequence[Source], trained_on: str) -> str:
    known = [source for source in sources if source.value in table]
    if not known:
        return _SILENT
    lines = [_WHAT, "", *(_line(source, table.get(source.value), trained_on) for source in sources)]
    passed = " and ".join(f"{100 * ACCEPTED[source.place]:.1f} % in {source.english}" for source in known)
    lines.append(
        f"- By construction, before any test: of calibration patients on {trained_on}, {passed} lie within the limit. "
        "The others are familiar as well, and flagged."
    )
    return "\n".join([*lines, f"- {_NO_PROMISE}"])


def _line(source: Source, part: Mapping[str, Any] | None, trained_on: str) -> str:
    name = source.english[:1].upper() + source.english[1:]
    if part is None:
        return f"- {name}: no measure is kept, so such a picture is never flagged."
    return (
        f"- {name}: from {part['cases']:,} views of training cases on {trained_on}; flagged above a distance of "
        f"{part['threshold']:.3f}."
    )
