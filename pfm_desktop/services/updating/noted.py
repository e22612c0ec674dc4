"""What updates note of themselves, in files of the user's own: lists, each under one name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

Note = TypeVar("Note")


def read(path: Path, name: str, make: Callable[[Any], Note], *, remedy: str) -> tuple[Note, ...]:
    """The list that is called `name`; () where there is no file. Raises `StorageError` for one that is damaged."""
    try:
        return tuple(make(one) for one in json.loads(path.read_text(encoding="utf-8"))[name])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            tr("what earlier updates changed cannot be read: {file}", file=path),
            safe=tr("nothing was changed"),
            remedy=remedy,
        ) from error
