"""Who works in another language finds visits by its words, and enters its dates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from pfm_desktop.domain.grade import Grade
from pfm_desktop.services import cases, review
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.repositories import visit_rows
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.worklist import typed_day
with Library.create(Path(sys.argv[1])) as lib:
    who = cases.add_patient(lib, identifier="L-1", family_name="Abel")
    for month, number, grade in ((4, 24, Grade.HIGH), (8, 3, Grade.NORMAL)):
        visit = cases.add_visit(lib, who.id, started_at=datetime(2026, month, number, 12, tzinfo=UTC))
        review.set_impression(lib, visit.id, grade)
    found = {}
    for word in json.loads(sys.argv[2]):
        with lib.read() as session:
            found[word] = [row.visit.day.isoformat() for row in visit_rows(session, Question(word))]
days = {text: str(typed_day(text)) for text in (*json.loads(sys.argv[3]), day(datetime(2026, 8, 3)))}
print(json.dumps([found, days]))
"""
APRIL, AUGUST = "2026-04-24", "2026-08-03"


@pytest.mark.parametrize(
    ("language", "april", "august", "typed"),
    [
        ("es", ["alto", "alto grado", "abr", "24 abr 2026", "abril 2026", "high", "apr 2026"], ["agosto", "ago 2026"],
         ["3 de agosto de 2026", "3 agosto 2026", "3 Aug 2026"]),
        ("fr", ["haut", "haut grade", "avr", "24 avril", "high"], ["août", "août 2026", "normal"], ["3 août 2026"]),
        ("zh", ["高级别", "2026年4月24日", "2026年4月", "4月24日", "high"], ["8月", "正常"], ["2026年8月3日"]),
    ],
)  # fmt: skip
def test_words_grades_and_dates_of_the_language_are_found_beside_the_english_ones(
    tmp_path: Path, language: str, april: list[str], august: list[str], typed: list[str]
) -> None:
    env = {**os.environ, "PFM_LANGUAGE": language, "TZ": "UTC", "PFM_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "lib"), json.dumps([*april, *august]), json.dumps(typed)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found, days = json.loads(done.stdout.splitlines()[-1])
    assert {word: visits for word, visits in found.items() if visits != [APRIL if word in april else AUGUST]} == {}
    assert set(days.values()) == {AUGUST}
