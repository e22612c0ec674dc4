"""`pfm audit`: the audit trail of a library: read, checked, exported signed; and an export checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pfm_desktop.cli.library import WRONG, Folder
from pfm_desktop.cli.opened import open_library
from pfm_desktop.cli.progress import Bar, complain, say
from pfm_desktop.support.errors import BadInputError

if TYPE_CHECKING:
    from pfm_desktop.services.audit import Told, Wanted
    from pfm_desktop.storage.library import Library

audit_app = typer.Typer(help="The audit trail of a library.", no_args_is_help=True)


class KindChoice(StrEnum):
    """As `services.audit.Kind`, which brings the database with it."""

    CHANGES = "changes"
    REVEALS = "reveals"
    SIGN_INS = "sign-ins"
    EXPORTS = "exports"
    SETTINGS = "settings"
    DELETIONS = "deletions"


Who = Annotated[str, typer.Option(help="Only what was done by people with this in their name.")]
From = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="Only from this day on.")]
To = Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Only until this day, which is included.")]
KindOf = Annotated[KindChoice | None, typer.Option("--kind", help="Only lines of one kind.")]
About = Annotated[str, typer.Option(metavar="ID", help="Only what is about the woman with this identifier.")]
Words = Annotated[str, typer.Option(help="Only lines that hold each of these words.")]


@audit_app.command("verify")
def audit_verify(library: Folder) -> int:
    """Check that no line of the audit trail was altered, removed or moved.

    A library of an older version is brought up to date first, as by the window. Exit code 3 when a line was.
    """
    from pfm_desktop.services.audit import verify

    with open_library(library) as lib, Bar() as bar:
        found = verify(bar, lib)
    for problem in found.problems:
        complain(f"wrong: {problem}")
    say(f"{found.lines} lines checked, {len(found.problems) or 'nothing'} wrong")
    return WRONG if found.problems else 0


@audit_app.command("show")
def audit_show(
    library: Folder,
    who: Who = "",
    from_: From = "",
    to: To = "",
    kind: KindOf = None,
    about: About = "",
    words: Words = "",
    limit: Annotated[int, typer.Option(min=1, help="How many lines at most, the newest.")] = 50,
    json_: Annotated[bool, typer.Option("--json", help="A JSON object for each line, with whole values.")] = False,
) -> None:
    """Print lines of the audit trail, the newest first: number, moment, who, what, about whom, before and after."""
    wanted = _wanted(who, from_, to, kind, about, words)
    with open_library(library) as lib, Bar() as bar:
        for line in _lines(bar, lib, wanted, limit):
            say(json.dumps(_as_json(line), ensure_ascii=True) if json_ else _as_text(line))


@audit_app.command("export")
def audit_export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File to write (JSON Lines).", readable=False)],
    library: Annotated[Path, typer.Option(metavar="LIBRARY", help="Folder of the library.", readable=False)],
    who: Who = "",
    from_: From = "",
    to: To = "",
    kind: KindOf = None,
    about: About = "",
    words: Words = "",
) -> None:
    """Write a signed copy of the audit trail, whole or of the lines that are asked for. That goes on record itself.

    Whoever gets the file compares the fingerprint that is printed with the one that `pfm audit check` finds in it.
    """
    from pfm_desktop.services.audit_export import export_trail

    wanted = _wanted(who, from_, to, kind, about, words)
    with open_library(library) as lib, Bar() as bar:
        made = export_trail(bar, lib, out, wanted)
    part = "the whole trail" if made.whole else "a part of the trail"
    say(f"{made.path}: {made.lines} lines, {part}, signed")
    say(f"Fingerprint of the key: {made.fingerprint}")


@audit_app.command("check")
def audit_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A signed export.", readable=False)],
    fingerprint: Annotated[str, typer.Option(help="The one that the library shows in Settings.")] = "",
) -> int:
    """Check a signed export: nothing in it was altered, removed, moved or added, and the key is the library's.

    Exit code 3 when something is wrong.
    """
    from pfm_desktop.services.audit_check import check_export

    with Bar() as bar:
        found = check_export(file, fingerprint, ctx=bar)
    for problem in found.problems:
        complain(f"wrong: {problem}")
    say(found.says)
    return 0 if found.sound else WRONG


def _wanted(who: str, since: str, until: str, kind: KindChoice | None, about: str, words: str) -> Wanted:
    from pfm_desktop.services.audit import Kind, Wanted

    chosen = Kind(kind.value) if kind is not None else None
    return Wanted(who.strip(), _day("--from", since), _day("--to", until), chosen, about.strip(), words.strip())


def _day(option: str, text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInputError(f"{option}: {text} is no day", remedy="write it like 2026-03-14") from None


def _lines(bar: Bar, lib: Library, wanted: Wanted, limit: int) -> Iterator[Told]:
    """The newest `limit` lines, read in pages."""
    from pfm_desktop.services.audit import PAGE, read

    before = None
    while limit > 0 and (page := read(bar, lib, wanted, before=before, limit=min(limit, PAGE))):
        yield from page
        limit, before = limit - len(page), page[-1].seq


def _as_text(line: Told) -> str:
    """A line for the terminal, and one more for each field. What is stored may hold anything: it steers no terminal."""
    head = [str(line.seq), line.moment, line.who, line.kind, line.about, line.text]
    shown = ["  ".join(_printable(part) for part in head if part)]
    shown += [f"      {_printable(field.short)}" for field in line.fields]
    return "\n".join(shown)


def _as_json(line: Told) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "at": line.at,
        "who": line.who,
        "kind": line.kind,
        "about": line.about,
        "text": line.text,
        "fields": [{"name": field.name, "before": field.before, "after": field.after} for field in line.fields],
        "chain": line.chain,
    }


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
