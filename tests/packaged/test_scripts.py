"""The scripts that build installers: what is left out, what may not ship, archives that come out the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from resources.installer import cut, debian, licences, parcels, sbom, stamp

from .conftest import ROOT

NOTICES = ROOT / "docs" / "third-party.md"


def test_what_qt_has_under_gpl_is_left_out_and_what_a_window_needs_stays() -> None:
    for name in (
        "PySide6/Qt/lib/libQt6LottieVectorImageGenerator.so.6",
        "PySide6/Qt/lib/libQt6QuickTimeline.so.6",
        "PySide6/Qt/lib/libQt6WaylandCompositor.so.6",
        "PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
        "PySide6\\Qt\\qml\\QtQuick\\qmldir",
        "torch/include/ATen/ATen.h",
    ):
        assert cut.why_not(name), name
    for name in (
        "PySide6/Qt/lib/libQt6Core.so.6",
        "PySide6/Qt/lib/libQt6WaylandClient.so.6",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/translations/qtbase_zh_CN.qm",
        "openvino/libs/libopenvino_intel_cpu_plugin.so",
        "torch/lib/libtorch_cpu.so",
    ):
        assert not cut.why_not(name), name


def test_libraries_of_the_system_are_left_to_it_but_for_those_of_python() -> None:
    entries = [
        ("libgtk-3.so.0", "/usr/lib/x86_64-linux-gnu/libgtk-3.so.0", "BINARY"),
        ("libstdc++.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6", "BINARY"),
        ("libssl.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3", "BINARY"),
        ("torch/lib/libc10.so", "/work/.venv/lib/python3.11/site-packages/torch/lib/libc10.so", "BINARY"),
    ]
    assert [path for path, *_ in cut.kept(entries)] == ["libssl.so.3", "torch/lib/libc10.so"]


def test_only_words_of_our_languages_come_along() -> None:
    assert cut.why_not("PySide6/Qt/translations/qtbase_de.qm")
    assert not cut.why_not("PySide6/Qt/translations/qtbase_fr.qm")


def made_bundle(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / "_internal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def test_what_may_not_ship_ends_a_build_and_so_does_a_library_nobody_knows(tmp_path: Path) -> None:
    fine = made_bundle(
        tmp_path / "fine", "libpython3.11.so.1.0", "liblzma.so.5", "_ssl.cpython-311-x86_64-linux-gnu.so"
    )
    assert licences.problems(fine, NOTICES) == []
    bad = made_bundle(tmp_path / "bad", "libreadline.so.8", "libwho.so.1", "PySide6/Qt/lib/libQt6QuickTimeline.so.6")
    said = "\n".join(licences.problems(bad, NOTICES))
    assert all(word in said for word in ("libreadline.so.8 may not", "libwho.so.1 comes from", "QuickTimeline"))


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0", True),
        ("LGPL-3.0-only", False),
        ("BSD-3-Clause AND GPL-3 with runtime exception", False),
        ("Apache-2.0", False),
    ],
)
def test_a_package_under_gpl_ends_a_build(tmp_path: Path, licence: str, refused: bool) -> None:
    notices = tmp_path / "third-party.md"
    notices.write_text(f"| some-part | 1.0 | {licence} |  |\n", encoding="utf-8")
    (tmp_path / "_internal").mkdir()
    assert bool(licences.problems(tmp_path, notices)) is refused


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zstd") is None, reason="there is no zstd here")
def test_the_same_files_make_the_same_archive_whenever_and_whoever_made_them(tmp_path: Path) -> None:
    made = []
    for number, moment in enumerate((1_000, 2_000_000)):
        folder = tmp_path / f"copy-{number}" / "program"
        made_bundle(folder, "b.txt", "a/c.txt")
        (folder / "run").write_bytes(b"#!")
        (folder / "run").chmod(0o755 if number else 0o700)
        for path in folder.rglob("*"):
            os.utime(path, (moment, moment))
        made.append(parcels.write_tar(folder, tmp_path / f"{number}.tar.zst", top="program-1", moment=77))
    assert made[0].read_bytes() == made[1].read_bytes()
    names = subprocess.run(["tar", "--zstd", "-tvf", made[0]], capture_output=True, text=True, check=True).stdout
    assert "-rwxr-xr-x root/root" in names
    assert "program-1/_internal/a/c.txt" in names


def test_sums_are_those_that_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "one.deb").write_bytes(b"one")
    out = parcels.write_sums([tmp_path / "one.deb"], tmp_path / "SHA256SUMS")
    assert out.read_text() == f"{hashlib.sha256(b'one').hexdigest()}  one.deb\n"


def test_the_stamp_names_version_build_and_each_locked_part(tmp_path: Path) -> None:
    from pfm_desktop import __version__

    made = stamp.stamp_of(ROOT)
    assert made.version == __version__
    assert made.parts["torch"].startswith("2.13")
    said = json.loads(stamp.write_stamp(made, tmp_path).read_text(encoding="utf-8"))
    assert said["parts"] == made.parts
    assert said["lock"] == hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()


def test_the_list_of_parts_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path / "bundle", "liblzma.so.5")
    made = stamp.stamp_of(ROOT)
    first = sbom.write_sbom(made, bundle, NOTICES, tmp_path / "1.json").read_bytes()
    assert sbom.write_sbom(made, bundle, NOTICES, tmp_path / "2.json").read_bytes() == first
    content = json.loads(first)
    assert (content["bomFormat"], content["specVersion"]) == ("CycloneDX", "1.6")
    named = {part["name"]: part["licenses"][0]["license"] for part in content["components"]}
    assert set(made.parts) < set(named)
    assert named["liblzma.so.5"] == {"name": "0BSD"}
    assert "unknown" not in json.dumps(content["components"])


def test_the_package_declares_what_opens_a_window(tmp_path: Path) -> None:
    for name in ("libxcb-cursor0", "libegl1", "libxkbcommon-x11-0", "libdbus-1-3"):
        assert name in debian.DEPENDS
    desktop = (ROOT / "resources" / "installer" / "linux" / "pfm-desktop.desktop").read_text(encoding="utf-8")
    assert "MimeType=application/x-pfm-model;" in desktop


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb here")
def test_a_package_holds_program_menu_entry_icons_and_file_type(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path / "bundle", "LICENSE")
    for name in ("pfm-desktop", "pfm"):
        (bundle / name).write_bytes(b"#!/bin/sh\n")
        (bundle / name).chmod(0o755)
    out = debian.write_deb(
        bundle, ROOT / "resources", tmp_path / "work", tmp_path / "one.deb", version="9.9.9", moment=77
    )
    listed = subprocess.run(["dpkg-deb", "-c", out], capture_output=True, text=True, check=True).stdout
    for name in (
        "./usr/lib/pfm-desktop/pfm-desktop",
        "./usr/bin/pfm-desktop -> ../lib/pfm-desktop/pfm-desktop",
        "./usr/share/applications/pfm-desktop.desktop",
        "./usr/share/mime/packages/pfm-desktop.xml",
        "./usr/share/icons/hicolor/256x256/apps/pfm-desktop.png",
        "./usr/share/doc/pfm-desktop/copyright",
    ):
        assert name in listed, name
    said = subprocess.run(["dpkg-deb", "-I", out, "preinst"], capture_output=True, text=True, check=True).stdout
    assert '"$2" gt "9.9.9"' in said
    again = debian.write_deb(
        bundle, ROOT / "resources", tmp_path / "work", tmp_path / "two.deb", version="9.9.9", moment=77
    )
    assert again.read_bytes() == out.read_bytes()


def test_torch_keeps_the_source_that_it_reads_while_it_is_imported_and_no_other() -> None:
    for name in (
        "torch/functional.py",
        "torch/_dynamo/config.py",
        "torch/nn/modules/rnn.py",
        "torch/optim/adamw.py",
        "torch/distributed/optim/functional_adam.py",
    ):
        assert not cut.why_not(name), name
    assert cut.why_not("torch/_inductor/scheduler.py") == "compiled is enough"
    assert cut.why_not("torch\\onnx\\_internal\\exporter\\_core.py") == "compiled is enough"


def test_modules_are_left_out_with_what_is_in_them_but_for_those_that_are_imported() -> None:
    entries = [
        (name, "x.py", "PYMODULE")
        for name in ("torch._inductor.ir", "torch._inductor.config", "torch.nn", "sympy.core.tests.test_sympify")
    ]
    assert [name for name, *_ in cut.kept_modules(entries)] == ["torch._inductor.config", "torch.nn"]
