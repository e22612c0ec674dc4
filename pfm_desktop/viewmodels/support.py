"""Words about what is kept for who helps. The texts themselves are in English: who helps may be anywhere. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.jobs import Context
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import moment

if TYPE_CHECKING:
    from pfm_desktop.services.crash_report import Report

TEXT = tr("Text (*.txt)")
LOOK, NOT_NOW = tr("Look at it..."), tr("Not now")
CRASHES = tr(
    "What is known of a run of the program that did not end as it should, for whoever helps you. All that is in the "
    "file is shown here: no names, no numbers of patients, no pictures, and of files only those of the program. "
    "It stays on this computer until you save it and pass it on."
)
NO_CRASH = tr("Nothing is kept: every run of the program has ended as it should, or what was known of it was removed.")
CHECK = tr(
    "The program, its backends, the computer, devices and folders, each with what to do about it; `pfm doctor` says "
    "the same. It is in English, names nothing of any patient and no folder of yours, and is sent to nobody."
)
LOOKING = tr("Looking ...")


def check_job(ctx: Context) -> str:
    """Job: what `pfm doctor` says."""
    from pfm_desktop.services import doctor

    return "\n".join(doctor.lines_of(doctor.doctor(ctx)))


def gather_job(ctx: Context) -> Report | None:
    """Job: see `crash_report.gather`."""
    from pfm_desktop.services import crash_report

    ctx.check()
    return crash_report.gather()


def offer_of(report: Report) -> str:
    """Said at the next start."""
    return tr(
        "On {moment} the program ended without being closed. What helps to find out why can be saved as one file. "
        "It holds nothing of any patient.",
        moment=moment(report.at),
    )


def saved(path: str) -> str:
    """Said once it is written."""
    return tr("Saved as {path}. Nobody has got it: pass it on yourself.", path=path)
