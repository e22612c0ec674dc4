"""What the page of the audit trail shows: lines, filters, details, verdicts. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.services.audit import PAGE, AuditCheck, Kind, Told, Wanted, read, verify
from pfm_desktop.services.audit_export import Exported, export_trail
from pfm_desktop.services.audit_key import library_fingerprint
from pfm_desktop.services.audit_words import short
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import in_english, tr
from pfm_desktop.viewmodels.words import spoken
from pfm_desktop.viewmodels.worklist import typed_day

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library

COLUMNS = (
    tr("When"),
    tr("Who"),
    tr("What", "kind of record"),
    tr("About", "whom a line is about"),
    tr("What happened"),
)
WHEN, WHO, WHAT, ABOUT, HAPPENED = range(len(COLUMNS))
KINDS: tuple[tuple[str, Kind | None], ...] = (
    (tr("Everything"), None),
    (tr("Changes, with removals"), Kind.CHANGES),
    (tr("AI answers revealed"), Kind.REVEALS),
    (tr("Sign-ins, accounts, refusals"), Kind.SIGN_INS),
    (tr("Exports"), Kind.EXPORTS),
    (tr("Settings"), Kind.SETTINGS),
    (tr("Removals only"), Kind.DELETIONS),
)
LONGEST = 140  # characters of a value in the table of before and after
_LINE = 300  # characters of a line in the list
_NAMED = 3  # problems of a check that are said in full
NO_KEY = tr("There is no key yet: the first signed export makes it, and its fingerprint stands here then.")
READING = tr("Reading ...")


@dataclass(frozen=True)
class AuditRow:
    """A line of the table: `cells` in the order of `COLUMNS`, and all of it."""

    cells: tuple[str, ...]
    told: Told

    def full(self, column: int) -> str:
        """What a cell says where there is room, in its tooltip and for the screen reader."""
        return self.told.moment if column == WHEN else self.cells[column]


@dataclass(frozen=True)
class FieldRow:
    """A field of the chosen line; `before` and `after` whole, the others as the table has room for them."""

    name: str
    before: str
    after: str

    @property
    def cells(self) -> tuple[str, str, str]:
        """Name, before, after."""
        return self.name, short(self.before, LONGEST), short(self.after, LONGEST)

    @property
    def is_long(self) -> bool:
        """Whether the table does not show all of it."""
        return self.cells[1:] != (self.before, self.after)


@dataclass(frozen=True)
class Details:
    """The chosen line: `heading` and `about` above its fields; titles of the two sides, "" for one that it has not."""

    heading: str = ""
    about: str = ""
    before: str = ""
    after: str = ""
    fields: tuple[FieldRow, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a check found, in sentences."""

    text: str
    bad: bool


class AuditList:
    """The lines that were read so far for one question, newest first. `complete`: there are no older ones."""

    def __init__(self) -> None:
        self.wanted = Wanted()
        self.rows: list[AuditRow] = []
        self.complete = False

    def ask(self, wanted: Wanted) -> None:
        """Another question: nothing is read yet."""
        self.wanted, self.rows, self.complete = wanted, [], False

    @property
    def before(self) -> int | None:
        """Below which number the next page begins; None for the first one."""
        return self.rows[-1].told.seq if self.rows else None

    def add(self, page: Sequence[Told]) -> None:
        """The next page came."""
        self.rows += [_row(told) for told in page]
        self.complete = len(page) < PAGE

    @property
    def count(self) -> str:
        """How many lines there are, for the label beside the filters."""
        lines = len(self.rows)
        if not self.complete:
            return tr("the newest %n line(s); scroll down for older ones", "", lines)
        return tr("%n line(s)", "", lines) if self.wanted.all else tr("%n line(s) found", "", lines)

    @property
    def empty(self) -> str:
        """What stands in an empty list: why it is empty and what to do."""
        if self.wanted.all:
            return tr("Nothing is on record yet.\n\nEvery change, reveal, export and setting will stand here.")
        if self.wanted.since and self.wanted.until and self.wanted.since > self.wanted.until:
            return tr(
                "Nothing found: the first day comes after the last one.\n\nChange the days, or clear the filters."
            )
        return tr("Nothing found.\n\nNo line fits all of the filters. Clear one of them, or all.")


def question(
    *, words: str = "", who: str = "", about: str = "", since: str = "", until: str = "", kind: Kind | None = None
) -> Wanted:
    """What is asked by what stands in the fields. Raises `BadInputError` for what is no day."""
    return Wanted(who.strip(), _day(since), _day(until), kind, about.strip(), words.strip())


def details(row: AuditRow | None) -> Details:
    """The chosen line for the part below the table."""
    if row is None:
        return Details()
    told = row.told
    if not told.readable:
        return Details(
            tr("Line {number}: {text}", number=told.seq, text=told.text),
            tr("Check the trail, and look for this line in a backup."),
        )
    about = [
        tr("Line {number}, {moment}, by {who}", number=told.seq, moment=told.moment, who=told.who),
        told.kind,
        told.about,
        tr("visit of {visit}", visit=told.visit) if told.visit else "",
    ]
    fields = tuple(FieldRow(field.name, field.before, field.after) for field in told.fields)
    return Details(
        heading=told.text or told.kind,
        about="; ".join(part for part in about if part),
        before=(tr("Before it was removed") if told.removed else tr("Before"))
        if any(field.before for field in fields)
        else "",
        after=(
            tr("After") if any(field.before for field in fields) else tr("Is now") if told.made else tr("Said with it")
        )
        if any(field.after for field in fields)
        else "",
        fields=fields,
    )


def verdict(check: AuditCheck) -> Verdict:
    """What a check of the whole trail found."""
    now = f"{datetime.now().astimezone():%H:%M}"
    if not check.problems:
        said = tr(
            "The trail holds: (its|all) %n line(s) (is|are) as written, in order, and none is missing. Checked at "
            "{time}.",
            "",
            check.lines,
            time=now,
        )
        return Verdict(said, False)
    named = [problem.removeprefix("audit trail: ") for problem in check.problems[:_NAMED]]
    more = len(check.problems) - len(named)
    said = "\n".join(f"- {problem[:1].upper()}{problem[1:]}." for problem in named)
    rest = "\n- " + tr("... and {more} more; pfm audit verify lists them all.", more=more) if more else ""
    head = tr(
        "The trail does not hold (checked at {time}). Keep the library as it is, and compare it with a backup:",
        time=now,
    )
    return Verdict(f"{head}\n{said}{rest}", True)


def exported_words(made: Exported) -> str:
    """What is said once a signed export was written."""
    if made.whole:
        said = tr("Exported %n line(s) (the whole trail) to {file}.", "", made.lines, file=made.path.name)
    else:
        said = tr(
            "Exported %n line(s) (a part of the trail, as filtered) to {file}.", "", made.lines, file=made.path.name
        )
    return f"{said} " + tr("Fingerprint of the key: {fingerprint}", fingerprint=made.fingerprint)


def default_name(wanted: Wanted, today: date) -> str:
    """Name of the file that is suggested."""
    return f"audit trail {today.isoformat()}{'' if wanted.all else ' (part)'}.jsonl"


def fingerprint_words(fingerprint: str) -> str:
    """What Settings says of the key."""
    if not fingerprint:
        return NO_KEY
    return tr("Fingerprint of the key that signs exports: {fingerprint}", fingerprint=fingerprint)


# jobs


def read_page(ctx: Context, lib: Library, wanted: Wanted, before: int | None) -> tuple[Told, ...]:
    """Job: the next page."""
    return read(ctx, lib, wanted, before=before)


def check_trail(ctx: Context, lib: Library) -> Verdict:
    """Job: check every line."""
    return verdict(verify(ctx, lib))


def export(ctx: Context, lib: Library, path: str, wanted: Wanted) -> Exported:
    """Job: write the signed export."""
    return export_trail(ctx, lib, Path(path), wanted)


def read_fingerprint(_ctx: Context, lib: Library) -> str:
    """Job: what Settings says of the key, also where it cannot be read."""
    try:
        return fingerprint_words(library_fingerprint(lib))
    except UserError as error:
        return spoken(error)


def _row(told: Told) -> AuditRow:
    when = ""
    if told.at:
        here = datetime.fromisoformat(told.at).astimezone()
        when = f"{moments.day(here)} {here:%H:%M:%S}"
    return AuditRow((when, told.who, told.kind, told.about, short(_happened(told), _LINE)), told)


def _happened(told: Told) -> str:
    """What was done; where it is one field that changed, that too."""
    if len(told.fields) != 1 or not (told.fields[0].before and told.fields[0].after):
        return told.text
    field = told.fields[0]
    named = told.text.startswith((field.name, *in_english(field.name)))  # the record is English
    return field.short if named else f"{told.text} ({field.short})"


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        day = typed_day(text)
    except BadInputError as error:
        raise BadInputError(error.what, remedy=error.remedy) from error
    if day is None:
        raise BadInputError(
            tr("{typed} is no day", typed=text.strip()), remedy=tr("write it like 14 Mar 2026 or 2026-03-14")
        )
    return day
