"""`pfm library import`: whole folders, zips and files into a library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pfm_desktop.cli.opened import open_library
from pfm_desktop.cli.progress import Bar, complain, say
from pfm_desktop.domain.source import Stage
from pfm_desktop.support.errors import BadInputError

if TYPE_CHECKING:
    from pfm_desktop.services.importing.plan import ImportPlan
    from pfm_desktop.services.importing.report import ImportReport
    from pfm_desktop.storage.library import Library

SKIPPED = 3


def library_import(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders, zips and picture files.", readable=False)
    ],
    library: Annotated[Path, typer.Option(metavar="LIBRARY", help="Folder of the library.", readable=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, and why.")] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="CSV with patient,visit_time,stage,source,file: it counts more than any guess. Else import.csv in a "
            "given folder.",
            readable=False,
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="What became of each file, as CSV.", readable=False)
    ] = None,
    patient: Annotated[str, typer.Option(metavar="ID", help="Whose pictures they are where nothing says it.")] = "",
    stage: Annotated[
        list[Stage] | None,
        typer.Option(help="The stage where nothing says it; once for each source.", show_default=False),
    ] = None,
    take_guesses: Annotated[
        bool, typer.Option("--take-guesses", help="Also what is marked with a question mark in --dry-run.")
    ] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between the pictures taken from a video.")] = 10.0,
) -> int:
    """Bring pictures in. Whose they are, when and what they show is guessed from names and the pictures themselves.

    Look at --dry-run first. The same command again adds only what is missing. Exit code 3 when something was skipped.
    """
    from pfm_desktop.services.importing.report import check_new, export_report
    from pfm_desktop.services.importing.returning import doubted
    from pfm_desktop.services.importing.run import check_may_import, foreseen, import_plan

    if report is not None:
        check_new(report)
    with open_library(library) as lib, Bar() as bar:
        check_may_import(lib)
        plan = doubted(lib, _plan(bar, paths, manifest, every, patient=patient, stages=stage or []))
        work = foreseen if dry_run else import_plan
        made = work(bar, lib, plan, also_unsure=take_guesses)
        lines = _lines(lib, plan, made, take_guesses=take_guesses) if dry_run else []
        if report is not None:
            export_report(lib, made, report)
    _tell(lines, made, dry_run=dry_run)
    return SKIPPED if made.skipped else 0


def _plan(
    bar: Bar, paths: list[Path], manifest: Path | None, every: float, *, patient: str, stages: list[Stage]
) -> ImportPlan:
    from pfm_desktop.services.importing.changes import fill_in
    from pfm_desktop.services.importing.making import Options, make_plan
    from pfm_desktop.services.importing.manifest import manifest_beside, read_import_manifest

    if len({one.source for one in stages}) < len(stages):
        raise BadInputError("two stages of one source were given", remedy="give one for each source, or a manifest")
    named = manifest or manifest_beside(paths)
    read = read_import_manifest(named) if named is not None else None
    if named is not None and read is not None:
        complain(f"{named} says whose the files are that it names ({len(read.rows)}): it counts more than any guess")
    return fill_in(make_plan(bar, paths, manifest=read, options=Options(every=every)), patient=patient, stages=stages)


def _lines(lib: Library, plan: ImportPlan, foreseen: ImportReport, *, take_guesses: bool) -> list[str]:
    """The plan as text, with what the library knows of its women."""
    from pfm_desktop.viewmodels.importing import ImportPreview, plan_lines, says_of

    preview = ImportPreview(plan)
    preview.take_guesses(take_guesses)
    preview.library_says(plan, says_of(lib, plan, foreseen))
    return list(plan_lines(preview))


def _tell(lines: list[str], made: ImportReport, *, dry_run: bool) -> None:
    from pfm_desktop.services.importing.report import PUT_BACK, Outcome
    from pfm_desktop.viewmodels.importing import report_lines

    for line in lines:
        say(line)
    for skipped in made.skipped:
        complain(f"skipped: {skipped.file}: {skipped.reason}")
    for one in made.lines:
        if (one.outcome is Outcome.ADDED and one.reason) or (one.outcome is Outcome.THERE and PUT_BACK in one.reason):
            complain(f"note: {one.file}: {one.reason}")
    if dry_run:
        say("Nothing was written. It would be:")
    for line in report_lines(made):
        say(line)
