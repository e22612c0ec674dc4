"""What the Models page shows of each model. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import capital, spoken

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.learning import Runs


@dataclass(frozen=True)
class CardRow:
    """One card. A model that cannot be read has a `problem` and nothing else but its folder."""

    name: str
    path: Path
    version: str = ""
    label: str = ""
    facts: str = ""
    unlike: str = ""  # whether it says when a picture is unlike anything it learned from
    usable: bool = False
    problem: str = ""
    hidden: str = ""  # why its name does not lead to it
    sha256: str = ""  # of its weights


def card_rows() -> tuple[CardRow, ...]:
    """Models of this computer, readable ones first."""
    from pfm_desktop.services import models

    rows = []
    instead = {entry.path: other for entry, other in models.hidden()}
    for entry in models.models():
        info = entry.info
        facts = tr(
            "{sources}, {variant}, {splice} splice, {size} px input",
            sources=_sources(info.sources),
            variant=info.variant,
            splice=info.splice,
            size=info.input_size,
        )
        problem = "" if info.can_grade else tr("Trunks only: a start for training, it gives no answers.")
        other = instead.get(entry.path)
        hidden = tr("Not used: its name leads to the model in {folder}.", folder=other) if other else ""
        rows.append(
            CardRow(
                info.name, entry.path, info.version, info.label, facts, _unlike(entry.path) if info.can_grade else "",
                info.can_grade, problem, hidden, info.sha256,
            )
        )  # fmt: skip
    for bad in models.broken():
        said = spoken(bad.error) if bad.error else capital(bad.problem)
        rows.append(CardRow(bad.path.name, bad.path, problem=tr("Cannot be read: {why}", why=said)))
    return tuple(rows)


def standing_of(row: CardRow, found: Runs) -> str:
    """Why a model that was learned in this library is not to be chosen; "" where it may be."""
    from pfm_desktop.services.learning import records

    return records.not_promoted(found.runs, row.name, row.sha256)


def card_text(row: CardRow) -> str:
    """CARD.md of a model; "" when it has none, the problem when the model cannot be read. Raises `UserError`."""
    if not row.version:
        return row.problem
    from pfm_desktop.services import models

    return models.card_of(str(row.path.absolute()))


def _unlike(path: Path) -> str:
    from pfm_desktop.services import models
    from pfm_desktop.support.errors import UserError

    try:
        told = tuple(models.content_of(str(path.absolute())).limits)
    except UserError:  # gone or altered since it was listed: asking it says so
        return ""
    if not told:
        return tr("It does not say when a picture is unlike anything it learned from.")
    return tr("It says when a picture is unlike anything it learned from ({sources}).", sources=_sources(told))


def _sources(sources: tuple[Source, ...]) -> str:
    return " + ".join(source.words for source in sources)
