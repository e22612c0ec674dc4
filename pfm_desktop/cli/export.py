"""`pfm export`: visits as DICOM, sets for research, clips as videos. Which is for what: docs/export.md."""

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


@export_app.command("clips")
def export_clips(
    library: Folder, visit: Annotated[str, typer.Argument(metavar="VISIT", help="Id of a visit, or its beginning.")]
) -> None:
    """List the clips of a visit: the id, when it began (UTC), how long it is. No names."""
    from pfm_desktop.services.capture.clips import clips_of
    from pfm_desktop.services.export.visits import named_visits

    with open_library(library) as lib:
        found = [clip for row in named_visits(lib, (visit,)) for clip in clips_of(lib, row.visit.id)]
    for clip in found:
        cut = "" if clip.complete else ", cut short" if clip.closed else ", not closed"
        said = f"{clip.kind.value}, {clip.frames} frames, {clip.seconds:.1f} s{cut}"
        say(f"{clip.id}  {clip.started_at:%Y-%m-%d %H:%M:%S}  {said}")


@export_app.command("clip")
def export_clip_(
    library: Folder,
    clip: Annotated[str, typer.Argument(metavar="CLIP", help="Id of a clip; see `pfm export clips`.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="A name with .avi (MJPG) or .mkv (FFV1).", readable=False)
    ],
    clock: Annotated[
        bool, typer.Option("--clock", help="Draw the seconds since acetic acid, or since the clip began, into it.")
    ] = False,
) -> None:
    """Write a clip as a video, without names. It goes on record. An .mkv has the very pixels that were kept."""
    from pfm_desktop.services.capture.clip_export import export_clip

    coding = "ffv1" if out.suffix.lower() == ".mkv" else "mjpg"
    with open_library(library) as lib, Bar() as bar:
        made = export_clip(bar, lib, clip, out, coding=coding, clock=clock)
    for problem in made.problems:
        note(f"the picture stands still where a part of the clip is not: {problem}")
    if made.left_out:
        note(f"{made.left_out} frames came so soon after another that the video has no place for them")
    say(f"Written: {made.path} ({made.seconds:.1f} s, {made.rate} frames a second)")


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
