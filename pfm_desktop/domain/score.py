"""Scores whose items are 0, 1, 2 or not assessed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreItem:
    """One item of a score and the wording of its values 0, 1, 2."""

    key: str
    title: str
    wording: tuple[str, str, str]
