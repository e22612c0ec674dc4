"""What the names of all pictures say together of whose they are: a name in two places is not yet one woman.

Once, while a plan is made. What a person, a manifest or a record says is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pfm_desktop.services.importing.births import Birth, births_on, disagreement
from pfm_desktop.services.importing.guess import Guess, Sure, unsure
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.placeholders import is_placeholder
from pfm_desktop.services.importing.plan import BY_MANIFEST, PlannedPicture, PlannedWoman, woman_key
from pfm_desktop.services.importing.sisters import differing, listed
from pfm_desktop.services.importing.words import said_by, without_meaning
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

_LONG = 6  # figures of a number that no counter of a day, a room or a year comes to
_FEW = 3  # numbers of one folder, each of one picture, that may be a count


def told_apart(pictures: Sequence[PlannedPicture]) -> tuple[PlannedPicture, ...]:
    """The pictures: names that stand in two places are made longer, numbers beside two names doubted."""
    counted = _counted(pictures)
    doubted = {
        picture.key: unsure(picture.patient.value, tr("each picture here has a number of its own: they may be a count"))
        for picture in pictures
        if picture.key in counted and picture.patient.value is not None
    }
    doubted |= _torn_studies(pictures)
    for group in _by_woman(pictures):
        doubted |= _of_nobody(group) or _sisters(group, doubted) or _begun_anew(group, doubted)
        born = disagreement(birth for picture in group for birth in _births(picture))
        if born is not None:
            doubted |= {picture.key: _born(doubted.get(picture.key, picture.patient), picture) for picture in group}
        names = list(dict.fromkeys(_names(picture) for picture in group))
        if born is not None or not _two_women(names):
            continue
        said = with_and(dict.fromkeys(" ".join(name) for name in names if name))
        beside = said if len(said) < 200 else tr("several names")
        doubted |= {picture.key: _longer(picture, beside) for picture in group}
    return tuple(replace(one, patient=doubted[one.key]) if one.key in doubted else one for one in pictures)


def _torn_studies(pictures: Sequence[PlannedPicture]) -> dict[str, Guess[str]]:
    """Pictures of a DICOM study that names more than one woman, by key, in doubt: a study is of one."""
    studies: dict[str, list[PlannedPicture]] = {}
    for one in pictures:
        if one.study and one.patient.value is not None and one.patient.why != BY_MANIFEST:
            studies.setdefault(one.study, []).append(one)
    found = {}
    for group in studies.values():
        numbers = {woman_key(one): one.patient.value or "" for one in group}
        for one in group if len(numbers) > 1 else ():
            others = [value for key, value in numbers.items() if key != woman_key(one)]
            why = tr(
                "{reason}, but its study holds pictures of {others} as well",
                reason=one.patient.why,
                others=listed(others),
            )
            found[one.key] = unsure(one.patient.value or "", why)
    return found


def _sisters(group: Sequence[PlannedPicture], doubted: Mapping[str, Guess[str]]) -> dict[str, Guess[str]]:
    """Pictures of one woman below whose number folders or files differ, by key, in doubt with some of them named."""
    names = differing(group)
    if not names:
        return {}
    said = listed(names)
    guesses = {one.key: doubted.get(one.key, one.patient) for one in group}
    return {
        key: unsure(
            guess.value or "",
            tr("{reason}, but {names} within it may be different women", reason=guess.why, names=said),
        )
        for key, guess in guesses.items()
    }


def _begun_anew(group: Sequence[PlannedPicture], doubted: Mapping[str, Guess[str]]) -> dict[str, Guess[str]]:
    """Pictures of one short number in several places, by key, in doubt: it may begin anew in each of them.

    By day, by room, by stick: nothing but a name of two words that stands in all of them says that it does not.
    """
    guesses = {one.key: doubted.get(one.key, one.patient) for one in group}
    value = next(iter(guesses.values())).value or ""
    found = dict.fromkeys(_place_of(one, value) for one in group)
    names = {frozenset(" ".join(_names(one)).casefold().split()) for one in group}
    named = len(names) == 1 and len(next(iter(names))) > 1
    if len(found) < 2 or named or sum(sign.isdigit() for sign in value) >= _LONG:
        return {}
    where = listed([" / ".join(place) or tr("the top") for place in found])
    return {
        key: unsure(
            value,
            tr("{reason}, but it stands in {places}, where numbers may begin anew", reason=guess.why, places=where),
        )
        for key, guess in guesses.items()
    }


def _place_of(picture: PlannedPicture, value: str) -> tuple[str, ...]:
    """The folders around the outermost one that says a woman's number; all of them where only the file says it.

    One that says no more than a stage or source (`white`, `2_acetic`) is no place: the pairs of a woman lie in two.
    """
    folders = picture.item.folders
    around = folders[: next((at for at, name in enumerate(folders) if told_by(name).says(value)), len(folders))]
    return tuple(
        name for name in around if not (said_by(name).words and not without_meaning(name).strip(" 0123456789"))
    )


def _births(picture: PlannedPicture) -> tuple[Birth, ...]:
    return births_on(picture.item.folders, picture.item.file_name)


def _born(guess: Guess[str], picture: PlannedPicture) -> Guess[str]:
    """A number stays as it is, in doubt; a name gets its birth date, of which the same name has another elsewhere."""
    value, births = guess.value or "", _births(picture)
    why = tr("{reason}, but the same stands beside different birth dates", reason=guess.why)
    if any(letter.isdigit() for letter in value) or not births:
        return unsure(value, why)
    return unsure(f"{value} born {births[-1].text}", why)


def _of_nobody(group: Sequence[PlannedPicture]) -> dict[str, Guess[str]]:
    """Pictures under a placeholder, by key: those of another folder or study may be another woman's."""
    bare = [
        one for one in group if one.stands_in and one.patient.value == one.stands_in and is_placeholder(one.stands_in)
    ]
    places = list(dict.fromkeys((one.item.folders, one.study) for one in bare))
    if len(places) < 2:
        return {}
    why = tr("other folders or studies say the same, which may be other women")
    found = {}
    for one in bare:
        inner = " ".join(one.item.folders[-1:])
        value = f"{one.stands_in} {places.index((one.item.folders, one.study)) + 1} ({inner})"
        found[one.key] = unsure(value, f"{one.patient.why}; {why}")
    return found


def _several_studies(pictures: Sequence[PlannedPicture]) -> str:
    """Folders of different studies that one identifier which proves nothing puts together ("": there are none)."""
    doubtful = [one for one in pictures if one.stands_in and one.patient.sure is Sure.UNSURE]
    folders = list(dict.fromkeys("/".join(one.item.folders[1:]) or one.item.name for one in doubtful))
    if len(folders) < 2 or len({one.study for one in doubtful}) < 2:
        return ""
    return listed(folders)


def _by_woman(pictures: Sequence[PlannedPicture]) -> Iterable[Sequence[PlannedPicture]]:
    groups: dict[str, list[PlannedPicture]] = {}
    for picture in pictures:
        if picture.patient.value is not None and picture.patient.sure is not Sure.SAID:
            groups.setdefault(woman_key(picture), []).append(picture)
    return groups.values()


def _names(picture: PlannedPicture) -> tuple[str, ...]:
    """Names on the way to a picture: of all folders, and of its file where it is a first and a second one."""
    stem = picture.item.file_name.rsplit(".", 1)[0]
    own = told_by(stem)
    folders = [told_by(name).name for name in picture.item.folders]
    return tuple(name for name in (*folders, own.name if own.personal else "") if len(name) > 1)


def _two_women(names: Sequence[tuple[str, ...]]) -> bool:
    """Whether two say different things; one that says less than another does not."""
    words = [frozenset(" ".join(name).casefold().split()) for name in dict.fromkeys(names) if name]
    several = list(dict.fromkeys(words))
    return any(not (one <= other or other <= one) for at, one in enumerate(several) for other in several[at + 1 :])


def several_named(woman: PlannedWoman) -> str:
    """Differently named folders or files whose pictures stand under one woman, as text ("": there are none).

    What a person, a manifest or a record said is no guess and does not count, unless a guess stands beside it.
    """
    pictures = woman.pictures
    born = disagreement(birth for one in pictures for birth in _births(one) if one.patient.sure is not Sure.SAID)
    if born is not None:
        return tr(
            "{one} and {other} are said as birth dates, and all",
            "before: would be one woman",
            None,
            one=born[0].text,
            other=born[1].text,
        )
    if all(one.patient.sure is not Sure.UNSURE for one in pictures):
        return ""
    names = list(dict.fromkeys((*_names(one), *_numbers(one)) for one in pictures))
    numbers = {found for one in pictures if (found := frozenset(_numbers(one)))}
    if not _two_women([_names(one) for one in pictures]) and len(numbers) < 2:
        guessed = [one for one in pictures if one.patient.sure is not Sure.SAID]
        return listed(differing(guessed)) or _several_studies(pictures)
    return listed(list(dict.fromkeys(" ".join(name) for name in names if name)))


def against_manifest(woman: PlannedWoman) -> str:
    """What is said where a manifest gives her pictures whose folders have the numbers of others ("": it does not)."""
    by_manifest = [one for one in woman.pictures if one.patient.why == BY_MANIFEST]
    told = [number for one in by_manifest for name in one.item.folders for number in told_by(name).numbers]
    numbers = {number.value for number in told if number.strong}
    own = _plain(woman.identifier or "")
    others = sorted(number for number in numbers if _plain(number) not in own and own not in _plain(number))
    if not others:
        return ""
    return tr(
        "The manifest says {identifier} for pictures in {folders}: look that it is so.",
        identifier=woman.identifier,
        folders=listed(others),
    )


def _plain(number: str) -> str:
    return "".join(letter for letter in number.casefold() if letter.isalnum())


def _numbers(picture: PlannedPicture) -> tuple[str, ...]:
    folders = [number for name in picture.item.folders for number in told_by(name).numbers]
    own = [number for number in told_by(picture.item.file_name.rsplit(".", 1)[0]).numbers if number.strong]
    return tuple(
        dict.fromkeys(number.value for number in (*folders, *own) if not number.value.isdigit() or number in folders)
    )


def _longer(picture: PlannedPicture, names: str) -> Guess[str]:
    """A number stays as it is, in doubt; a name alone gets those of its outer folders before it."""
    value = picture.patient.value or ""
    if any(letter.isdigit() for letter in value):
        return unsure(
            value, tr("{reason}, but the same stands beside {names}", reason=picture.patient.why, names=names)
        )
    whole = " ".join(dict.fromkeys((*_names(picture), value)))
    return unsure(whole, tr("{reason}, and the same stands beside {names}", reason=picture.patient.why, names=names))


def _counted(pictures: Sequence[PlannedPicture]) -> frozenset[str]:
    """Keys of pictures whose numbers stand in file names of one folder, a number a picture."""
    folders: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for picture in pictures:
        if picture.patient.sure is Sure.LIKELY and picture.patient.by_file:
            folders.setdefault(picture.item.folders, {}).setdefault(woman_key(picture), []).append(picture.key)
    return frozenset(
        keys[0]
        for women in folders.values()
        if len(women) >= _FEW and all(len(keys) == 1 for keys in women.values())
        for keys in women.values()
    )
