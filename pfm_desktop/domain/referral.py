"""The referral card: why she comes, and what is known of her before she is examined.

Sets: ASCCP Colposcopy Standards 2017, pre-procedure, minimum and comprehensive; cytology by Bethesda; HPV types as in
PAVE's order of risk. All from general knowledge of the published standards (clinical.md 4.2 and 5): compare with the
printed tables before a release. Iodine allergy is not here: it is of the woman, not of the visit, and blocks a step of
the examination (`services.capture.allergies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice, Item

_NOT_KNOWN = Choice("not_known", "not known", alone=True)
_NONE = Choice("none", "none", alone=True)

INDICATION = form.several(
    "indication",
    "Indication",
    Choice("cytology", "abnormal cytology"),
    Choice("hpv", "HPV positive"),
    Choice("via", "positive VIA"),
    Choice("suspicious", "suspicious cervix"),
    Choice("bleeding", "postcoital or other bleeding"),
    Choice("follow_up", "follow-up of a lesion"),
    Choice("after_treatment", "follow-up after treatment"),
    Choice("before_treatment", "before treatment"),
    Choice("other", "other"),
)
CYTOLOGY = form.one(
    "cytology",
    "Cytology (Bethesda)",
    Choice("not_done", "not done"),
    Choice("nilm", "NILM"),
    Choice("asc_us", "ASC-US"),
    Choice("lsil", "LSIL"),
    Choice("asc_h", "ASC-H"),
    Choice("hsil", "HSIL"),
    Choice("scc", "SCC"),
    Choice("agc", "AGC"),
    Choice("ais", "AIS"),
    Choice("adenocarcinoma", "adenocarcinoma"),
    Choice("unsatisfactory", "unsatisfactory"),
)
_CYTOLOGY_DONE = [choice.key for choice in CYTOLOGY.choices if choice.key != "not_done"]
HPV = form.one(
    "hpv",
    "HPV, high risk",
    Choice("not_done", "not done"),
    Choice("negative", "negative"),
    Choice("positive", "positive"),
    Choice("invalid", "invalid"),
)
HPV_TYPES = form.several(
    "hpv_types",
    "HPV types",
    *(Choice(str(number), str(number)) for number in (16, 18, 45, 31, 33, 35, 52, 58, 39, 51, 56, 59, 66, 68)),
    Choice("other", "other high risk"),
    Choice("not_typed", "not typed", alone=True),
    only_if=("hpv", ["positive"]),
)
PREGNANCY = form.one("pregnancy", "Pregnant", Choice("no", "no"), Choice("yes", "yes"), _NOT_KNOWN)
MENOPAUSE = form.one(
    "menopause",
    "Menopause",
    Choice("before", "premenopausal"),
    Choice("around", "perimenopausal"),
    Choice("after", "postmenopausal"),
    _NOT_KNOWN,
)
HYSTERECTOMY = form.one(
    "hysterectomy", "Hysterectomy", Choice("none", "no"), Choice("subtotal", "subtotal"), Choice("total", "total")
)
CONSENT = form.one(
    "consent", "Consent", Choice("written", "written"), Choice("spoken", "spoken"), Choice("refused", "not given")
)
TREATMENT = form.several(
    "treatment",
    "Earlier treatment",
    _NONE,
    Choice("cryotherapy", "cryotherapy"),
    Choice("thermal_ablation", "thermal ablation"),
    Choice("laser_ablation", "laser ablation"),
    Choice("leep", "LEEP / LLETZ"),
    Choice("laser_excision", "laser excision"),
    Choice("cold_knife", "cold-knife cone"),
    Choice("other", "other"),
    _NOT_KNOWN,
)
_EXCISED = ("leep", "laser_excision", "cold_knife")
_TREATED = ("cryotherapy", "thermal_ablation", "laser_ablation", *_EXCISED, "other")

ITEMS: tuple[Item, ...] = (
    INDICATION,
    CYTOLOGY,
    form.day_of("cytology_on", "Cytology of", only_if=("cytology", _CYTOLOGY_DONE)),
    HPV,
    HPV_TYPES,
    form.day_of("hpv_on", "HPV test of", only_if=("hpv", ["negative", "positive", "invalid"])),
    CONSENT,
    PREGNANCY,
    form.number("pregnancy_weeks", "Weeks pregnant", 0, 45, only_if=("pregnancy", ["yes"])),
    MENOPAUSE,
    HYSTERECTOMY,
    form.number("parity", "Parity", 0, 25),
    form.one(
        "immune",
        "Immune status",
        Choice("normal", "not suppressed"),
        Choice("hiv", "living with HIV"),
        Choice("suppressed", "suppressed otherwise"),
        _NOT_KNOWN,
    ),
    form.one(
        "smoking",
        "Smoking",
        Choice("never", "never"),
        Choice("former", "former"),
        Choice("current", "current"),
        _NOT_KNOWN,
    ),
    form.one("colposcopy", "Earlier colposcopy", Choice("none", "none"), Choice("before", "has been done"), _NOT_KNOWN),
    TREATMENT,
    form.day_of("treated_on", "Last treated on", only_if=("treatment", _TREATED)),
    form.one(
        "margins",
        "Excision margins",
        Choice("clear", "clear"),
        Choice("involved", "involved"),
        _NOT_KNOWN,
        only_if=("treatment", _EXCISED),
    ),
    form.one(
        "anticoagulants",
        "Anticoagulants",
        Choice("none", "none"),
        Choice("antiplatelet", "antiplatelet"),
        Choice("vitamin_k", "vitamin K antagonist"),
        Choice("doac", "DOAC"),
        Choice("heparin", "heparin"),
        Choice("other", "other"),
        _NOT_KNOWN,
    ),
    form.one(
        "contraception",
        "Contraception",
        Choice("none", "none"),
        Choice("barrier", "barrier"),
        Choice("hormonal", "hormonal"),
        Choice("iud", "intrauterine device"),
        Choice("sterilised", "sterilisation"),
        Choice("other", "other"),
        _NOT_KNOWN,
    ),
    form.one(
        "vaccination",
        "HPV vaccination",
        Choice("none", "none"),
        Choice("begun", "begun"),
        Choice("complete", "complete"),
        _NOT_KNOWN,
    ),
    form.text("remarks", "Remarks", "Anything else that matters before the examination"),
)
BY_KEY: Mapping[str, Item] = {item.key: item for item in ITEMS}

MINIMUM = ("indication", "pregnancy", "menopause", "hysterectomy", "consent")
COMPREHENSIVE = (
    *MINIMUM,
    *("cytology", "hpv", "colposcopy", "treatment", "parity", "contraception", "smoking", "immune", "vaccination"),
)


@dataclass(frozen=True)
class Referral:
    """The card of one visit: `answers` by the keys of `ITEMS`, as `form.checked` leaves them."""

    visit_id: str
    answers: Mapping[str, Any] = field(default_factory=dict)

    def missing(self, wanted: tuple[str, ...], *, indication: str = "") -> tuple[str, ...]:
        """Titles of those of a set that have no answer. `indication`: what a visit says in words counts as one."""
        said = {"indication"} if indication.strip() else set()
        return tuple(BY_KEY[key].title for key in wanted if key not in self.answers and key not in said)

    def doubts(self, *, birth_date: date | None = None, on: date | None = None) -> tuple[str, ...]:
        """What contradicts itself, in words: nothing is refused for it, as a card is filled in under way."""
        found = []
        given = self.answers.get
        pregnant = given("pregnancy") == "yes"
        if pregnant and given("menopause") == "after":
            found.append("Pregnant and postmenopausal")
        if pregnant and given("hysterectomy") in ("total", "subtotal"):
            found.append("Pregnant after a hysterectomy")
        if given("hysterectomy") == "total":
            found.append("After a total hysterectomy there is no cervix: what is examined is the vaginal vault")
        if "after_treatment" in (given("indication") or ()) and given("treatment") == ["none"]:
            found.append("Follow-up after treatment, and no earlier treatment")
        if "hpv" in (given("indication") or ()) and given("hpv") in ("negative", "not_done"):
            found.append("HPV positive as indication, and no positive test")
        if given("consent") == "refused":
            found.append("Consent was not given")
        for key in ("cytology_on", "hpv_on", "treated_on"):
            said = given(key)
            day = date.fromisoformat(said) if isinstance(said, str) else None
            if day is not None and birth_date is not None and day < birth_date:
                found.append(f"{BY_KEY[key].title} lies before her birth")
            if day is not None and on is not None and day > on:
                found.append(f"{BY_KEY[key].title} lies after this visit")
        return tuple(found)


def age_on(birth_date: date, on: date) -> int | None:
    """Full years; None where the birth lies after that day."""
    years = on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
    return years if years >= 0 else None
