"""`pfm export`: visits as DICOM, and sets for research. Which is for what, and what is removed: docs/export.md."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pfm_desktop.cli.kept import note
from pfm_desktop.cli.opened import open_library
from pfm_desktop.cli.progress import Bar, complain, say

if TYPE_CHECKING:
    from pfm_desktop.services.export.facts import LeftOut

SHOWN = 20  # lines about what was left out; the rest is counted
Folder = Annotated[Path, typer.Argument(metavar="LIBRARY", help="Folder of the library.", readable=False)]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.", readable=False)]
export_app = typer.Typer(help="Taking pictures and records out of a library.", no_args_is_help=True)


class ModalityChoice(StrEnum):
    """How a site calls colposcopy."""

    XC = "XC"
    ES = "ES"


class FormatChoice(StrEnum):
    """How a set for research is written."""

    CSV = "csv"
    COCO = "coco"
    DICOM = "dicom"


@export_app.command("visits")
def export_visits(
    library: Folder, search: Annotated[str, typer.Option(help="As in the Today list; else all visits.")] = ""
) -> None:
    """List visits: the beginning of the id, the day, how many pictures. No names."""
    from pfm_desktop.services.export.visits import found_visits

    with open_library(library) as lib:
        rows = found_visits(lib, search=search)
    for row in rows:
        say(f"{row.visit.id[:12]}  {row.visit.day:%Y-%m-%d}  {row.pictures} pictures")


@export_app.command("dicom")
def export_dicom_(
    library: Folder,
    visits: Annotated[list[str], typer.Argument(metavar="VISIT...", help="Id of a visit, or its beginning.")],
    out: Out,
    modality: Annotated[
        ModalityChoice | None, typer.Option(help="How your archive calls colposcopy; else as in the settings.")
    ] = None,
) -> None:
    """Write visits as DICOM, WITH the patient's name, for an archive or another clinic. It goes on record."""
    from pfm_desktop.interop.dicom.content import Modality
    from pfm_desktop.services.export.dicom_visit import export_dicom
    from pfm_desktop.support.settings import load_settings

    called = Modality(modality.value if modality is not None else load_settings().modality)
    with open_library(library) as lib, Bar() as bar:
        made = export_dicom(bar, lib, visits, out, modality=called)
    _tell_left_out(made.left_out)
    say(f"Written: {made.folder} ({made.visits} visits, {made.files} files, with names)")


@export_app.command("research")
def export_research_(
    library: Folder,
    out: Out,
    format_: Annotated[FormatChoice, typer.Option("--format", help="How it is written.")] = FormatChoice.CSV,
    search: Annotated[str, typer.Option(help="Only visits that this finds, as in the Today list.")] = "",
    pixels_looked_at: Annotated[
        bool,
        typer.Option(
            "--pixels-looked-at", help="I looked at each picture: nothing in it names anybody, or it is blanked."
        ),
    ] = False,
    blank_margin: Annotated[int, typer.Option(min=0, help="Pixels along each edge that are made black.")] = 0,
) -> None:
    """Write a set for research: pseudonyms, moved dates, no free text, pictures without metadata. It goes on record.

    Words that are found in pictures are made black; some may not be found, so look at each picture.
    """
    from pfm_desktop.services.export.research import Format, Wish, export_research

    wish = Wish(Format(format_.value), search=search, pixels_looked_at=pixels_looked_at, blank_margin=blank_margin)
    with open_library(library) as lib, Bar() as bar:
        made = export_research(bar, lib, out, wish)
    _tell_left_out(made.left_out)
    for text in made.notes:
        note(text)
    say(f"Words found in pictures and made black: {made.words_boxes} boxes in {made.words_pictures} pictures")
    labelled = "" if wish.format is Format.DICOM else f", {made.labelled} of them with a grade to train on"
    say(f"Written: {made.folder} ({made.women} women, {made.visits} visits{labelled}, {made.pictures} pictures)")


@export_app.command("whose")
def export_whose(
    library: Folder, pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="As W-8f3a2c.")]
) -> None:
    """Say who stands under a pseudonym of a set for research. That it was asked goes on record."""
    from pfm_desktop.services.export.whose import whose

    with open_library(library) as lib:
        found = whose(lib, pseudonym)
    say(f"{found.identifier}  {found.display_name}".rstrip())


def _tell_left_out(left: Sequence[LeftOut]) -> None:
    for one in left[:SHOWN]:
        complain(f"left out: {one.what} of visit {one.visit_id[:20]}: {one.why}")
    if len(left) > SHOWN:
        complain(f"left out: {len(left) - SHOWN} more")
