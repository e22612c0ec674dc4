"""Words that options of the command line take."""

from __future__ import annotations

from enum import StrEnum

from pfm_desktop.domain.source import PLACES, Source


class SourceChoice(StrEnum):
    """What a network reads."""

    BOTH = "both"
    WHITE = "white"
    FLUORESCENCE = "fluorescence"

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources meant."""
        return PLACES if self is SourceChoice.BOTH else (Source(self.value),)


class VariantChoice(StrEnum):
    """Width of the trunks."""

    T0 = "T0"
    T1 = "T1"
    T2 = "T2"


class SpliceChoice(StrEnum):
    """How the sources are joined."""

    CHANNEL = "channel"
    TOKEN = "token"
