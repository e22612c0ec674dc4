"""`pfm models`: what models there are, what they say about themselves, and bringing public weights."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pfm_desktop.cli.choices import VariantChoice
from pfm_desktop.cli.library import Folder
from pfm_desktop.cli.opened import open_library
from pfm_desktop.cli.progress import Bar, complain, say

models_app = typer.Typer(help="Models on this computer.", no_args_is_help=True)


@models_app.command("list")
def models_list() -> None:
    """List the models, the user's own first."""
    from pfm_desktop.services import models

    entries = models.models()
    instead = {entry.path: other for entry, other in models.hidden()}
    for entry in entries:
        info = entry.info
        say(f"{info.name} {info.version}  {info.variant} {info.splice}  {info.label}")
    for path, other in instead.items():
        complain(f"not used: {path}, because the name leads to {other}")
    for bad in models.broken():
        complain(f"not readable: {bad.error or bad.problem}")
    if not entries:
        complain("no models yet: train one with `pfm train`")


@models_app.command("show")
def models_show(name: str) -> None:
    """Print a model's card."""
    from pfm_desktop.services import models

    say(models.card_of(name) or f"{name} has no CARD.md")


@models_app.command("verify")
def models_verify(name: str) -> None:
    """Check a model's weights and description against the hashes it promises."""
    from pfm_desktop.services import models

    info = models.verify_whole(name)
    say(f"{info.name} {info.version}: weights are what model.toml promises, and {models.seal_of(name)}")


@models_app.command("import")
def models_import(
    what: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|FILE",
            help="A model folder, such as pfm train writes; or fasternet_t*.in1k as .safetensors or .pth.",
            readable=False,
        ),
    ],
    variant: Annotated[VariantChoice | None, typer.Option(help="Which FasterNet the file holds.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the new model; a folder keeps its own by default.")] = None,
) -> None:
    """Bring a model folder into the window's Models page, or public FasterNet weights as a start for training."""
    if what.is_dir():
        if variant is not None:
            raise typer.BadParameter("--variant is for files only: a model folder says which it has")
        _import_folder(what, name)
    elif not what.exists():
        raise typer.BadParameter(f"there is no file or folder {what}")
    elif variant is None or name is None:
        raise typer.BadParameter(f"{what} is no model folder; a file of public weights needs --variant and --name")
    else:
        _import_file(what, variant, name)


def _import_folder(folder: Path, name: str | None) -> None:
    from pfm_desktop.services.model_import import import_folder

    with Bar() as bar:
        made = import_folder(bar, folder, name=name)
    if made.unsealed:
        complain(
            f"warning: {folder} is from an earlier version and has no digest, so nobody can say whether its model.toml "
            "was altered; it is taken as it is"
        )
    info = made.info
    say(f"{info.name} {info.version} ({info.label}) copied to {made.path}")
    if info.can_grade:
        say(f"use it in the window: Models, {info.name}, Use this model; or with --model {info.name}")


def _import_file(file: Path, variant: VariantChoice, name: str) -> None:
    from pfm_desktop.services.model_import import import_model

    with Bar() as bar:
        made = import_model(bar, file, variant=variant.value, name=name)
    say(f"{made.info.name} written to {made.path}: both trunks hold the weights of {file.name} ({made.naming} naming)")
    say(f"not used: {', '.join(made.unused) or 'nothing'}")
    say(f"it was not trained to grade; use it with `pfm train MANIFEST --out DIR --start {made.info.name}`")


@models_app.command("send")
def models_send(
    name: Annotated[str, typer.Argument(help="A model by name, or its folder.")],
    library: Folder,
    out: Annotated[Path, typer.Option(help="The file to write, *.pfm-model.")],
) -> None:
    """Write a model as one file, signed with a library's key, without anything of a patient: for another clinic."""
    from pfm_desktop.services.learning.exchange import send

    with open_library(library) as lib, Bar() as bar:
        sent = send(bar, lib, name, out)
    say(f"{sent.info.name} {sent.info.version} written to {sent.path}")
    say(f"tell who gets it this fingerprint, on another way than the file: {sent.fingerprint}")


@models_app.command("receive")
def models_receive(
    file: Annotated[Path, typer.Argument(help="A file that `pfm models send` or the window wrote.")],
    fingerprint: Annotated[str, typer.Option(help="Of the key that signed it, as its sender told it on another way.")],
    name: Annotated[str | None, typer.Option(help="Name of the model here; its own by default.")] = None,
) -> None:
    """Bring a signed model file among the models of this user; it answers nothing until it is chosen."""
    from tempfile import TemporaryDirectory

    from pfm_desktop.services.learning.exchange import receive

    with TemporaryDirectory(prefix="pfm-model-") as work, Bar() as bar:
        brought = receive(bar, file, Path(work) / "model", fingerprint=fingerprint, name=name)
    say(f"{brought.info.name} {brought.info.version} ({brought.info.label}) copied to {brought.path}")
    say(how_to_use(brought.path))


def how_to_use(folder: Path) -> str:
    """Said behind a model that was made: how it gets into the window."""
    from pfm_desktop.support.paths import user_models_dir

    if folder.absolute().parent == user_models_dir().absolute():
        return "to use it: Models in the window, then Use this model"
    return f"to use it in the window: `pfm models import {shlex.quote(str(folder))}`, then Models, Use this model"
