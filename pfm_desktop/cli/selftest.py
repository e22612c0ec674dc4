"""`pfm selftest`: does this installation do its main job?"""

from __future__ import annotations

from pfm_desktop.cli.progress import Bar, say


def selftest() -> int:
    """Try all that an installation is to do, in a temporary folder; exit code 0 when all went well."""
    from pfm_desktop.services.selftest import ended, lines_of
    from pfm_desktop.services.selftest import selftest as run

    with Bar() as bar:
        outcomes = run(bar)
    for line in lines_of(outcomes):
        say(line)
    return ended(outcomes)
