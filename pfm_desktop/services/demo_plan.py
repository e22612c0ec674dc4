"""Who is in the demo library: 24 fictitious women, 40 visits. A table, so that it reads as one.

Everything is invented and drawn by the phantom generator; names and numbers say so ("Demo, Anna", DEMO-0001).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pfm_desktop.domain.grade import Grade

N, L, H, C = Grade.NORMAL, Grade.LOW, Grade.HIGH, Grade.CANCER

# names of phantom defects, as `imaging.phantom.Defect` spells them
_BLUR_WHITE = ("white_out_of_focus",)
_DARK_FLUORESCENCE = ("fluorescence_too_dark",)
_BRIGHT_WHITE = ("white_overexposed",)
_OTHER_WOMAN = ("wrong_pair",)
_SHIFTED = ("too_little_overlap",)


@dataclass(frozen=True)
class PlannedVisit:
    """One visit. `days` before today, `hour` of the day; `shots` says which picture sets were taken.

    Shots: "pair" (acetic acid at 60 s + fluorescence), "before" (saline + fluorescence before acid), "late" (a second
    pair at 150 s), "white" and "fluorescence" (one source only).
    `impression` None: not read yet. `swede` in the order of the score, None: not assessed. `answered`: the laboratory
    has said of a biopsy what the phantom is, once there was time for it.
    """

    days: int
    hour: int
    truth: Grade
    shots: tuple[str, ...] = ("pair",)
    defects: tuple[str, ...] = ()
    impression: Grade | None = None
    swede: tuple[int | None, ...] = ()
    text: str = ""
    plan: str = ""
    signed: bool = False
    indication: str = "HPV positive"
    answered: bool = True


@dataclass(frozen=True)
class PlannedWoman:
    """One woman with her visits, oldest first. `seed` of her anatomy."""

    given_name: str
    birth_date: date
    seed: int
    visits: tuple[PlannedVisit, ...]


def _v(days: int, hour: int, truth: Grade, *shots: str, **more: object) -> PlannedVisit:
    return PlannedVisit(days, hour, truth, shots or ("pair",), **more)  # type: ignore[arg-type]  # a table's shorthand


def _read(
    days: int, hour: int, truth: Grade, swede: tuple[int | None, ...], *shots: str, **more: object
) -> PlannedVisit:
    """A visit that was read rightly, with text and plan as the grade asks, and signed unless said otherwise."""
    settings: dict[str, object] = {
        "impression": truth,
        "swede": swede,
        "text": _TEXTS[truth],
        "plan": _PLANS[truth],
        "signed": True,
    }
    return _v(days, hour, truth, *shots, **{**settings, **more})


_TEXTS = {
    N: "Squamocolumnar junction completely visible. No acetowhite area.",
    L: "Thin acetowhite area with irregular border, fine vessels.",
    H: "Dense acetowhite area with sharp border inside the transformation zone.",
    C: "Raised, friable area with atypical vessels. Suspicious for invasion.",
}
_PLANS = {
    N: "Routine recall.",
    L: "Biopsy taken. Review with histology.",
    H: "Two biopsies taken. Discuss excision with histology.",
    C: "Biopsies taken. Urgent referral.",
}

WOMEN: tuple[PlannedWoman, ...] = (
    PlannedWoman("Anna", date(1988, 3, 14), 101, (
        _read(372, 9, L, (1, 1, 0, 1, 1), "before", "pair"),
        _v(0, 8, H, "before", "pair", indication="HSIL smear, HPV 16"),
    )),
    PlannedWoman("Beata", date(1975, 11, 2), 102, (
        _v(0, 9, L, indication="LSIL smear"),
    )),
    PlannedWoman("Chiara", date(1994, 6, 21), 103, (
        _read(190, 11, N, (0, 0, 0, 0, 0)),
        _v(0, 10, N, "pair", "late"),
    )),
    PlannedWoman("Daria", date(1969, 1, 30), 104, (
        _read(0, 7, H, (2, 2, 2, 1, None), "pair", "late", signed=False, indication="HSIL smear"),
    )),
    PlannedWoman("Edith", date(1981, 9, 9), 105, (
        _read(401, 10, H, (2, 1, 2, 1, 2), indication="ASC-H smear"),
        _read(205, 10, L, (1, 1, 0, 0, 1), indication="Follow-up after excision"),
        _read(1, 10, N, (0, 0, 0, 0, 0), "before", "pair", indication="Follow-up after excision"),
    )),
    PlannedWoman("Farida", date(1990, 12, 5), 106, (
        _v(1, 9, H, defects=_BLUR_WHITE, impression=H, text="White-light picture out of focus.",
           plan="Retake the pictures."),
    )),
    PlannedWoman("Greta", date(1972, 4, 17), 107, (
        _v(1, 14, L, defects=_DARK_FLUORESCENCE, indication="LSIL smear"),
    )),
    PlannedWoman("Hanna", date(1985, 8, 26), 108, (
        _v(2, 9, L, defects=_OTHER_WOMAN, text="Do these two pictures belong together?"),
    )),
    PlannedWoman("Ines", date(1997, 2, 11), 109, (
        _read(2, 11, N, (0, 0, 0, 0, 0), "white", indication="Contact bleeding"),
    )),
    PlannedWoman("Jana", date(1963, 7, 7), 110, (
        _read(95, 9, C, (2, 2, 2, 2, None), indication="Postmenopausal bleeding"),
        _v(3, 13, C, impression=C, swede=(2, 2, 2, 2, None), text=_TEXTS[C], plan="Review with histology."),
    )),
    PlannedWoman("Katja", date(1992, 10, 19), 111, (
        _read(365, 15, N, (0, 0, 1, 0, 0)),
        _v(3, 15, L, "before", "pair", impression=L, swede=(1, 0, 0, 1, None)),
    )),
    PlannedWoman("Lucia", date(1979, 5, 3), 112, (
        _v(4, 8, H, "fluorescence", indication="HSIL smear"),
    )),
    PlannedWoman("Marta", date(1986, 3, 28), 113, (
        _read(210, 10, L, (1, 1, 0, 1, 0), "pair", "late"),
        _read(4, 10, L, (1, 1, 1, 1, 0), "pair", "late", impression=H, text="Seen as major change; histology LSIL."),
    )),
    PlannedWoman("Nadia", date(1999, 1, 15), 114, (
        _read(6, 9, N, (0, 0, 0, 0, 0), "before", "pair"),
    )),
    PlannedWoman("Olga", date(1958, 6, 8), 115, (
        _read(400, 14, H, (2, 1, 1, 2, None), indication="HPV 18"),
        _read(180, 14, H, (2, 2, 1, 1, None), indication="Follow-up"),
        _read(7, 14, L, (1, 0, 1, 0, None), indication="Follow-up after excision"),
    )),
    PlannedWoman("Paula", date(1983, 9, 23), 116, (
        _v(9, 10, N, defects=_BRIGHT_WHITE, impression=None, indication="Unclear smear"),
    )),
    PlannedWoman("Quirina", date(1970, 12, 12), 117, (
        _read(300, 8, H, (2, 2, 2, 1, 2)),
        _read(10, 8, N, (0, 1, 0, 0, 0), indication="Follow-up after excision"),
    )),
    PlannedWoman("Rosa", date(1995, 4, 1), 118, (
        _read(12, 11, L, (1, 1, 0, 0, 0)),
    )),
    PlannedWoman("Sofia", date(1989, 7, 30), 119, (
        _read(220, 9, N, (0, 0, 0, 0, 0)),
        _v(14, 9, H, "pair", defects=_SHIFTED, indication="HPV 16"),
    )),
    PlannedWoman("Tamara", date(1966, 2, 20), 120, (
        _read(15, 13, C, (2, 2, 2, 2, 2), indication="Suspicious cervix"),
    )),
    PlannedWoman("Ulla", date(1978, 11, 11), 121, (
        _read(380, 10, L, (1, 1, 0, 1, 1)),
        _read(18, 10, L, (1, 1, 0, 1, 0), "before", "pair", "late"),
    )),
    PlannedWoman("Vera", date(1993, 8, 4), 122, (
        _read(240, 12, H, (2, 1, 2, 1, None)),
        _read(21, 12, H, (2, 1, 2, 1, None), "pair", "late", indication="Before excision"),
    )),
    PlannedWoman("Wilma", date(1987, 5, 16), 123, (
        _read(388, 9, L, (1, 0, 0, 0, 0)),
        _read(25, 9, N, (0, 0, 0, 0, 0), "before", "pair"),
    )),
    PlannedWoman("Xenia", date(1974, 10, 10), 124, (
        _read(395, 11, H, (1, 2, 2, 1, None)),
        _read(150, 11, L, (1, 0, 0, 0, None), answered=False),
        _read(30, 11, N, (0, 0, 0, 0, None), indication="Follow-up after excision"),
    )),
)  # fmt: skip
