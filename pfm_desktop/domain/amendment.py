"""A report that was signed, and opened again since: the original stays beside what is signed in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pfm_desktop.domain.findings import Signature
from pfm_desktop.domain.grade import Grade
from pfm_desktop.support.language import tr

LONGEST = 1000  # characters of a reason


@dataclass(frozen=True)
class Amendment:
    """`who` opened the visit again, and why; `signature` stood under the report that `report_sha256` names (a PDF), and
    `impression` was signed."""

    id: str
    visit_id: str
    made_at: datetime  # aware
    who: str
    reason: str
    signature: Signature
    impression: Grade
    report_sha256: str


def checked_reason(reason: str) -> str:
    """A reason as it is kept; ValueError for none, and for one that is too long."""
    words = " ".join(reason.split())
    if not words:
        raise ValueError(tr("a report is amended for a reason"))
    if len(words) > LONGEST:
        raise ValueError(tr("a reason has at most {most} characters", most=LONGEST))
    return words
