"""What a field is called, and whose it is, where what was typed in it is not kept: read far from the field. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Patient


def called(patient: Patient) -> str:
    """A woman by her name, else by her number."""
    return patient.display_name or tr("ID {identifier}", identifier=patient.identifier)


def in_result(patient: Patient, pot: str, field: str) -> str:
    """Of what the laboratory says of a pot."""
    return tr("{woman}, result of pot {pot}: {field}", woman=called(patient), pot=pot, field=field)


def in_histology(patient: Patient) -> str:
    """Of the laboratory's result of a visit without pots."""
    return tr("{woman}, result of histology", woman=called(patient))


def in_follow_up(patient: Patient, field: str) -> str:
    """Of what is done about a visit."""
    return tr("{woman}, follow-up: {field}", woman=called(patient), field=field)


def in_referral(patient: Patient, field: str) -> str:
    """Of the referral card."""
    return tr("{woman}, referral card: {field}", woman=called(patient), field=field)


def in_lesion(patient: Patient, number: int, field: str) -> str:
    """Of what is said of a lesion."""
    return tr("{woman}, lesion {number}: {field}", woman=called(patient), number=number, field=field)


def in_examination(patient: Patient, field: str) -> str:
    """Of what is said of the examination as a whole."""
    return tr("{woman}, examination: {field}", woman=called(patient), field=field)


def in_taking(patient: Patient, specimen: str, field: str) -> str:
    """Of how a specimen was taken."""
    return tr("{woman}, how {specimen} was taken: {field}", woman=called(patient), specimen=specimen, field=field)
