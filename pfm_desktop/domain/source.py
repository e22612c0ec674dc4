"""Sources of pictures, the two places of a pair, and the stage of the examination at which a picture was taken."""

from collections.abc import Iterable
from enum import StrEnum

from pfm_desktop.support.language import tr


class Source(StrEnum):
    """How a picture was lit or stained, as a model tells pictures apart.

    `WHITE` and `FLUORESCENCE` are also the names of the two places of a pair (`PLACES`): see there.
    """

    WHITE = "white"
    FLUORESCENCE = "fluorescence"
    GREEN = "green"  # white light through a green (red-free) filter, read beside a picture without it
    IODINE = "iodine"  # after Lugol's iodine, read beside a picture without it

    @property
    def words(self) -> str:
        """As it is said: `white light`, `fluorescence`, `green filter`, `Lugol's iodine`."""
        return _SOURCE_WORDS[self]

    @property
    def english(self) -> str:
        """The same in files for other programs, whatever the language of this one."""
        return _SOURCE_ENGLISH[self]

    @property
    def place(self) -> "Source":
        """Where a picture of this source lies in a pair; one of `PLACES`."""
        return Source.WHITE if self is Source.WHITE else Source.FLUORESCENCE


_SOURCE_WORDS = {
    Source.WHITE: tr("white light"),
    Source.FLUORESCENCE: tr("fluorescence"),
    Source.GREEN: tr("green filter"),
    Source.IODINE: tr("Lugol's iodine"),
}
_SOURCE_ENGLISH = {
    Source.WHITE: "white light",
    Source.FLUORESCENCE: "fluorescence",
    Source.GREEN: "green filter",
    Source.IODINE: "Lugol's iodine",
}
# The first and the second picture of a pair, and the frames of marks, regions and `Transform2D`: places, not sources.
# The second place is called `fluorescence` whatever lies there, also in the library; see ADR 15.
PLACES = (Source.WHITE, Source.FLUORESCENCE)
SECONDS = (Source.FLUORESCENCE, Source.GREEN, Source.IODINE)  # sources that may lie in the second place


def second_of(sources: Iterable[Source]) -> Source | None:
    """The one of them that lies in the second place of a pair; None where there is none."""
    return next((source for source in sources if source in SECONDS), None)


def together(sources: Iterable[Source]) -> str:
    """`white light + green filter`."""
    return " + ".join(source.words for source in sources)


def together_english(sources: Iterable[Source]) -> str:
    """The same in the record and in files for other programs, whatever the language of this one."""
    return " + ".join(source.english for source in sources)


class Stage(StrEnum):
    """Step of the examination; seconds since acetic acid are kept beside it."""

    SALINE = "saline"
    GREEN = "green"  # red-free filter
    FLUORESCENCE_BEFORE_ACID = "fluorescence_before_acid"
    ACETIC_ACID = "acetic_acid"
    FLUORESCENCE_AFTER_ACID = "fluorescence_after_acid"
    LUGOL = "lugol"  # Lugol's iodine

    @property
    def source(self) -> Source:
        """The source of a picture of this stage that stands alone or in the first place of a pair.

        Through a green filter or after Lugol's iodine it is a white-light picture there.
        """
        return Source.FLUORESCENCE if self.value.startswith("fluorescence") else Source.WHITE

    @property
    def second(self) -> Source | None:
        """Its source in the second place of a pair, beside white light; None where it cannot lie there."""
        return {Stage.GREEN: Source.GREEN, Stage.LUGOL: Source.IODINE}.get(
            self, Source.FLUORESCENCE if self.source is Source.FLUORESCENCE else None
        )

    @property
    def words(self) -> str:
        """As it is said beside the source: `acetic acid`, or `after acetic acid` of a fluorescence picture."""
        return _WORDS[self]

    @property
    def english(self) -> str:
        """The same in files for other programs, whatever the language of this one."""
        return _ENGLISH[self]


_WORDS = {
    Stage.SALINE: tr("saline"),
    Stage.GREEN: tr("green filter"),
    Stage.FLUORESCENCE_BEFORE_ACID: tr("before acetic acid"),
    Stage.ACETIC_ACID: tr("acetic acid"),
    Stage.FLUORESCENCE_AFTER_ACID: tr("after acetic acid"),
    Stage.LUGOL: tr("Lugol's iodine"),
}
_ENGLISH = {
    Stage.SALINE: "saline",
    Stage.GREEN: "green filter",
    Stage.FLUORESCENCE_BEFORE_ACID: "before acetic acid",
    Stage.ACETIC_ACID: "acetic acid",
    Stage.FLUORESCENCE_AFTER_ACID: "after acetic acid",
    Stage.LUGOL: "Lugol's iodine",
}
TIMED = (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)  # whose seconds since acetic acid are asked for
FILTERED = (Stage.GREEN, Stage.LUGOL)  # white light alone, a source of its own beside plain white light


def goes_second(source: Source, stage: Stage | None, *, beside: Stage | None) -> bool:
    """Whether a picture (`source` as it is alone) may lie in the second place, beside white light of stage `beside`."""
    return source is Source.FLUORESCENCE or (stage in FILTERED and beside not in FILTERED)
