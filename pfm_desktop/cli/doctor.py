"""`pfm doctor`: is this installation whole, and is the computer fit for it?"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Annotated

import typer

from pfm_desktop.cli.progress import Bar, say


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the content of each installed file; takes a minute.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> int:
    """Look at program, window, computer, devices and folders, and say what to do; 0 when nothing is an error, else 3.

    Nothing of a patient is read, and no folder of yours is named: it can be passed on.
    """
    from pfm_desktop.services import doctor as asked
    from pfm_desktop.support.files import json_bytes

    # parts that cannot be loaded print (the loader of OpenCV does): what is found of them is said all the same
    with Bar() as bar, redirect_stdout(io.StringIO()):
        found = asked.doctor(bar, deep=deep)
    if json_:
        say(json_bytes(asked.table_of(found)).decode("utf-8").rstrip("\n"))
    else:
        for line in asked.lines_of(found):
            say(line)
    return asked.ended(found)
