"""The command line `pfm`. Exit codes: 0 done, 2 bad input (one line `error: ...`), 3 refused on quality, or wrong."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from pfm_desktop import __version__
from pfm_desktop.cli.analyze import REFUSED, analyze
from pfm_desktop.cli.audit import audit_app
from pfm_desktop.cli.doctor import doctor
from pfm_desktop.cli.ending import ends_as_ctrl_c
from pfm_desktop.cli.evaluate import evaluate
from pfm_desktop.cli.export import export_app
from pfm_desktop.cli.finetune import finetune
from pfm_desktop.cli.kept import note
from pfm_desktop.cli.library import library_app
from pfm_desktop.cli.models import models_app
from pfm_desktop.cli.pipes import output_is_no_error
from pfm_desktop.cli.progress import Bar, complain, say
from pfm_desktop.cli.selftest import selftest
from pfm_desktop.cli.train import train
from pfm_desktop.cli.update import update_app
from pfm_desktop.domain.grade import Grade
from pfm_desktop.support import memory
from pfm_desktop.support.errors import UserError, for_a_person

INTERRUPTED = 130
_STALE = "A file of that name is replaced; when the pair is refused, removed."

app = typer.Typer(
    name="pfm",
    help="Paired white-light and fluorescence pictures of the cervix. Investigational - not for diagnosis.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(models_app, name="models")
app.add_typer(library_app, name="library")
app.add_typer(audit_app, name="audit")
app.add_typer(export_app, name="export")
app.add_typer(update_app, name="update")
app.command()(analyze)
app.command()(selftest)
app.command()(doctor)
app.command()(train)
app.command()(finetune)
app.command()(evaluate)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    # the log is the window's; what a person must know here is said by the command itself, and only once
    logging.getLogger("pfm_desktop").addHandler(logging.NullHandler())
    memory.stay_out_of_crash_files()
    with output_is_no_error(), ends_as_ctrl_c():
        return _run(arguments)


def _run(arguments: list[str] | None) -> int:
    try:
        code = app(arguments, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _stopped(arguments)
    except Exception as error:  # noqa: BLE001 - the outermost place: what nothing is known of is raised again
        return _failed(error)
    if code == INTERRUPTED:
        return _stopped(arguments)
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    known = for_a_person(error)
    if known is not None:
        return _wrong(str(known), known.exit_code)
    if isinstance(error, OSError):  # a disk or a folder that said no where nothing better was known
        where = f"{error.filename}: " if error.filename else ""
        said = f"{where}{error.strerror or error}. Check the path, its permissions and the free space."
        return _wrong(said, UserError.exit_code)
    if not hasattr(error, "format_message"):  # typer's errors about options have no public base class
        raise error
    said = error.format_message().rstrip(".")
    return _wrong(f"{said}. See `pfm --help`.", UserError.exit_code) if said else UserError.exit_code  # help stands


def _stopped(arguments: list[str] | None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in given if not word.startswith("-")), "")
    complain(f"stopped. {_AFTER_A_STOP.get(command, 'Nothing was left half written; the same command begins anew')}.")
    return INTERRUPTED


_AFTER_A_STOP = {
    "phantom": "The cases that are written stay; the same command goes on with the rest",
    "train": "Nothing was left half written; the same command goes on behind the last whole epoch, or with the "
    "pictures prepared so far",
    "finetune": "Nothing was left half written; the same command goes on with the pictures prepared so far, and begins "
    "the epochs anew",
    "update": "Nothing was left half done; the same command goes on",
    "evaluate": "No figures were written; the same command begins anew, with --prepared from the pictures that are "
    "ready there",
}


def _wrong(said: str, code: int) -> int:
    complain(f"error: {said}")
    return code


def _print_version(asked: bool) -> None:
    if asked:
        say(__version__)
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Paired white-light and fluorescence pictures of the cervix. Investigational - not for diagnosis."""


@app.command()
def version() -> None:
    """Print the version."""
    say(__version__)


@app.command()
def phantom(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write to.", readable=False)],
    count: Annotated[int, typer.Option(min=1, help="How many cases.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    grade: Annotated[Grade | None, typer.Option(help="All of one grade; else each is drawn, equally likely.")] = None,
    size: Annotated[int, typer.Option(min=64, help="Side of the pictures in pixels.")] = 1024,
) -> None:
    """Write phantom pairs with their exact truth and a manifest."""
    from pfm_desktop.services.phantoms import write_phantoms

    with Bar() as bar:
        manifest = write_phantoms(bar, folder, count, seed, grade, size)
    say(f"{count} phantom cases: {manifest}")


@app.command()
def register(
    white: Annotated[Path, typer.Argument(metavar="WHITE", readable=False)],
    fluorescence: Annotated[Path, typer.Argument(metavar="FLUORESCENCE", readable=False)],
    json_: Annotated[Path | None, typer.Option("--json", help="Write the result as JSON.", readable=False)] = None,
    points: Annotated[Path | None, typer.Option(help="CSV with x,y in white-light pixels.", readable=False)] = None,
    mapped: Annotated[
        Path | None, typer.Option(help=f"CSV to write: x,y in fluorescence pixels. {_STALE}", readable=False)
    ] = None,
    warped: Annotated[
        Path | None,
        typer.Option(
            help=f"Picture to write (.png, .jpg, .tif): fluorescence in the white-light frame. {_STALE}",
            readable=False,
        ),
    ] = None,
) -> int:
    """Register a pair: which point of the white-light picture lies where in the fluorescence picture."""
    from pfm_desktop.services import pair_files

    with Bar() as bar:
        found = pair_files.register_files(
            bar, white, fluorescence, json_out=json_, points=points, mapped=mapped, warped=warped
        )
    for text in found.notes:
        note(text)
    say(found.sentence)
    for path in found.written:
        say(f"Written: {path}")
    for path in found.removed:
        say(f"Removed: {path} (it was there before and is not of this pair)")
    return 0 if found.usable else REFUSED
