"""The command line `pfm`. Exit codes: 0 done, 2 bad input (one line `error: ...`), 3 refused on quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import click
import typer
from rich.console import Console

from pfm_desktop import __version__
from pfm_desktop.cli.progress import Bar
from pfm_desktop.cli.train import train
from pfm_desktop.domain.grade import Grade
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.files import write_text

REFUSED = 3
INTERRUPTED = 130

app = typer.Typer(
    name="pfm",
    help="Paired white-light and fluorescence pictures of the cervix. Investigational - not for diagnosis.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
models_app = typer.Typer(help="Models on this computer.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.command()(train)
out = Console()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        code = app(arguments, standalone_mode=False)
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("stopped", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


@app.command()
def phantom(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write to.")],
    count: Annotated[int, typer.Option(min=1, help="How many cases.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    grade: Annotated[Grade | None, typer.Option(help="All of one grade; else equal parts.")] = None,
    size: Annotated[int, typer.Option(min=64, help="Side of the pictures in pixels.")] = 1024,
) -> None:
    """Write phantom pairs with their exact truth and a manifest."""
    from pfm_desktop.services.phantoms import write_phantoms

    with Bar() as bar:
        manifest = write_phantoms(bar, folder, count, seed, grade, size)
    out.print(f"{count} phantom cases: {manifest}", highlight=False, soft_wrap=True)


@app.command()
def register(
    white: Annotated[Path, typer.Argument(metavar="WHITE")],
    fluorescence: Annotated[Path, typer.Argument(metavar="FLUORESCENCE")],
    json_: Annotated[Path | None, typer.Option("--json", help="Write the result as JSON.")] = None,
    points: Annotated[Path | None, typer.Option(help="CSV with x,y in white-light pixels.")] = None,
    mapped: Annotated[Path | None, typer.Option(help="CSV to write: x,y in fluorescence pixels.")] = None,
    warped: Annotated[Path | None, typer.Option(help="PNG to write: fluorescence in the white-light frame.")] = None,
) -> int:
    """Register a pair: which point of the white-light picture lies where in the fluorescence picture."""
    from pfm_desktop.services import pair_files

    with Bar() as bar:
        found = pair_files.register_files(bar, white, fluorescence, points=points, mapped=mapped, warped=warped)
    if json_ is not None:
        _write_json(json_, found.as_json())
    out.print(found.sentence, highlight=False, soft_wrap=True)
    return 0 if found.usable else REFUSED


@models_app.command("list")
def models_list() -> None:
    """List the models, the user's own first."""
    from pfm_desktop.services import models

    entries = models.models()
    for entry in entries:
        info = entry.info
        out.print(f"{info.name} {info.version}  {info.variant} {info.splice}  {info.label}", highlight=False)
    for bad in models.broken():
        click.echo(f"not readable: {bad}", err=True)
    if not entries:
        click.echo("no models yet: train one with `pfm train`", err=True)


@models_app.command("show")
def models_show(name: str) -> None:
    """Print a model's card."""
    from pfm_desktop.services import models

    out.print(models.card_of(name) or f"{name} has no CARD.md", highlight=False, markup=False)


@models_app.command("verify")
def models_verify(name: str) -> None:
    """Check a model's weights against the hash it promises."""
    from pfm_desktop.services import models

    info = models.verify(name)
    out.print(f"{info.name} {info.version}: weights are what model.toml promises", highlight=False)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
