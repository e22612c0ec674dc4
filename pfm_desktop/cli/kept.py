"""What a run that did not reach its end leaves behind, told to the person who called it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import typer


def note(text: str) -> None:
    """One line on stderr beside the result."""
    typer.echo(f"note: {text}", err=True)


@contextlib.contextmanager
def keeps_pictures(out: Path) -> Iterator[None]:
    """Around a run that makes the model `out`: when it ends early, say where prepared pictures of patients lie."""
    from pfm_desktop.pfm.model_file import MODEL
    from pfm_desktop.services.sole_use import InUseError
    from pfm_desktop.services.training import kept_pictures

    try:
        yield
    except InUseError:  # what lies there belongs to the run that goes on
        raise
    except BaseException:
        kept = kept_pictures(out)
        if kept is not None and (out / MODEL).exists():
            note(f"prepared pictures of patients lie in {kept}, left when {out} was made. Delete that folder")
        elif kept is not None:
            note(
                f"prepared pictures of patients lie in {kept}; the same command goes on with them. Delete that folder "
                "if you do not go on"
            )
        raise
