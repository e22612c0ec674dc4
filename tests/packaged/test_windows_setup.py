"""The installer for Windows with a stand-in for the program: compiled by Debian's makensis, run in silence by wine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .windows import Wine, compiled

NO_NSIS = pytest.mark.skipif(shutil.which("makensis") is None, reason="no makensis: nsis")
pytestmark = [pytest.mark.slow, pytest.mark.installed, NO_NSIS]


def test_it_compiles_without_a_warning(tmp_path: Path) -> None:
    assert compiled(tmp_path, "1.0.0", "one").stat().st_size > 50_000


def test_install_upgrade_refused_downgrade_and_removal_leave_the_users_data(tmp_path: Path, wine: Wine) -> None:
    first, second = compiled(tmp_path, "1.0.0", "one"), compiled(tmp_path, "2.0.0", "two")
    assert wine.run(first, "/S") == 0
    program = wine.found("pfm-desktop.exe")
    assert program is not None
    what = program.parent / "_internal" / "what.txt"
    assert what.read_text() == "one"
    (program.parent / "_internal" / "of-the-earlier.txt").write_text("gone with it")
    data = program.parents[2] / "pfm-desktop" / "settings.json"
    data.parent.mkdir()
    data.write_text("{}")

    assert wine.run(second, "/S") == 0
    assert what.read_text() == "two"
    assert sorted(path.name for path in what.parent.iterdir()) == ["what.txt"]

    assert wine.run(first, "/S") == 2
    assert what.read_text() == "two"
    said = wine.found("pfm-desktop-setup.log")
    assert said is not None
    assert "2.0.0 is installed in C:" in (text := said.read_text(encoding="utf-16"))
    assert "newer than 1.0.0. Nothing was changed." in text
    assert wine.run(first, "/S", "/Downgrade") == 0
    assert what.read_text() == "one"

    assert wine.run(program.parent / "uninstall.exe", "/S") == 0
    wine.settle()
    assert not program.parent.exists()
    assert wine.found("PFM Desktop.lnk") is None
    assert data.read_text() == "{}"


@pytest.mark.skipif(not Path("/usr/share/i18n/locales/fr_FR").is_file(), reason="no locales here (Debian: locales)")
def test_it_speaks_the_language_of_windows(tmp_path: Path, wine: Wine) -> None:
    assert wine.run(compiled(tmp_path, "2.0.0", "two"), "/S") == 0
    older = compiled(tmp_path, "1.0.0", "one")
    for locale, words in (
        ("fr_FR", "Rien n'a été modifié"),
        ("es_ES", "No se cambió nada"),
        ("zh_CN", "未作任何更改"),
    ):
        subprocess.run(["localedef", "-i", locale, "-f", "UTF-8", str(tmp_path / f"{locale}.UTF-8")], check=True)
        wine.settle()
        wine.env.update(LC_ALL=f"{locale}.UTF-8", LOCPATH=str(tmp_path))
        assert wine.run(older, "/S") == 2
        assert words in wine.said()


def test_it_goes_where_it_is_told_to_and_other_files_there_stay(tmp_path: Path, wine: Wine) -> None:
    setup = compiled(tmp_path, "1.0.0", "one")
    assert wine.run(setup, "/S", r"/D=C:\Klinik\Süd测试") == 0
    folder = wine.prefix / "drive_c" / "Klinik" / "Süd测试"  # no blank: wine would quote what NSIS takes bare
    assert (folder / "pfm-desktop.exe").is_file()
    (folder / "of the clinic.txt").write_text("hers")
    assert wine.run(folder / "uninstall.exe", "/S") == 0
    wine.settle()
    assert [path.name for path in folder.iterdir()] == ["of the clinic.txt"]


def test_a_damaged_installer_changes_nothing(tmp_path: Path, wine: Wine) -> None:
    setup = compiled(tmp_path, "1.0.0", "one")
    content = bytearray(setup.read_bytes())
    content[-1000] ^= 0xFF
    setup.write_bytes(content)
    assert wine.run(setup, "/S") != 0
    assert wine.found("pfm-desktop.exe") is None


def test_whoever_signs_is_asked_for_installer_and_uninstaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = tmp_path / "sign"
    signer.write_text(f"#!/bin/sh\necho signed >> {tmp_path}/signed.txt\n")
    signer.chmod(0o755)
    monkeypatch.setenv("PFM_SIGN", str(signer))
    compiled(tmp_path, "1.0.0", "one")
    assert (tmp_path / "signed.txt").read_text().split() == ["signed", "signed"]
    signer.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SystemExit, match="makensis"):
        compiled(tmp_path, "2.0.0", "two")
