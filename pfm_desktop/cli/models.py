"""`pfm models`: what models there are, what they say about themselves, and bringing public weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pfm_desktop.cli.choices import VariantChoice
from pfm_desktop.cli.progress import Bar, complain, say

models_app = typer.Typer(help="Models on this computer.", no_args_is_help=True)


@models_app.command("list")
def models_list() -> None:
    """List the models, the user's own first."""
    from pfm_desktop.services import models

    entries = models.models()
    for entry in entries:
        info = entry.info
        say(f"{info.name} {info.version}  {info.variant} {info.splice}  {info.label}")
    for bad in models.broken():
        complain(f"not readable: {bad.problem}")
    if not entries:
        complain("no models yet: train one with `pfm train`")


@models_app.command("show")
def models_show(name: str) -> None:
    """Print a model's card."""
    from pfm_desktop.services import models

    say(models.card_of(name) or f"{name} has no CARD.md")


@models_app.command("verify")
def models_verify(name: str) -> None:
    """Check a model's weights against the hash it promises."""
    from pfm_desktop.services import models

    info = models.verify(name)
    say(f"{info.name} {info.version}: weights are what model.toml promises")


@models_app.command("import")
def models_import(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="fasternet_t*.in1k as .safetensors or .pth", readable=False)
    ],
    variant: Annotated[VariantChoice, typer.Option(help="Which FasterNet the file holds.")],
    name: Annotated[str, typer.Option(help="Name of the new model.")],
) -> None:
    """Bring public FasterNet ImageNet weights as a start for `pfm train --start NAME`."""
    from pfm_desktop.services.model_import import import_model

    with Bar() as bar:
        made = import_model(bar, file, variant=variant.value, name=name)
    say(f"{made.info.name} written to {made.path}: both trunks hold the weights of {file.name} ({made.naming} naming)")
    say(f"not used: {', '.join(made.unused) or 'nothing'}")
    say(f"it was not trained to grade; use it with `pfm train MANIFEST --out DIR --start {made.info.name}`")
