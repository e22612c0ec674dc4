"""How a site wants its reports: what stands above and below, and which sections are left out.

Who she is, the findings, the AI answer where it was revealed, warnings and the signature are in every report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Self

from pfm_desktop.support.language import tr

SECTIONS: Mapping[str, str] = {
    "referral": tr("Referral"),
    "pictures": tr("Pictures"),
    "examination": tr("Examination and lesions"),
    "scores": tr("Items of the Swede score"),
    "biopsies": tr("Biopsies"),
    "diagram": tr("Diagram"),
}
FIELDS: Mapping[str, str] = {
    "name": tr("name of the patient"),
    "identifier": tr("identifier"),
    "born": tr("birth date"),
    "visit": tr("day of the visit"),
    "examiner": tr("examiner"),
    "impression": tr("impression"),
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
        if len(self.heading) > LONGEST:
            raise ValueError(tr("the heading of a report have at most {most} characters", most=LONGEST))
        if len(self.closing) > LONGEST:
            raise ValueError(tr("the closing words of a report have at most {most} characters", most=LONGEST))
        if unknown := set(self.leave_out) - set(SECTIONS):
            raise ValueError(tr("a report has no section {sections}", sections=", ".join(sorted(unknown))))
        self.closed(dict.fromkeys(FIELDS, ""))

    def closed(self, said: Mapping[str, str]) -> str:
        """The closing words with their fields filled in; `said` has a text for each of `FIELDS`."""
        try:
            pieces = list(Formatter().parse(self.closing))
        except ValueError:
            raise ValueError(
                tr(
                    "a brace in the closing words is not closed: fields are {fields}, a brace itself is {opening} or "
                    "{closing}",
                    fields=_named(),
                    opening="{{",
                    closing="}}",
                )
            ) from None
        parts = []
        for text, field, form, conversion in pieces:
            parts.append(text)
            if field is None:
                continue
            if field not in FIELDS or form or conversion:
                said_field = f"{{{field}}}"
                raise ValueError(
                    tr("a report has no field {field}: there are {fields}", field=said_field, fields=_named())
                )
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
            raise ValueError(tr("it is no template of a report"))
        sections = kept.get("leave_out", ())
        if isinstance(sections, str) or not all(isinstance(one, str) for one in sections):
            raise ValueError(tr("its sections cannot be read"))
        texts = {name: str(kept.get(name, "")) for name in ("heading", "closing")}
        return cls(**texts, leave_out=tuple(sections))


def _named() -> str:
    return ", ".join(f"{{{name}}}" for name in FIELDS)
