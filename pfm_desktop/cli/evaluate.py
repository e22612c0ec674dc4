"""`pfm evaluate`: figures of a model on the cases of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pfm_desktop.cli.choices import SourceChoice
from pfm_desktop.cli.kept import note
from pfm_desktop.cli.progress import Bar, say


def evaluate(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="patient,case,white,fluorescence,grade", readable=False)
    ],
    model: Annotated[str, typer.Option(help="Name or folder of the model.")],
    json_: Annotated[Path, typer.Option("--json", help="Write all figures as JSON.", readable=False)],
    sources: Annotated[
        SourceChoice | None, typer.Option(help="What it is given; all that it reads by default.")
    ] = None,
    prepared: Annotated[
        Path | None, typer.Option(help="Folder for the prepared pictures, kept afterwards.", readable=False)
    ] = None,
) -> None:
    """Judge a model: figures per combination of sources with intervals by patient, refusals counted."""
    from pfm_desktop.services.evaluation import evaluate_manifest, write_evaluation
    from pfm_desktop.support.files import check_outputs

    check_outputs([manifest], [json_])
    with Bar() as bar:
        found = evaluate_manifest(bar, manifest, model, sources=sources.sources if sources else None, prepared=prepared)
    try:
        write_evaluation(json_, found)
    finally:  # what took an hour is not lost to a disk that is full
        for warning in found.warnings:
            note(warning)
        for line in found.lines:
            say(line)
