"""Light sources of a picture, and the stage of the examination at which it was taken."""

from enum import StrEnum


class Source(StrEnum):
    """How a picture was lit. `frame` names of `Transform2D` are these values."""

    WHITE = "white"
    FLUORESCENCE = "fluorescence"

    @property
    def words(self) -> str:
        """As it is said: `white light`, `fluorescence`."""
        return "white light" if self is Source.WHITE else self.value


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
        """The source a picture of this stage belongs to."""
        return Source.FLUORESCENCE if self.value.startswith("fluorescence") else Source.WHITE

    @property
    def words(self) -> str:
        """As it is said beside the source: `acetic acid`, or `after acetic acid` of a fluorescence picture."""
        return _WORDS[self]


_WORDS = {
    Stage.SALINE: "saline",
    Stage.GREEN: "green filter",
    Stage.FLUORESCENCE_BEFORE_ACID: "before acetic acid",
    Stage.ACETIC_ACID: "acetic acid",
    Stage.FLUORESCENCE_AFTER_ACID: "after acetic acid",
    Stage.LUGOL: "Lugol's iodine",
}
TIMED = (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)  # whose seconds since acetic acid are asked for
