"""How a site wants its reports: what stands above and below, and which sections are left out.

Who she is, the findings, the AI answer where it was revealed, warnings and the signature are in every report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Self

SECTIONS: Mapping[str, str] = {
    "referral": "Referral",
    "pictures": "Pictures",
    "examination": "Examination and lesions",
    "scores": "Items of the Swede score",
    "biopsies": "Biopsies",
    "diagram": "Diagram",
}
FIELDS: Mapping[str, str] = {
    "name": "name of the patient",
    "identifier": "identifier",
    "born": "birth date",
    "visit": "day of the visit",
    "examiner": "examiner",
    "impression": "impression",
}
"""What the closing words may name, in braces: `{name}`."""
LONGEST = 1000  # characters of each text


@dataclass(frozen=True)
class ReportTemplate:
    """`heading` in lines, as the clinic's name and address; `closing` words with fields in braces; `leave_out` keys of
    `SECTIONS`. ValueError, in words for a person, for what cannot be."""

    heading: str = ""
    closing: str = ""
    leave_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, text in (("heading", self.heading), ("closing words", self.closing)):
            if len(text) > LONGEST:
                raise ValueError(f"the {what} of a report have at most {LONGEST} characters")
        if unknown := set(self.leave_out) - set(SECTIONS):
            raise ValueError(f"a report has no section {', '.join(sorted(unknown))}")
        self.closed(dict.fromkeys(FIELDS, ""))

    def closed(self, said: Mapping[str, str]) -> str:
        """The closing words with their fields filled in; `said` has a text for each of `FIELDS`."""
        try:
            pieces = list(Formatter().parse(self.closing))
        except ValueError:
            raise ValueError(
                f"a brace in the closing words is not closed: fields are {_named()}, a brace itself is {{{{ or }}}}"
            ) from None
        parts = []
        for text, field, form, conversion in pieces:
            parts.append(text)
            if field is None:
                continue
            if field not in FIELDS or form or conversion:
                raise ValueError(f"a report has no field {{{field}}}: there are {_named()}")
            parts.append(said[field])
        return "".join(parts)

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"heading": self.heading, "closing": self.closing, "leave_out": list(self.leave_out)}

    @classmethod
    def from_json(cls, kept: Any) -> Self:
        """As `to_json` gave it; what another version did not keep is as it is without a template. ValueError for what
        is none."""
        if not isinstance(kept, Mapping):
            raise ValueError("it is no template of a report")
        sections = kept.get("leave_out", ())
        if isinstance(sections, str) or not all(isinstance(one, str) for one in sections):
            raise ValueError("its sections cannot be read")
        texts = {name: str(kept.get(name, "")) for name in ("heading", "closing")}
        return cls(**texts, leave_out=tuple(sections))


def _named() -> str:
    return ", ".join(f"{{{name}}}" for name in FIELDS)
