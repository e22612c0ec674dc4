"""What the program is given to open as it starts: a library's folder, or a model file by a double click. No Qt."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.model_exchange import ENDING


@dataclass(frozen=True)
class Given:
    """One of the two, as an absolute path, the other is ""."""

    library: str = ""
    model: str = ""


def given(name: str) -> Given:
    """What `name` is; "" is nothing. Raises `BadInputError` for what is not there, or cannot be opened."""
    if not name:
        return Given()
    path = Path(os.path.abspath(name))  # noqa: PTH100 - takes `..` away, as a shell does
    try:
        if path.is_dir() and os.path.lexists(path / DATABASE):
            return Given(library=str(path))
        if path.is_file() and path.suffix.lower() == ENDING:
            return Given(model=str(path))
        there = os.path.lexists(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise _refused(tr("{path} cannot be looked at: {why}", path=shown(path), why=why)) from error
    if not there:
        raise BadInputError(
            tr("{path} is not there", path=shown(path)),
            safe=tr("nothing was changed"),
            remedy=tr(
                "look whether its disk or network share is connected, and whether it was moved or given another name"
            ),
        )
    raise _refused(tr("{path} is nothing that this program opens by its name", path=shown(path)))


def shown(path: Path) -> str:
    """For a person, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def waits(path: str) -> str:
    """Said while nobody has signed in yet."""
    return tr("{file} is looked at once a library is open.", file=shown(Path(Path(path).name)))


def _refused(what: str) -> BadInputError:
    return BadInputError(
        what,
        safe=tr("nothing was changed"),
        remedy=tr(
            "it opens the folder of a library, and model files ({ending}). Pictures and videos are brought in on "
            "Today, with Import pictures",
            ending=f"*{ENDING}",
        ),
    )
