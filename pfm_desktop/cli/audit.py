"""`pfm audit`: the audit trail of a library."""

from __future__ import annotations

import typer

from pfm_desktop.cli.library import WRONG, Folder
from pfm_desktop.cli.opened import open_library
from pfm_desktop.cli.progress import complain, say

audit_app = typer.Typer(help="The audit trail of a library.", no_args_is_help=True)


@audit_app.command("verify")
def audit_verify(library: Folder) -> int:
    """Check that no line of the audit trail was altered, removed or moved.

    A library of an older version is brought up to date first, as by the window. Exit code 3 when a line was.
    """
    from pfm_desktop.services.housekeeping import verify_audit

    with open_library(library) as lib:
        found = verify_audit(lib)
    for problem in found.problems:
        complain(f"wrong: {problem}")
    say(f"{found.lines} lines checked, {len(found.problems) or 'nothing'} wrong")
    return WRONG if found.problems else 0
