"""`pfm finetune`: a model of one's own from a given one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from pfm_desktop.cli.kept import keeps_pictures, note
from pfm_desktop.cli.models import how_to_use
from pfm_desktop.cli.progress import Bar, say


def finetune(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="patient,case,white,fluorescence,grade", readable=False)
    ],
    from_: Annotated[str, typer.Option("--from", help="Name or folder of the model to start from; it stays.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.", readable=False)],
    epochs: Annotated[int, typer.Option(min=1)] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same model.")] = 0,
    rehearse: Annotated[
        Path | None, typer.Option(help="Manifest of old cases, against forgetting.", readable=False)
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the new model; the folder's by default.")] = "",
    prepared: Annotated[
        Path | None, typer.Option(help="Folder for the prepared pictures, kept afterwards.", readable=False)
    ] = None,
) -> None:
    """Fine-tune a model on graded cases of your own; prints the old and the new one on the same test patients."""
    from pfm_desktop.pfm.training.finetune import FinetuneConfig
    from pfm_desktop.services.finetune import finetune_manifest

    config = FinetuneConfig(name=name or out.name, epochs=epochs, seed=seed, command=shlex.join(["pfm", *sys.argv[1:]]))
    with keeps_pictures(out), Bar() as bar:
        made = finetune_manifest(bar, manifest, from_, out, config, rehearse=rehearse, prepared=prepared)
    for warning in made.warnings:
        note(warning)
    for line in made.lines:
        say(line)
    say(how_to_use(out))
