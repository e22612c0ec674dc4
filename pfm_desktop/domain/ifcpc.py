"""IFCPC 2011 nomenclature, as items of a form: the examination as a whole, each lesion, the vagina, the treatment.

Terms: Bornstein et al. 2012, as in PMC5780303 and PMC9345135, table 1 (cervix), in the IARC Atlas of Colposcopy (types
of the transformation zone; a lesion inside, outside or both; inner border, ridge) and in obgynkey.com's copy of the
addendum (treatment); compared with these on 30 November 2026. Vagina as in clinical.md 3.2, from general knowledge: of
its printed table only the beginning could be read, compare before a release. "Acetowhite epithelium" and "lesion" of
the examination are ASCCP's minimum, "seen" of a lesion is of its comprehensive set (clinical.md 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice, Item
from pfm_desktop.domain.grade import Grade
from pfm_desktop.support.language import tr

ADEQUACY = form.one(
    "adequacy",
    tr("Examination", "whether it was adequate"),
    Choice("adequate", tr("adequate", "Examination")),
    Choice("inadequate", tr("inadequate", "Examination")),
)
REASON = form.several(
    "inadequate_for",
    tr("Inadequate for"),
    Choice("inflammation", tr("inflammation")),
    Choice("bleeding", tr("bleeding")),
    Choice("scar", tr("scar")),
    Choice("other", tr("other", "Inadequate for")),
    only_if=("adequacy", ["inadequate"]),
)
SCJ = form.one(
    "scj",
    tr("Junction (SCJ)"),
    Choice("completely", tr("completely visible")),
    Choice("partially", tr("partially visible")),
    Choice("not_visible", tr("not visible")),
)
TZ = form.one(
    "tz_type",
    tr("Transformation zone"),
    Choice("1", tr("type 1", "Transformation zone")),
    Choice("2", tr("type 2", "Transformation zone")),
    Choice("3", tr("type 3", "Transformation zone")),
)
WHITENED = form.one(
    "acetowhite", tr("Acetowhite"), Choice("no", tr("none", "Acetowhite")), Choice("yes", tr("present", "Acetowhite"))
)
LESIONS = form.one(
    "lesions", tr("Lesions"), Choice("none", tr("none", "Lesions")), Choice("present", tr("present", "Lesions"))
)
NORMAL = form.several(
    "normal_findings",
    tr("Normal findings"),
    Choice("squamous_mature", tr("squamous epithelium, mature")),
    Choice("squamous_atrophic", tr("squamous epithelium, atrophic")),
    Choice("columnar", tr("columnar epithelium, ectopy")),
    Choice("nabothian_cysts", tr("metaplasia: nabothian cysts")),
    Choice("crypt_openings", tr("metaplasia: crypt openings")),
    Choice("deciduosis", tr("deciduosis in pregnancy")),
)
MISCELLANEOUS = form.several(
    "miscellaneous",
    tr("Miscellaneous"),
    Choice("congenital_tz", tr("congenital transformation zone")),
    Choice("condyloma", tr("condyloma")),
    Choice("polyp_ectocervical", tr("polyp, ectocervical")),
    Choice("polyp_endocervical", tr("polyp, endocervical")),
    Choice("inflammation", tr("inflammation")),
    Choice("stenosis", tr("stenosis")),
    Choice("congenital_anomaly", tr("congenital anomaly")),
    Choice("after_treatment", tr("consequence of treatment")),
    Choice("endometriosis", tr("endometriosis")),
)
CERVIX: tuple[Item, ...] = (
    ADEQUACY,
    REASON,
    form.text("inadequate_words", tr("Other reason"), only_if=("inadequate_for", ["other"])),
    SCJ,
    TZ,
    form.number("endocervical_mm", tr("Extent into the canal"), 0, 60, "mm", only_if=("tz_type", ["2", "3"])),
    # a manoeuvre may turn a type 3 into one of the others (Effah et al. 2023, ecancer 1612)
    form.text(
        "canal_opened_by", tr("Canal opened by"), tr("Manoeuvre or instrument"), only_if=("tz_type", ["1", "2", "3"])
    ),
    WHITENED,
    LESIONS,
    NORMAL,
    MISCELLANEOUS,
)

GRADE_1 = form.several(
    "grade_1",
    tr("Grade 1 (minor)"),
    Choice("thin_acetowhite", tr("thin acetowhite epithelium")),
    Choice("geographic_border", tr("irregular, geographic border")),
    Choice("fine_mosaic", tr("fine mosaic")),
    Choice("fine_punctation", tr("fine punctation")),
)
GRADE_2 = form.several(
    "grade_2",
    tr("Grade 2 (major)"),
    Choice("dense_acetowhite", tr("dense acetowhite epithelium")),
    Choice("rapid_acetowhitening", tr("rapid acetowhitening")),
    Choice("cuffed_openings", tr("cuffed crypt openings")),
    Choice("coarse_mosaic", tr("coarse mosaic")),
    Choice("coarse_punctation", tr("coarse punctation")),
    Choice("sharp_border", tr("sharp border")),
    Choice("inner_border", tr("inner border sign")),
    Choice("ridge_sign", tr("ridge sign")),
)
INVASION = form.several(
    "invasion",
    tr("Suspicious for invasion"),
    Choice("atypical_vessels", tr("atypical vessels")),
    Choice("fragile_vessels", tr("fragile vessels")),
    Choice("irregular_surface", tr("irregular surface")),
    Choice("exophytic", tr("exophytic lesion")),
    Choice("necrosis", tr("necrosis")),
    Choice("ulceration", tr("ulceration (necrotic)")),
    Choice("tumour", tr("tumour, gross neoplasm")),
)
LESION: tuple[Item, ...] = (
    form.one(
        "place",
        tr("Location"),
        Choice("inside", tr("inside the TZ")),
        Choice("outside", tr("outside the TZ")),
        Choice("both", tr("inside and outside", "of the TZ")),
    ),
    form.one("seen", tr("Seen", "of a lesion"), Choice("fully", tr("fully")), Choice("partly", tr("not fully"))),
    form.several("hours", tr("O'clock"), *(Choice(str(hour), str(hour)) for hour in (12, *range(1, 12)))),
    form.number("quadrants", tr("Quadrants covered"), 0, 4),
    form.number("percent", tr("Of the cervix"), 0, 100, "%"),
    GRADE_1,
    GRADE_2,
    INVASION,
    form.several(
        "nonspecific",
        tr("Non-specific"),
        Choice("leukoplakia", tr("leukoplakia (keratosis)")),
        Choice("erosion", tr("erosion")),
    ),
    form.one(
        "lugol",
        tr("Lugol's iodine"),
        Choice("stained", tr("stained", "Lugol's iodine")),
        Choice("non_stained", tr("non-stained", "Lugol's iodine")),
    ),
)

VAGINA: tuple[Item, ...] = (
    form.one(
        "vagina_adequacy",
        tr("Vagina"),
        Choice("adequate", tr("adequate", "Vagina")),
        Choice("inadequate", tr("inadequate", "Vagina")),
    ),
    form.text("vagina_inadequate", tr("Vagina inadequate for"), only_if=("vagina_adequacy", ["inadequate"])),
    form.several(
        "vagina_normal",
        tr("Vagina, normal"),
        Choice("squamous_mature", tr("squamous epithelium, mature")),
        Choice("squamous_atrophic", tr("squamous epithelium, atrophic")),
        Choice("transformation_zone", tr("transformation zone")),
    ),
    form.several(
        "vagina_place",
        tr("Vagina, where"),
        Choice("upper_third", tr("upper third")),
        Choice("lower_two_thirds", tr("lower two thirds")),
        Choice("anterior", tr("anterior", "Vagina, where")),
        Choice("posterior", tr("posterior", "Vagina, where")),
        Choice("right", tr("lateral right")),
        Choice("left", tr("lateral left")),
    ),
    form.several(
        "vagina_grade_1",
        tr("Vagina, grade 1 (minor)"),
        Choice("thin_acetowhite", tr("thin acetowhite epithelium")),
        Choice("fine_punctation", tr("fine punctation")),
        Choice("fine_mosaic", tr("fine mosaic")),
    ),
    form.several(
        "vagina_grade_2",
        tr("Vagina, grade 2 (major)"),
        Choice("dense_acetowhite", tr("dense acetowhite epithelium")),
        Choice("coarse_punctation", tr("coarse punctation")),
        Choice("coarse_mosaic", tr("coarse mosaic")),
    ),
    form.several("vagina_invasion", tr("Vagina, suspicious for invasion"), *INVASION.choices),
    form.several(
        "vagina_nonspecific",
        tr("Vagina, non-specific"),
        Choice("adenosis", tr("columnar epithelium (adenosis)")),
        Choice("lugol_stained", tr("Lugol's iodine: stained")),
        Choice("lugol_non_stained", tr("Lugol's iodine: non-stained")),
        Choice("leukoplakia", tr("leukoplakia")),
    ),
    form.several(
        "vagina_miscellaneous",
        tr("Vagina, miscellaneous"),
        Choice("erosion", tr("erosion (traumatic)")),
        Choice("condyloma", tr("condyloma")),
        Choice("polyp", tr("polyp")),
        Choice("cyst", tr("cyst")),
        Choice("endometriosis", tr("endometriosis")),
        Choice("inflammation", tr("inflammation")),
        Choice("stenosis", tr("vaginal stenosis")),
        Choice("congenital_tz", tr("congenital transformation zone")),
    ),
)

TREATMENT: tuple[Item, ...] = (
    form.one(
        "excision_type",
        tr("Excision"),
        Choice("none", tr("none", "Excision")),
        Choice("1", tr("type 1", "Excision")),
        Choice("2", tr("type 2", "Excision")),
        Choice("3", tr("type 3", "Excision")),
    ),
    # length: distal to proximal margin; thickness: stromal margin to surface; circumference: the perimeter, optional
    form.number("length_mm", tr("Length, distal to proximal"), 1, 60, "mm", only_if=("excision_type", ["1", "2", "3"])),
    form.number(
        "thickness_mm", tr("Thickness, stroma to surface"), 1, 60, "mm", only_if=("excision_type", ["1", "2", "3"])
    ),
    form.number("circumference_mm", tr("Circumference"), 1, 200, "mm", only_if=("excision_type", ["1", "2", "3"])),
)

VISIT: tuple[Item, ...] = (*CERVIX, *VAGINA, *TREATMENT)
"""Of the examination as a whole; what a lesion shows is asked of each by `LESION`."""


def gaps(visit: Mapping[str, Any], *, lesions: int, impression: Grade | None) -> tuple[str, ...]:
    """What has no answer of ASCCP's minimum, which asks beside these for the impression, and the reason of IFCPC 2011
    for an examination that is inadequate. Where a lesion is on record there is one; where none is and the impression is
    normal none was seen."""
    known = lesions > 0 or impression is Grade.NORMAL
    asked = (SCJ, WHITENED) if known else (SCJ, WHITENED, LESIONS)
    missing = tuple(item.title for item in asked if item.key not in visit)
    return (*missing, tr("reason why it is inadequate")) if without_reason(visit) else missing


def asks_reason(visit: Mapping[str, Any]) -> bool:
    """Whether it has to be said why the examination is inadequate."""
    return visit.get(ADEQUACY.key) == "inadequate"


def without_reason(visit: Mapping[str, Any]) -> bool:
    """Whether it is not said why the examination is inadequate."""
    return asks_reason(visit) and not visit.get(REASON.key)


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
        found.append(tr("Transformation zone type {tz}, and the junction is not completely visible", tz=tz))
    if tz == "3" and scj == "completely":
        found.append(tr("Transformation zone type 3, and the junction is completely visible"))
    if "deciduosis" in (visit.get("normal_findings") or ()) and pregnant is not True:
        found.append(tr("Deciduosis, and she is not known to be pregnant"))
    if without_reason(visit):
        found.append(tr("Inadequate without a reason"))
    white = [number for number, one in lesions.items() if _whitens(one)]
    if visit.get("acetowhite") == "no" and white:
        found.append(tr("No acetowhite epithelium, and lesion {lesions} shows it", lesions=_numbers(white)))
    if visit.get("lesions") == "none" and lesions:
        found.append(tr("No lesion, and lesion {lesions} is on record", lesions=_numbers(list(lesions))))
    for number, lesion in lesions.items():
        found += _of_lesion(number, lesion, first_whitening_s)
    if visit.get("excision_type") in ("1", "2", "3") and tz is not None and visit["excision_type"] < tz:
        excision = visit["excision_type"]
        found.append(tr("Excision type {excision} of a transformation zone type {tz}", excision=excision, tz=tz))
    return tuple(found)


SLOW_S = 60.0  # whitening that begins later than this is not rapid [our inference: no source gives a limit]


def _of_lesion(number: int, lesion: Mapping[str, Any], first_whitening_s: float | None) -> list[str]:
    found, major, minor = [], lesion.get("grade_2") or (), lesion.get("grade_1") or ()
    if "rapid_acetowhitening" in major and first_whitening_s is not None and first_whitening_s > SLOW_S:
        found.append(
            tr(
                "Lesion {number}: rapid acetowhitening, and it was first measured at {seconds:.0f} s",
                number=number,
                seconds=first_whitening_s,
            )
        )
    if "inner_border" in major and not ("thin_acetowhite" in minor and "dense_acetowhite" in major):
        found.append(
            tr("Lesion {number}: an inner border lies between thin and dense acetowhite epithelium", number=number)
        )
    quadrants, hours = lesion.get("quadrants"), lesion.get("hours") or ()
    if quadrants is not None and hours and len({_quadrant(int(hour)) for hour in hours} - {None}) > quadrants:
        found.append(tr("Lesion {number}: its hours lie in more than %n quadrant(s)", "", quadrants, number=number))
    return found


def _whitens(lesion: Mapping[str, Any]) -> bool:
    signs = {*(lesion.get("grade_1") or ()), *(lesion.get("grade_2") or ())}
    return bool(signs & {"thin_acetowhite", "dense_acetowhite", "rapid_acetowhitening"})


def _quadrant(hour: int) -> int | None:
    """0-3 clockwise from 12; None for 12, 3, 6 and 9, which lie on two."""
    return None if hour % 3 == 0 else hour // 3


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
