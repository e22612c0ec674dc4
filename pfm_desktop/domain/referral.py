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
from pfm_desktop.support.language import tr

_NOT_KNOWN = Choice("not_known", tr("not known"), alone=True)
_NONE = Choice("none", tr("none", "Earlier treatment"), alone=True)

INDICATION = form.several(
    "indication",
    tr("Indication"),
    Choice("cytology", tr("abnormal cytology")),
    Choice("hpv", tr("HPV positive")),
    Choice("via", tr("positive VIA")),
    Choice("suspicious", tr("suspicious cervix")),
    Choice("bleeding", tr("postcoital or other bleeding")),
    Choice("follow_up", tr("follow-up of a lesion")),
    Choice("after_treatment", tr("follow-up after treatment")),
    Choice("before_treatment", tr("before treatment")),
    Choice("other", tr("other", "Indication")),
)
CYTOLOGY = form.one(
    "cytology",
    tr("Cytology (Bethesda)"),
    Choice("not_done", tr("not done", "Cytology (Bethesda)")),
    Choice("nilm", "NILM"),
    Choice("asc_us", "ASC-US"),
    Choice("lsil", "LSIL"),
    Choice("asc_h", "ASC-H"),
    Choice("hsil", "HSIL"),
    Choice("scc", "SCC"),
    Choice("agc", "AGC"),
    Choice("ais", "AIS"),
    Choice("adenocarcinoma", tr("adenocarcinoma")),
    Choice("unsatisfactory", tr("unsatisfactory")),
)
_CYTOLOGY_DONE = [choice.key for choice in CYTOLOGY.choices if choice.key != "not_done"]
HPV = form.one(
    "hpv",
    tr("HPV, high risk"),
    Choice("not_done", tr("not done", "HPV, high risk")),
    Choice("negative", tr("negative", "HPV, high risk")),
    Choice("positive", tr("positive", "HPV, high risk")),
    Choice("invalid", tr("invalid", "HPV, high risk")),
)
HPV_TYPES = form.several(
    "hpv_types",
    tr("HPV types"),
    *(Choice(str(number), str(number)) for number in (16, 18, 45, 31, 33, 35, 52, 58, 39, 51, 56, 59, 66, 68)),
    Choice("other", tr("other high risk")),
    Choice("not_typed", tr("not typed"), alone=True),
    only_if=("hpv", ["positive"]),
)
PREGNANCY = form.one(
    "pregnancy", tr("Pregnant"), Choice("no", tr("no", "Pregnant")), Choice("yes", tr("yes", "Pregnant")), _NOT_KNOWN
)
MENOPAUSE = form.one(
    "menopause",
    tr("Menopause"),
    Choice("before", tr("premenopausal")),
    Choice("around", tr("perimenopausal")),
    Choice("after", tr("postmenopausal")),
    _NOT_KNOWN,
)
HYSTERECTOMY = form.one(
    "hysterectomy",
    tr("Hysterectomy"),
    Choice("none", tr("no", "Hysterectomy")),
    Choice("subtotal", tr("subtotal", "Hysterectomy")),
    Choice("total", tr("total", "Hysterectomy")),
)
CONSENT = form.one(
    "consent",
    tr("Consent"),
    Choice("written", tr("written", "Consent")),
    Choice("spoken", tr("spoken", "Consent")),
    Choice("refused", tr("not given")),
)
TREATMENT = form.several(
    "treatment",
    tr("Earlier treatment"),
    _NONE,
    Choice("cryotherapy", tr("cryotherapy")),
    Choice("thermal_ablation", tr("thermal ablation")),
    Choice("laser_ablation", tr("laser ablation")),
    Choice("leep", "LEEP / LLETZ"),
    Choice("laser_excision", tr("laser excision")),
    Choice("cold_knife", tr("cold-knife cone")),
    Choice("other", tr("other", "Earlier treatment")),
    _NOT_KNOWN,
)
_EXCISED = ("leep", "laser_excision", "cold_knife")
_TREATED = ("cryotherapy", "thermal_ablation", "laser_ablation", *_EXCISED, "other")

ITEMS: tuple[Item, ...] = (
    INDICATION,
    CYTOLOGY,
    form.day_of("cytology_on", tr("Cytology of"), only_if=("cytology", _CYTOLOGY_DONE)),
    HPV,
    HPV_TYPES,
    form.day_of("hpv_on", tr("HPV test of"), only_if=("hpv", ["negative", "positive", "invalid"])),
    CONSENT,
    PREGNANCY,
    form.number("pregnancy_weeks", tr("Weeks pregnant"), 0, 45, only_if=("pregnancy", ["yes"])),
    MENOPAUSE,
    HYSTERECTOMY,
    form.number("parity", tr("Parity"), 0, 25),
    form.one(
        "immune",
        tr("Immune status"),
        Choice("normal", tr("not suppressed")),
        Choice("hiv", tr("living with HIV")),
        Choice("suppressed", tr("suppressed otherwise")),
        _NOT_KNOWN,
    ),
    form.one(
        "smoking",
        tr("Smoking"),
        Choice("never", tr("never", "Smoking")),
        Choice("former", tr("former", "Smoking")),
        Choice("current", tr("current", "Smoking")),
        _NOT_KNOWN,
    ),
    form.one(
        "colposcopy",
        tr("Earlier colposcopy"),
        Choice("none", tr("none", "Earlier colposcopy")),
        Choice("before", tr("has been done")),
        _NOT_KNOWN,
    ),
    TREATMENT,
    form.day_of("treated_on", tr("Last treated on"), only_if=("treatment", _TREATED)),
    form.one(
        "margins",
        tr("Excision margins"),
        Choice("clear", tr("clear", "Excision margins")),
        Choice("involved", tr("involved", "Excision margins")),
        _NOT_KNOWN,
        only_if=("treatment", _EXCISED),
    ),
    form.one(
        "anticoagulants",
        tr("Anticoagulants"),
        Choice("none", tr("none", "Anticoagulants")),
        Choice("antiplatelet", tr("antiplatelet")),
        Choice("vitamin_k", tr("vitamin K antagonist")),
        Choice("doac", "DOAC"),
        Choice("heparin", tr("heparin")),
        Choice("other", tr("other", "Anticoagulants")),
        _NOT_KNOWN,
    ),
    form.one(
        "contraception",
        tr("Contraception"),
        Choice("none", tr("none", "Contraception")),
        Choice("barrier", tr("barrier", "Contraception")),
        Choice("hormonal", tr("hormonal", "Contraception")),
        Choice("iud", tr("intrauterine device")),
        Choice("sterilised", tr("sterilisation")),
        Choice("other", tr("other", "Contraception")),
        _NOT_KNOWN,
    ),
    form.one(
        "vaccination",
        tr("HPV vaccination"),
        Choice("none", tr("none", "HPV vaccination")),
        Choice("begun", tr("begun", "HPV vaccination")),
        Choice("complete", tr("complete", "HPV vaccination")),
        _NOT_KNOWN,
    ),
    form.text("remarks", tr("Remarks"), tr("Anything else that matters before the examination")),
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
            found.append(tr("Pregnant and postmenopausal"))
        if pregnant and given("hysterectomy") in ("total", "subtotal"):
            found.append(tr("Pregnant after a hysterectomy"))
        if given("hysterectomy") == "total":
            found.append(tr("After a total hysterectomy there is no cervix: what is examined is the vaginal vault"))
        if "after_treatment" in (given("indication") or ()) and given("treatment") == ["none"]:
            found.append(tr("Follow-up after treatment, and no earlier treatment"))
        if "hpv" in (given("indication") or ()) and given("hpv") in ("negative", "not_done"):
            found.append(tr("HPV positive as indication, and no positive test"))
        if given("consent") == "refused":
            found.append(tr("Consent was not given"))
        for key in ("cytology_on", "hpv_on", "treated_on"):
            said = given(key)
            day = date.fromisoformat(said) if isinstance(said, str) else None
            if day is not None and birth_date is not None and day < birth_date:
                found.append(tr("{item} lies before her birth", item=BY_KEY[key].title))
            if day is not None and on is not None and day > on:
                found.append(tr("{item} lies after this visit", item=BY_KEY[key].title))
        return tuple(found)


def age_on(birth_date: date, on: date) -> int | None:
    """Full years; None where the birth lies after that day."""
    years = on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
    return years if years >= 0 else None
