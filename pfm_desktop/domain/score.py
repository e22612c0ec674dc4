"""Scores whose items are 0, 1, 2 or not assessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pfm_desktop.support.language import tr


@dataclass(frozen=True)
class ScoreItem:
    """One item of a score and the wording of its values 0, 1, 2."""

    key: str
    title: str
    wording: tuple[str, str, str]


def so_far(given: Sequence[int], items: int) -> str:
    """What is said of a score that has not all of its `items`: `4 of 5 items, 5 points so far`."""
    if not given:
        return tr("not scored")
    return tr("{given} of {items} items, {points} points so far", given=len(given), items=items, points=sum(given))
