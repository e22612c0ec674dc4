"""What the Capture page says. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from datetime import date

    from pfm_desktop.capture.recorder import Recorded
    from pfm_desktop.capture.status import StreamStatus
    from pfm_desktop.services.cases import VisitCase

ACID_SOON = tr("A picture was taken just now. Press again when acetic acid is on: that starts the clock.")
ACID_AGAIN = tr("The clock is running. Press again within 3 seconds to start it anew.")
PAIR_IN_IODINE = tr(
    "Lugol's iodine is on: it hides fluorescence, and no model reads such a pair. W takes a white-light picture. Press "
    "again within 3 seconds to take the pair all the same."
)
SIMULATED = tr("Simulated device: a phantom, no woman")
SIMULATED_NAME = tr("Simulated")  # short, and in the language of the window; on record it has its own name
FROM_CLIP = tr("FROM A CLIP, not live")
OF_WHITENING = tr("FIRST FRAME FOLLOWED, not live")
STANDS = tr("THE CAMERA SENDS THE SAME PICTURE AGAIN AND AGAIN: unplug it and plug it in")
WHITENING_WAITS = tr("Whitening is not recorded yet, and is tried again; the clock of acetic acid runs.")
FOR_SCALE = tr("FROZEN, for the scale")
DARK_TAKEN = tr("Dark frame taken. It is subtracted from fluorescence pictures from now on.")
OPENING = tr("Opening the camera ...")
NO_DEVICE = tr("No camera is chosen on this workstation yet. Press D, or Device below, to choose one.")
PLAN_SAVED = tr("The plan of this site is saved. It holds for examinations that begin from now on.")
SIGNED = tr("This visit is signed: begin a new visit of her in Today.")
NO_CAMERA = tr("There is no picture from the camera to take.")
NO_FLUORESCENCE = tr(
    "This device gives no fluorescence. Leave the step out, take a white-light picture, or choose another device."
)
WITHOUT_LAMP = tr("White-light pictures can be taken; each pair tries the lamp again.")
UNDO_WHEN_KEPT = tr("What was done last is not on record yet. Undo takes it back once it is.")
RETAKE_WHEN_KEPT = tr("The picture taken last is on its way to the library. Press again once it is there.")
FORM_FIRST = tr("Close this form first (Esc): undo is of the examination behind it.")
NO_LIVE = tr("The earlier picture is laid over the live one, and there is none at present.")
NO_EARLIER = tr("There is no earlier visit of hers with a white-light picture.")
NOBODY = tr("No visit is open")
BEGIN_HINT = tr(
    "Choose her in Today, or begin now: the visit is unassigned then, and is given to her before it is signed."
)
OFFER_HINT = tr("Examine her, or begin now: the visit is unassigned then, and is given to her before it is signed.")
UNASSIGNED = tr("Unassigned visit")
UNASSIGNED_HINT = tr("It can be examined and reviewed. Before it can be signed it must be given to a woman.")

MARK_OVER = tr("The moment of this mark has passed: its picture stays. W takes another one.")
NOT_WHITE = tr("This moment is not in white light: nothing was frozen.")
WHOSE_FIRST = tr("Say first whose examination it is: choose it beside the live picture.")


def whose_heading(case: VisitCase | None, *, asks: bool) -> str:
    """Of the card that says whose examination it is."""
    if asks:
        return tr("Whose examination is it?")
    if case is None:
        return NOBODY
    return tr("Signed") if case.signed else UNASSIGNED


def whose_text(case: VisitCase | None, *, asks: bool, offered: bool) -> str:
    """What it means, and what to do."""
    if asks:
        return tr("Nothing is taken before that is said.")
    if case is None:
        return OFFER_HINT if offered else BEGIN_HINT
    return SIGNED if case.signed else UNASSIGNED_HINT


def another_day(on: date) -> str:
    """What is asked where the visit that is open is not one of today."""
    return tr(
        "This visit is of {day}, not of today. Press again within 3 seconds to take pictures "
        "into it all the same, or begin a new visit of her in Today.",
        day=day(on),
    )


def ends_examination(woman: str) -> str:
    """What is asked where another visit is to be opened in the middle of an examination."""
    return tr(
        "{woman} is being examined: marks, whitening and clips end where another visit is "
        "opened. Press again within 3 seconds to open it all the same.",
        woman=woman,
    )


def why_not(*, signed: bool, no_editing: str, camera: bool, pair: bool) -> str:
    """Why nothing can be taken now; "" where it can."""
    if signed:
        return SIGNED
    if no_editing:
        return tr("Nothing can be taken: {why}.", why=no_editing)
    if not camera:
        return NO_CAMERA
    return "" if pair else NO_FLUORESCENCE


def without_fluorescence(why: str) -> str:
    """On the live picture, while the camera of fluorescence gives nothing."""
    return tr("No fluorescence: {why}", why=why)


def badges(
    *, frozen: bool, green: bool, zoom: float, simulated: bool, ghost: bool, recording: str = "", still: str = ""
) -> tuple[str, ...]:
    """Short words on the live picture."""
    said = (
        (recording, bool(recording)),
        (still, bool(still)),
        (tr("FROZEN"), frozen),
        (SIMULATED, simulated),
        (tr("Green filter, for looking only"), green),
        (tr("With the visit before"), ghost),
        (tr("Zoom {zoom:.1f} x", zoom=zoom), zoom > 1.0),
    )
    return tuple(text for text, holds in said if holds)


def camera_words(*, opening: bool, problem: str, status: StreamStatus | None, open_: bool) -> str:
    """What is said over the picture; "" while it comes as it should."""
    if problem:
        return capital(problem)
    if opening or (open_ and status is None):
        return OPENING
    if status is None:
        return ""
    return status.text if status.state != "live" else ""


def device_words(name: str, status: StreamStatus | None) -> str:
    """Which device, its size and rate."""
    if not name:
        return ""
    if status is None or status.format is None:
        return name
    rate = f"{status.rate:.0f}/s  " if status.rate >= 1 else ""  # not known yet
    return f"{rate}{status.format.width} x {status.format.height}  {name}"


def recorded_words(recorded: Recorded, *, elsewhere: bool = False) -> str:
    """What became of a clip; `elsewhere`: of another visit than the one on the desk by now."""
    if not recorded.frames:
        return (tr("No clip was recorded.") + f" {recorded.problem}").rstrip()
    said = tr("Clip of {seconds:.0f} s is in the library.", seconds=recorded.seconds)
    if elsewhere:
        said = tr("Clip of {seconds:.0f} s is in the library, with the visit before.", seconds=recorded.seconds)
    lost, taken = recorded.dropped, recorded.frames + recorded.dropped
    if lost and recorded.problem:
        said += " " + tr("{lost} of {taken} frames are missing.", lost=lost, taken=taken)
    elif lost:
        said += " " + tr("{lost} of {taken} frames are missing: the disk was too slow.", lost=lost, taken=taken)
    if recorded.problem:
        said += " " + tr("It ended early: {problem}", problem=recorded.problem)
    return said


def recording_words(seconds: float, *, dropped: int, trouble: str = "", stands: str = "") -> str:
    """On the live picture while a clip is recorded; `trouble`: why the last part is not on disk yet, `stands`: how the
    camera is where nothing comes of it."""
    whole = int(seconds)
    missing = tr("{frames} frames missing", frames=dropped) if dropped else ""
    waits = tr("not on disk yet: {trouble}", trouble=trouble) if trouble else ""
    said = tr("● REC {minutes}:{seconds:02d}", minutes=whole // 60, seconds=whole % 60)
    return COMMA.join(part for part in (said, stands, missing, waits) if part)


def unkept_words(count: int, problem: str) -> str:
    """What is said of pictures of another visit that the library does not take."""
    if count == 1:
        said = tr("A picture that was taken is not in the library yet, held here and tried again.")
    else:
        said = tr("%n pictures that were taken are not in the library yet, held here and tried again.", "", count)
    return f"{said} {problem}"


def cut_short_words(count: int) -> str:
    """What is said when a library is opened whose clips a crash cut short; "" for none."""
    if not count:
        return ""
    if count == 1:
        return tr("A clip was being recorded when the program ended: what was recorded until then is in the library")
    return tr(
        "%n clips were being recorded when the program ended: what was recorded until then is in the library",
        "",
        count,
    )


def clock_words(off: float) -> str:
    """What is said where the computer's clock was set by so many seconds while a woman is examined."""
    if off > 0:
        said = tr("The clock of this computer was set forward by {seconds:.0f} s.", seconds=off)
    else:
        said = tr("The clock of this computer was set back by {seconds:.0f} s.", seconds=-off)
    goes_on = tr(
        "The time since acetic acid is right, and pictures of this examination go on by the clock as it was when it "
        "began."
    )
    return f"{said} {goes_on}"
