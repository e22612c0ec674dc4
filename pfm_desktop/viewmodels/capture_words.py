"""What the Capture page says. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from datetime import date

    from pfm_desktop.capture.recorder import Recorded
    from pfm_desktop.capture.status import StreamStatus
    from pfm_desktop.services.cases import VisitCase

ACID_SOON = "A picture was taken just now. Press again when acetic acid is on: that starts the clock."
ACID_AGAIN = "The clock is running. Press again within 3 seconds to start it anew."
PAIR_IN_IODINE = (
    "Lugol's iodine is on: it hides fluorescence, and no model reads such a pair. W takes a white-light picture. Press "
    "again within 3 seconds to take the pair all the same."
)
SIMULATED = "Simulated device: a phantom, no woman"
FROM_CLIP = "FROM A CLIP, not live"
OF_WHITENING = "FIRST FRAME FOLLOWED, not live"
STANDS = "THE CAMERA SENDS THE SAME PICTURE AGAIN AND AGAIN: unplug it and plug it in"
WHITENING_WAITS = "Whitening is not recorded yet, and is tried again; the clock of acetic acid runs."
FOR_SCALE = "FROZEN, for the scale"
DARK_TAKEN = "Dark frame taken. It is subtracted from fluorescence pictures from now on."
OPENING = "Opening the camera ..."
NO_DEVICE = "No camera is chosen on this workstation yet. Press D, or Device below, to choose one."
PLAN_SAVED = "The plan of this site is saved. It holds for examinations that begin from now on."
SIGNED = "This visit is signed: begin a new visit of her in Today."
NO_CAMERA = "There is no picture from the camera to take."
NO_FLUORESCENCE = (
    "This device gives no fluorescence. Leave the step out, take a white-light picture, or choose another device."
)
WITHOUT_LAMP = "White-light pictures can be taken; each pair tries the lamp again."
UNDO_WHEN_KEPT = "What was done last is not on record yet. Undo takes it back once it is."
RETAKE_WHEN_KEPT = "The picture taken last is on its way to the library. Press again once it is there."
FORM_FIRST = "Close this form first (Esc): undo is of the examination behind it."
NO_LIVE = "The earlier picture is laid over the live one, and there is none at present."
NO_EARLIER = "There is no earlier visit of hers with a white-light picture."
NOBODY = "No visit is open"
BEGIN_HINT = "Choose her in Today, or begin now: the visit is unassigned then, and is given to her before it is signed."
OFFER_HINT = "Examine her, or begin now: the visit is unassigned then, and is given to her before it is signed."
UNASSIGNED = "Unassigned visit"
UNASSIGNED_HINT = "It can be examined and reviewed. Before it can be signed it must be given to a woman."

MARK_OVER = "The moment of this mark has passed: its picture stays. W takes another one."
NOT_WHITE = "This moment is not in white light: nothing was frozen."
WHOSE_FIRST = "Say first whose examination it is: choose it beside the live picture."


def name_of(case: VisitCase) -> str:
    """The woman, and her number."""
    if case.patient.unassigned:
        return case.patient.identifier
    return f"{case.patient.display_name or '(no name)'}, ID {case.patient.identifier}"


def whose_heading(case: VisitCase | None, *, asks: bool) -> str:
    """Of the card that says whose examination it is."""
    if asks:
        return "Whose examination is it?"
    if case is None:
        return NOBODY
    return "Signed" if case.signed else UNASSIGNED


def whose_text(case: VisitCase | None, *, asks: bool, offered: bool) -> str:
    """What it means, and what to do."""
    if asks:
        return "Nothing is taken before that is said."
    if case is None:
        return OFFER_HINT if offered else BEGIN_HINT
    return SIGNED if case.signed else UNASSIGNED_HINT


def another_day(on: date) -> str:
    """What is asked where the visit that is open is not one of today."""
    return (
        f"This visit is of {day(on)}, not of today. Press again within 3 seconds to take pictures into it "
        "all the same, or begin a new visit of her in Today."
    )


def ends_examination(woman: str) -> str:
    """What is asked where another visit is to be opened in the middle of an examination."""
    return (
        f"{woman} is being examined: marks, whitening and clips end where another visit is opened. Press again within "
        "3 seconds to open it all the same."
    )


def why_not(*, signed: bool, no_editing: str, camera: bool, pair: bool) -> str:
    """Why nothing can be taken now; "" where it can."""
    if signed:
        return SIGNED
    if no_editing:
        return f"Nothing can be taken: {no_editing}."
    if not camera:
        return NO_CAMERA
    return "" if pair else NO_FLUORESCENCE


def without_fluorescence(why: str) -> str:
    """On the live picture, while the camera of fluorescence gives nothing."""
    return f"No fluorescence: {why}"


def badges(
    *, frozen: bool, green: bool, zoom: float, simulated: bool, ghost: bool, recording: str = "", still: str = ""
) -> tuple[str, ...]:
    """Short words on the live picture."""
    said = (
        (recording, bool(recording)),
        (still, bool(still)),
        ("FROZEN", frozen),
        (SIMULATED, simulated),
        ("Green filter, for looking only", green),
        ("With the visit before", ghost),
        (f"Zoom {zoom:.1f} x", zoom > 1.0),
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
    where = "in the library, with the visit before" if elsewhere else "in the library"
    if not recorded.frames:
        return f"No clip was recorded. {recorded.problem}".rstrip()
    said = f"Clip of {recorded.seconds:.0f} s is {where}."
    if recorded.dropped:
        taken = recorded.frames + recorded.dropped
        why = "" if recorded.problem else ": the disk was too slow"
        said += f" {recorded.dropped} of {taken} frames are missing{why}."
    return f"{said} It ended early: {recorded.problem}" if recorded.problem else said


def recording_words(seconds: float, *, dropped: int, trouble: str = "") -> str:
    """On the live picture while a clip is recorded; `trouble`: why the last part is not on disk yet."""
    whole = int(seconds)
    missing = f", {dropped} frames missing" if dropped else ""
    waits = f", not on disk yet: {trouble}" if trouble else ""
    return f"● REC {whole // 60}:{whole % 60:02d}{missing}{waits}"


def unkept_words(count: int, problem: str) -> str:
    """What is said of pictures of another visit that the library does not take."""
    what = "A picture that was" if count == 1 else f"{count} pictures that were"
    return f"{what} taken {'is' if count == 1 else 'are'} not in the library yet, held here and tried again. {problem}"


def cut_short_words(count: int) -> str:
    """What is said when a library is opened whose clips a crash cut short; "" for none."""
    if not count:
        return ""
    what = "A clip was" if count == 1 else f"{count} clips were"
    return f"{what} being recorded when the program ended: what was recorded until then is in the library"


def clock_words(off: float) -> str:
    """What is said where the computer's clock was set by so many seconds while a woman is examined."""
    way = "forward" if off > 0 else "back"
    return (
        f"The clock of this computer was set {way} by {abs(off):.0f} s. The time since acetic acid is right, and "
        "pictures of this examination go on by the clock as it was when it began."
    )
