"""What the clinician found: Swede score, impression, signature.

Wording of the Swede items: IARC Atlas of Colposcopy; "geographical" and cuffing as in Bowring et al. 2010
(clinical.md 1, Strander 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.score import ScoreItem, so_far
from pfm_desktop.support.language import tr

SWEDE_ITEMS: tuple[ScoreItem, ...] = (
    ScoreItem(
        "aceto_uptake", tr("Aceto uptake"), (tr("Nil or transparent"), tr("Thin, milky"), tr("Distinct, stearin-like"))
    ),
    ScoreItem(
        "margins_surface",
        tr("Margins and surface"),
        (
            tr("Nil or diffuse"),
            tr("Sharp but irregular, jagged, geographical, satellites"),
            tr("Sharp and even, difference in level (incl. cuffing)"),
        ),
    ),
    # 1 is ABSENT, not "slightly abnormal": the classic coding error
    ScoreItem("vessels", tr("Vessels"), (tr("Fine, regular"), tr("Absent"), tr("Coarse or atypical vessels"))),
    ScoreItem(
        "lesion_size",
        tr("Lesion size"),
        (tr("< 5 mm"), tr("5-15 mm or 2 quadrants"), tr("> 15 mm, 3-4 quadrants, or endocervically undefined")),
    ),
    ScoreItem("iodine", tr("Iodine staining"), (tr("Brown"), tr("Faintly or patchy yellow"), tr("Distinctly yellow"))),
)

# titles in files for other programs and in the record, whatever the language
SWEDE_ENGLISH = {
    "aceto_uptake": "Aceto uptake",
    "margins_surface": "Margins and surface",
    "vessels": "Vessels",
    "lesion_size": "Lesion size",
    "iodine": "Iodine staining",
}


@dataclass(frozen=True)
class SwedeScore:
    """Five items, each 0, 1, 2 or None (not assessed)."""

    aceto_uptake: int | None = None
    margins_surface: int | None = None
    vessels: int | None = None
    lesion_size: int | None = None
    iodine: int | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) not in (None, 0, 1, 2):
                raise ValueError(f"{item.name} must be 0, 1, 2 or not assessed")

    def _given(self) -> list[int]:
        return [value for item in fields(self) if (value := getattr(self, item.name)) is not None]

    @property
    def total(self) -> int | None:
        """Sum of all five items; None until all five are assessed (partial scores are never summed silently)."""
        given = self._given()
        return sum(given) if len(given) == len(SWEDE_ITEMS) else None

    @property
    def left(self) -> int:
        """How many items are not assessed yet."""
        return len(SWEDE_ITEMS) - len(self._given())

    @property
    def status(self) -> str:
        """`7 of 10`, or `4 of 5 items, 5 points so far`."""
        given = self._given()
        if self.total is not None:
            return tr("{total} of 10", total=self.total)
        return so_far(given, len(SWEDE_ITEMS))


@dataclass(frozen=True)
class Reading:
    """An impression with its moment: before (first read) or after the AI was revealed."""

    impression: Grade
    read_at: datetime  # aware
    reader: str
    after_reveal: bool
    reason: str = ""  # why the second read departs from the AI


def says_the_last_read(impression: str | None, first: str | None, second: str | None) -> bool:
    """Whether an impression, once the AI was revealed, is the grade that was read last; none was read yet is fine."""
    return impression == second if second is not None else impression in (None, first)


MEANING_WORDS = {  # of a signature: by what goes on record, whatever the language
    "Examined and reported by me": tr("Examined and reported by me"),
    "Reported by me": tr("Reported by me"),
    "Reviewed and confirmed by me": tr("Reviewed and confirmed by me"),
    "Responsible for this report": tr("Responsible for this report"),
    # of a model; seen whole in the narrowest window
    "Compared on the locked test; it is to answer": tr("Compared on the locked test; it is to answer"),
}


def meaning_words(kept: str) -> str:
    """The meaning of a signature as people read it; what somebody wrote herself as it is."""
    return MEANING_WORDS.get(kept, kept)


@dataclass(frozen=True)
class Signature:
    """Printed name, time and meaning (21 CFR 11.50), which is kept in English: `meaning_words` for people.

    `pair_id` is the pair that was signed; "" where there was none, and in signatures of older versions.
    """

    name: str
    signed_at: datetime  # aware
    meaning: str
    pair_id: str = ""


@dataclass(frozen=True)
class Findings:
    """Findings of a visit. `first_read` is set before the AI is revealed and is never changed afterwards."""

    visit_id: str
    impression: Grade | None = None
    swede: SwedeScore = SwedeScore()
    text: str = ""
    plan: str = ""
    first_read: Reading | None = None
    revealed_at: datetime | None = None
    signature: Signature | None = None

    @property
    def revealed(self) -> bool:
        """Whether the AI answer was shown for this visit."""
        return self.revealed_at is not None

    def gaps(self) -> tuple[str, ...]:
        """What the completeness bar names as missing."""
        missing = []
        if self.impression is None:
            missing.append(tr("impression"))
        if self.swede.total is None:
            missing.append(tr("Swede score ({left} of {items} items)", left=self.swede.left, items=len(SWEDE_ITEMS)))
        if not self.plan.strip():
            missing.append(tr("plan", "of a visit"))
        return tuple(missing)
