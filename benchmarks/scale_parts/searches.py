"""What a person types to find a visit, letter by letter."""

from __future__ import annotations

from random import Random

from sqlalchemy import func, select

from pfm_desktop.storage import tables
from pfm_desktop.storage.library import Library

KINDS = (
    "family name",
    "two words",
    "identifier",
    "date",
    "grade",
    "hour",
    "nothing found",
    "one letter",
    "Chinese name",
)
_NOTHING = ("Qzwxhausen", "zzzz", "Müllerin-Xq", "0000-99999", "31.02.2020", "nobody here")


def typed(lib: Library, *, each: int, seed: int = 2) -> dict[str, list[str]]:
    """`each` searches of each kind (200 and more in all), as written once they are finished."""
    random = Random(seed)
    with lib.read() as session:
        most = session.scalar(select(func.count()).select_from(tables.PatientTable)) or 0
        women = [
            session.execute(
                select(tables.PatientTable).order_by(tables.PatientTable.id).offset(place).limit(1)
            ).scalar_one()
            for place in sorted(random.sample(range(most), min(most, 4 * each)))
        ]
        random.shuffle(women)
        chinese = select(tables.PatientTable).where(tables.PatientTable.family_name >= "一").limit(each * 10)
        eastern = [row for row in session.scalars(chinese) if "一" <= row.family_name[0] <= "鿿"]
        visits = session.scalars(select(tables.VisitTable).order_by(tables.VisitTable.id).limit(2 * each)).all()
        return {
            "family name": [row.family_name for row in women[:each]],
            "two words": [f"{row.given_name} {row.family_name}" for row in women[each : 2 * each]],
            "identifier": [row.identifier for row in women[2 * each : 3 * each]],
            "date": [_day(random, row) for row in visits[:each]],
            "grade": [
                random.choice(("normal", "low", "high", "cancer", "high 2019", "cancer maria")) for _ in range(each)
            ],
            "hour": [f"{row.started_at.astimezone():%H:%M}" for row in visits[each:]],
            "nothing found": [random.choice(_NOTHING) for _ in range(each)],
            "one letter": [random.choice("abcdeimnoqstuwxyzя李k2/") for _ in range(each)],
            "Chinese name": [
                f"{row.family_name} {row.given_name}" for row in (random.choices(eastern, k=each) if eastern else ())
            ],
        }


def prefixes(text: str) -> list[str]:
    """What stands in the field while it is typed."""
    return [text[:end] for end in range(1, len(text) + 1)]


def _day(random: Random, visit: tables.VisitTable) -> str:
    day = visit.started_at.astimezone()
    return random.choice((f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}", f"{day:%Y-%m}", f"{day:%B %Y}"))
