"""IFCPC 2011 nomenclature, as items of a form: the examination as a whole, each lesion, the vagina, the treatment.

Terms: Bornstein et al. 2012, as in PMC5780303 and PMC9345135, table 1 (cervix); vagina and treatment as in clinical.md
3.2 and 3.3, partly from general knowledge: compare with the printed tables before a release. "Acetowhite epithelium"
and "lesion" of the examination are ASCCP's minimum (clinical.md 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice, Item

ADEQUACY = form.one("adequacy", "Examination", Choice("adequate", "adequate"), Choice("inadequate", "inadequate"))
REASON = form.several(
    "inadequate_for",
    "Inadequate for",
    Choice("inflammation", "inflammation"),
    Choice("bleeding", "bleeding"),
    Choice("scar", "scar"),
    Choice("other", "other"),
    only_if=("adequacy", ["inadequate"]),
)
SCJ = form.one(
    "scj",
    "Junction (SCJ)",
    Choice("completely", "completely visible"),
    Choice("partially", "partially visible"),
    Choice("not_visible", "not visible"),
)
TZ = form.one("tz_type", "Transformation zone", Choice("1", "type 1"), Choice("2", "type 2"), Choice("3", "type 3"))
WHITENED = form.one("acetowhite", "Acetowhite", Choice("no", "none"), Choice("yes", "present"))
NORMAL = form.several(
    "normal_findings",
    "Normal findings",
    Choice("squamous_mature", "squamous epithelium, mature"),
    Choice("squamous_atrophic", "squamous epithelium, atrophic"),
    Choice("columnar", "columnar epithelium, ectopy"),
    Choice("nabothian_cysts", "metaplasia: nabothian cysts"),
    Choice("crypt_openings", "metaplasia: crypt openings"),
    Choice("deciduosis", "deciduosis in pregnancy"),
)
MISCELLANEOUS = form.several(
    "miscellaneous",
    "Miscellaneous",
    Choice("congenital_tz", "congenital transformation zone"),
    Choice("condyloma", "condyloma"),
    Choice("polyp_ectocervical", "polyp, ectocervical"),
    Choice("polyp_endocervical", "polyp, endocervical"),
    Choice("inflammation", "inflammation"),
    Choice("stenosis", "stenosis"),
    Choice("congenital_anomaly", "congenital anomaly"),
    Choice("after_treatment", "consequence of treatment"),
    Choice("endometriosis", "endometriosis"),
)
CERVIX: tuple[Item, ...] = (
    ADEQUACY,
    REASON,
    form.text("inadequate_words", "Other reason", only_if=("inadequate_for", ["other"])),
    SCJ,
    TZ,
    form.number("endocervical_mm", "Extent into the canal", 0, 60, "mm", only_if=("tz_type", ["2", "3"])),
    form.text("canal_opened_by", "Canal opened by", "Manoeuvre or instrument", only_if=("tz_type", ["2", "3"])),
    WHITENED,
    NORMAL,
    MISCELLANEOUS,
)

GRADE_1 = form.several(
    "grade_1",
    "Grade 1 (minor)",
    Choice("thin_acetowhite", "thin acetowhite epithelium"),
    Choice("geographic_border", "irregular, geographic border"),
    Choice("fine_mosaic", "fine mosaic"),
    Choice("fine_punctation", "fine punctation"),
)
GRADE_2 = form.several(
    "grade_2",
    "Grade 2 (major)",
    Choice("dense_acetowhite", "dense acetowhite epithelium"),
    Choice("rapid_acetowhitening", "rapid acetowhitening"),
    Choice("cuffed_openings", "cuffed crypt openings"),
    Choice("coarse_mosaic", "coarse mosaic"),
    Choice("coarse_punctation", "coarse punctation"),
    Choice("sharp_border", "sharp border"),
    Choice("inner_border", "inner border sign"),
    Choice("ridge_sign", "ridge sign"),
)
INVASION = form.several(
    "invasion",
    "Suspicious for invasion",
    Choice("atypical_vessels", "atypical vessels"),
    Choice("fragile_vessels", "fragile vessels"),
    Choice("irregular_surface", "irregular surface"),
    Choice("exophytic", "exophytic lesion"),
    Choice("necrosis", "necrosis"),
    Choice("ulceration", "ulceration (necrotic)"),
    Choice("tumour", "tumour, gross neoplasm"),
)
LESION: tuple[Item, ...] = (
    form.one("place", "Location", Choice("inside", "inside the TZ"), Choice("outside", "outside the TZ")),
    form.several("hours", "O'clock", *(Choice(str(hour), str(hour)) for hour in (12, *range(1, 12)))),
    form.number("quadrants", "Quadrants covered", 0, 4),
    form.number("percent", "Of the cervix", 0, 100, "%"),
    GRADE_1,
    GRADE_2,
    INVASION,
    form.several(
        "nonspecific",
        "Non-specific",
        Choice("leukoplakia", "leukoplakia (keratosis)"),
        Choice("erosion", "erosion"),
    ),
    form.one("lugol", "Lugol's iodine", Choice("stained", "stained"), Choice("non_stained", "non-stained")),
)

VAGINA: tuple[Item, ...] = (
    form.one("vagina_adequacy", "Vagina", Choice("adequate", "adequate"), Choice("inadequate", "inadequate")),
    form.text("vagina_inadequate", "Vagina inadequate for", only_if=("vagina_adequacy", ["inadequate"])),
    form.several(
        "vagina_normal",
        "Vagina, normal",
        Choice("squamous_mature", "squamous epithelium, mature"),
        Choice("squamous_atrophic", "squamous epithelium, atrophic"),
        Choice("transformation_zone", "transformation zone"),
    ),
    form.several(
        "vagina_place",
        "Vagina, where",
        Choice("upper_third", "upper third"),
        Choice("lower_two_thirds", "lower two thirds"),
        Choice("anterior", "anterior"),
        Choice("posterior", "posterior"),
        Choice("right", "lateral right"),
        Choice("left", "lateral left"),
    ),
    form.several(
        "vagina_grade_1",
        "Vagina, grade 1 (minor)",
        Choice("thin_acetowhite", "thin acetowhite epithelium"),
        Choice("fine_punctation", "fine punctation"),
        Choice("fine_mosaic", "fine mosaic"),
    ),
    form.several(
        "vagina_grade_2",
        "Vagina, grade 2 (major)",
        Choice("dense_acetowhite", "dense acetowhite epithelium"),
        Choice("coarse_punctation", "coarse punctation"),
        Choice("coarse_mosaic", "coarse mosaic"),
    ),
    form.several("vagina_invasion", "Vagina, suspicious for invasion", *INVASION.choices),
    form.several(
        "vagina_nonspecific",
        "Vagina, non-specific",
        Choice("adenosis", "columnar epithelium (adenosis)"),
        Choice("lugol_stained", "Lugol's iodine: stained"),
        Choice("lugol_non_stained", "Lugol's iodine: non-stained"),
        Choice("leukoplakia", "leukoplakia"),
    ),
    form.several(
        "vagina_miscellaneous",
        "Vagina, miscellaneous",
        Choice("erosion", "erosion (traumatic)"),
        Choice("condyloma", "condyloma"),
        Choice("polyp", "polyp"),
        Choice("cyst", "cyst"),
        Choice("endometriosis", "endometriosis"),
        Choice("inflammation", "inflammation"),
        Choice("stenosis", "vaginal stenosis"),
        Choice("congenital_tz", "congenital transformation zone"),
    ),
)

TREATMENT: tuple[Item, ...] = (
    form.one(
        "excision_type",
        "Excision",
        Choice("none", "none"),
        Choice("1", "type 1"),
        Choice("2", "type 2"),
        Choice("3", "type 3"),
    ),
    form.number("length_mm", "Length of the specimen", 1, 60, "mm", only_if=("excision_type", ["1", "2", "3"])),
    form.number("thickness_mm", "Thickness", 1, 60, "mm", only_if=("excision_type", ["1", "2", "3"])),
    form.number("circumference_mm", "Circumference", 1, 200, "mm", only_if=("excision_type", ["1", "2", "3"])),
)

VISIT: tuple[Item, ...] = (*CERVIX, *VAGINA, *TREATMENT)
"""Of the examination as a whole; what a lesion shows is asked of each by `LESION`."""


def gaps(visit: Mapping[str, Any]) -> tuple[str, ...]:
    """What has no answer of ASCCP's minimum, which asks beside these for lesions and impression."""
    return tuple(item.title for item in (SCJ, WHITENED) if item.key not in visit)


def doubts(
    visit: Mapping[str, Any], lesions: Mapping[int, Mapping[str, Any]], *, pregnant: bool | None = None,
    first_whitening_s: float | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """What contradicts itself, in words; nothing is refused for it. `lesions` by their numbers; `pregnant` None: not
    known; `first_whitening_s`: seconds since acetic acid at which whitening was first measured, None where it was not.
    """
    found = []
    tz, scj = visit.get("tz_type"), visit.get("scj")
    if tz in ("1", "2") and scj in ("partially", "not_visible"):
        found.append(f"Transformation zone type {tz}, and the junction is not completely visible")
    if tz == "3" and scj == "completely":
        found.append("Transformation zone type 3, and the junction is completely visible")
    if "deciduosis" in (visit.get("normal_findings") or ()) and pregnant is not True:
        found.append("Deciduosis, and she is not known to be pregnant")
    if visit.get("adequacy") == "inadequate" and not visit.get("inadequate_for"):
        found.append("Inadequate without a reason")
    white = [number for number, one in lesions.items() if _whitens(one)]
    if visit.get("acetowhite") == "no" and white:
        found.append(f"No acetowhite epithelium, and lesion {_numbers(white)} shows it")
    for number, lesion in lesions.items():
        found += _of_lesion(number, lesion, first_whitening_s)
    if visit.get("excision_type") in ("1", "2", "3") and tz is not None and visit["excision_type"] < tz:
        found.append(f"Excision type {visit['excision_type']} of a transformation zone type {tz}")
    return tuple(found)


SLOW_S = 60.0  # whitening that begins later than this is not rapid [our inference: no source gives a limit]


def _of_lesion(number: int, lesion: Mapping[str, Any], first_whitening_s: float | None) -> list[str]:
    found, major, minor = [], lesion.get("grade_2") or (), lesion.get("grade_1") or ()
    if "rapid_acetowhitening" in major and first_whitening_s is not None and first_whitening_s > SLOW_S:
        found.append(f"Lesion {number}: rapid acetowhitening, and it was first measured at {first_whitening_s:.0f} s")
    if "inner_border" in major and not ("thin_acetowhite" in minor and "dense_acetowhite" in major):
        found.append(f"Lesion {number}: an inner border lies between thin and dense acetowhite epithelium")
    quadrants, hours = lesion.get("quadrants"), lesion.get("hours") or ()
    if quadrants is not None and hours and len({_quadrant(int(hour)) for hour in hours} - {None}) > quadrants:
        found.append(f"Lesion {number}: its hours lie in more than {quadrants} quadrant{'s' if quadrants != 1 else ''}")
    return found


def _whitens(lesion: Mapping[str, Any]) -> bool:
    signs = {*(lesion.get("grade_1") or ()), *(lesion.get("grade_2") or ())}
    return bool(signs & {"thin_acetowhite", "dense_acetowhite", "rapid_acetowhitening"})


def _quadrant(hour: int) -> int | None:
    """0-3 clockwise from 12; None for 12, 3, 6 and 9, which lie on two."""
    return None if hour % 3 == 0 else hour // 3


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
