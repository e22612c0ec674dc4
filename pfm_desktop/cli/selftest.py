"""`pfm selftest`: does this installation do its main job?"""

from __future__ import annotations

from pfm_desktop.cli.progress import Bar, say

FAILED = 1


def selftest() -> int:
    """Try library, registration, answer and report once, in a temporary folder; exit code 0 when all went well."""
    from pfm_desktop.services.selftest import selftest as run

    with Bar() as bar:
        outcomes = run(bar)
    for outcome in outcomes:
        say(f"{'ok    ' if outcome.done else 'FAILED'}  {outcome.title}: {outcome.said}")
    well = all(outcome.done for outcome in outcomes)
    say("selftest passed" if well else "selftest failed")
    return 0 if well else FAILED
