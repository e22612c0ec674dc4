"""Whether this installation does its main job: each step is tried for real, in a temporary folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.services.selftest import apart, main_job, papers
from pfm_desktop.services.selftest.bench import Bench, Step
from pfm_desktop.support import installation
from pfm_desktop.support.errors import for_a_person
from pfm_desktop.support.paths import HOME

__all__ = ["STEPS", "Outcome", "ended", "lines_of", "own_home", "selftest", "tried"]
FAILED = 1
MOST = 6  # files that are named


STEPS: tuple[tuple[str, Step], ...] = (
    ("Phantom", main_job.draw),
    ("Library", main_job.make_library),
    ("Pictures", main_job.add_pictures),
    ("Registration", main_job.register),
    ("Model", main_job.find_model),
    ("Answer", main_job.predict),
    ("Backends", apart.backends),
    ("Report", papers.report),
    ("JSON", papers.write_json),
    ("DICOM", papers.dicom),
    ("Encryption", apart.encryption),
    ("Languages", apart.languages),
    ("Updates", apart.updates),
    ("Learning", apart.learning),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one step: `said` is for a person."""

    title: str
    done: bool
    said: str


def selftest(ctx: Context) -> tuple[Outcome, ...]:
    """Try all `STEPS` in order; the first that fails ends it. Nothing is left behind, nothing of the user's is read."""
    outcomes: list[Outcome] = []
    with own_home() as folder:
        bench = Bench(folder)
        try:
            for number, (title, step) in enumerate(STEPS):
                ctx.progress(number, len(STEPS), title)
                outcomes.append(tried(title, partial(step, ctx, bench)))
                if not outcomes[-1].done:
                    break
        finally:
            if bench.lib is not None:
                bench.lib.close()
    ctx.progress(len(STEPS), len(STEPS), "Done")
    return tuple(outcomes)


@contextmanager
def own_home() -> Iterator[Path]:
    """A folder to try things in, which is gone afterwards. Models, caches and settings of the user stay out of it, in
    processes that are started as well."""
    before = os.environ.get(HOME)
    with tempfile.TemporaryDirectory(prefix="pfm-selftest-", ignore_cleanup_errors=True) as name:
        os.environ[HOME] = str(Path(name) / "home")
        try:
            yield Path(name)
        finally:
            if before is None:
                del os.environ[HOME]
            else:
                os.environ[HOME] = before


def lines_of(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """For a person: each step, and how it all ended. Where it failed, also what is not as it was built."""
    said = [f"{'ok    ' if one.done else 'FAILED'}  {one.title}: {one.said}" for one in outcomes]
    if not ended(outcomes):
        return (*said, "selftest passed")
    changed = [f"FAILED  Installation: {one}; {installation.REMEDY}" for one in _changed()]
    return (*said, *changed, "selftest failed")


def _changed() -> tuple[installation.Changed, ...]:
    with suppress(installation.NoListError):
        return installation.compare(deep=True)[:MOST]
    return ()


def ended(outcomes: Sequence[Outcome]) -> int:
    """The exit code: 0 when all went well."""
    return 0 if all(one.done for one in outcomes) else FAILED


def tried(title: str, step: Callable[[], str]) -> Outcome:
    """What came of a step, which says what it did."""
    try:
        return Outcome(title, True, step())
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - a broken installation fails in any way, and that is what is asked
        return Outcome(title, False, str(for_a_person(error) or f"{type(error).__name__}: {error}"))
