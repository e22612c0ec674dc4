"""`pfm train`: a model from a manifest."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pfm_desktop.cli.choices import SourceChoice, SpliceChoice, VariantChoice
from pfm_desktop.cli.kept import keeps_pictures, note
from pfm_desktop.cli.models import how_to_use
from pfm_desktop.cli.progress import Bar, say

if TYPE_CHECKING:
    from pfm_desktop.services.training import Trained


def train(
    context: typer.Context,
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="patient,case,white,fluorescence,grade", readable=False)
    ],
    out: Annotated[Path, typer.Option(help="Model folder to write.", readable=False)],
    sources: Annotated[SourceChoice, typer.Option(help="What the network reads.")] = SourceChoice.BOTH,
    variant: Annotated[VariantChoice, typer.Option(help="Width of the trunks.")] = VariantChoice.T0,
    splice: Annotated[SpliceChoice, typer.Option(help="How the sources are joined.")] = SpliceChoice.TOKEN,
    epochs: Annotated[int, typer.Option(min=1)] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same model.")] = 0,
    size: Annotated[int, typer.Option(min=64, help="Side of the network's input, a multiple of 32.")] = 224,
    batch: Annotated[int, typer.Option(min=2)] = 32,
    name: Annotated[str, typer.Option(help="Name of the model; the folder's by default.")] = "",
    version: Annotated[str, typer.Option(help="Version of the model.")] = "1",
    trained_on: Annotated[str, typer.Option(help="What the pictures are; stands beside every answer.")] = "local cases",
    start: Annotated[str, typer.Option(help="Model whose trunks are taken, such as an imported one.")] = "",
    prepared: Annotated[
        Path | None, typer.Option(help="Folder for the prepared pictures, kept afterwards.", readable=False)
    ] = None,
    shares: Annotated[str, typer.Option(help="Patients for train,validation,calibration,test.")] = ".72,.08,.12,.08",
) -> None:
    """Train a PFM network on the cases of a manifest. A run that was stopped goes on where it was."""
    from pfm_desktop.pfm.training.config import TrainConfig
    from pfm_desktop.services import models
    from pfm_desktop.services.training import phantoms_of, train_manifest

    config = TrainConfig(
        name=name or out.name,
        version=version,
        trained_on="phantoms" if phantoms_of(manifest) else trained_on,  # whatever it is called
        variant=variant.value,
        splice=splice.value,
        sources=sources.sources,
        epochs=epochs,
        seed=seed,
        batch=batch,
        shares=_shares(shares),
        start=models.folder_of(start) if start else None,
        command=_command(context),
    )
    with keeps_pictures(out), Bar() as bar:
        trained = train_manifest(bar, manifest, out, config, size=size, prepared=prepared, tell=note)
    for text in trained.result.notes:
        note(text)
    say(_sentence(trained))
    say(how_to_use(out))


def _sentence(trained: Trained) -> str:
    result = trained.result
    left = f"; {len(trained.left_out)} cases left out, see left_out.csv" if trained.left_out else ""
    return (
        f"{result.info.name} {result.info.version} ({result.info.label}) written to {result.path}: best epoch "
        f"{result.best_epoch} of {result.epochs}{left}"
    )


def _command(context: typer.Context) -> str:
    """The call with every option written out, for the card."""
    given = {key: getattr(value, "value", value) for key, value in context.params.items() if value not in (None, "")}
    manifest = str(given.pop("manifest"))
    options = [f"--{key.replace('_', '-')}={value}" for key, value in sorted(given.items())]
    return shlex.join(["pfm", "train", manifest, *options])


def _shares(text: str) -> tuple[float, float, float, float]:
    try:
        values = [float(part) for part in text.split(",")]
        train_, validation, calibration, test = values
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not four numbers such as .72,.08,.12,.08") from error
    if not all(math.isfinite(value) and value >= 0 for value in values) or min(values[:3]) <= 0:
        raise typer.BadParameter(f"{text}: train, validation and calibration each need a share above 0")
    return train_, validation, calibration, test
