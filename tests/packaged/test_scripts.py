"""The scripts that build installers: what is left out, what may not ship, archives that come out the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pfm_desktop.support.language import LANGUAGES
from resources.installer import cut, debian, libraries, licences, parcels, sbom, stamp

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


def test_a_link_to_what_is_left_out_is_left_out() -> None:
    links = [
        (f"libopenvino_{name}_frontend.so.2641", f"openvino/libs/libopenvino_{name}_frontend.so.2641", "SYMLINK")
        for name in ("jax", "ir")
    ]
    assert cut.kept(links) == links[1:]


def test_what_a_window_on_windows_does_without_is_left_out_by_its_names_there() -> None:
    for name in ("PySide6/Qt6Lottie.dll", "PySide6/Qt6QuickTimeline.dll", "PySide6/Qt6Network.dll",
                 "PySide6/plugins/vectorimageformats/qlottievectorimage.dll", "PySide6/qml/QtQuick/qmldir",
                 "PySide6/translations/qtbase_de.qm", "PySide6/plugins/tls/qschannelbackend.dll",
                 "openvino/libs/openvino_intel_gpu_plugin.dll"):  # fmt: skip
        assert cut.why_not(name), name
    for name in ("PySide6/Qt6Core.dll", "PySide6/Qt6Gui.dll", "PySide6/plugins/platforms/qwindows.dll",
                 "PySide6/translations/qtbase_fr.qm", "openvino/libs/openvino_intel_cpu_plugin.dll",
                 "openvino/libs/openvino_ir_frontend.dll", "torch/lib/torch_cpu.dll"):  # fmt: skip
        assert not cut.why_not(name), name


def test_how_a_package_was_installed_stays_with_whoever_builds() -> None:
    assert cut.why_not("torch-2.13.0.dist-info/direct_url.json")
    assert cut.why_not("pfm_desktop.egg-info/SOURCES.txt")
    assert not cut.why_not("torch-2.13.0.dist-info/METADATA")


def test_only_words_of_our_languages_come_along() -> None:
    assert cut.why_not("PySide6/Qt/translations/qtbase_de.qm")
    assert not cut.why_not("PySide6/Qt/translations/qtbase_fr.qm")


def made_bundle(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / "_internal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def problems(bundle: Path) -> str:
    return "\n".join(licences.problems(bundle, NOTICES))


def test_what_is_known_may_ship(tmp_path: Path) -> None:
    fine = made_bundle(
        tmp_path, "libpython3.11.so.1.0", "liblzma.so.5", "python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so",
        "cv2/cv2.abi3.so", "numpy.libs/libgfortran-040039e1.so.5.0.0", "PySide6/Qt/lib/libQt6Core.so.6",
        "PySide6/Qt/plugins/platforms/libqxcb.so", "torch/lib/libtorch_cpu.so",
    )  # fmt: skip
    assert problems(fine) == ""


@pytest.mark.parametrize(
    "name",
    [
        "libreadline.so.8",
        "pillow_heif.libs/libx265-95604a1a.so.215",
        "opencv_python_headless.libs/libx264-1234.so.164",
        "PySide6/Qt/lib/libQt6QuickTimeline.so.6",
        "PySide6/Qt6Lottie.dll",
        "PySide6/plugins/vectorimageformats/qlottievectorimage.dll",
        "PySide6/plugins/platforminputcontexts/qtvirtualkeyboardplugin.dll",
    ],
)
def test_a_library_under_gpl_ends_a_build_by_its_name(tmp_path: Path, name: str) -> None:
    assert f"_internal/{name} may not be in an installer" in problems(made_bundle(tmp_path, name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("opencv_python_headless.libs/libavcodec-c4204469.so.62", b"--enable-shared --enable-gpl --enable-libx264"),
        ("opencv_python_headless.libs/libavutil-c4204469.so.60", b"libavutil license: GPL version 2 or later"),
        ("cv2/opencv_videoio_ffmpeg500_64.dll", b"x264_encoder_open_164"),
        ("pi_heif.libs/libheif-7a3e919c.so.1.23.0", b"x265_api_get_215"),
    ],
)
def test_a_library_with_gpl_linked_into_it_ends_a_build_by_what_it_holds(
    tmp_path: Path, name: str, content: bytes
) -> None:
    bundle = made_bundle(tmp_path, name)
    assert problems(bundle) == ""
    (bundle / "_internal" / name).write_bytes(b"\x7fELF" + bytes(5000) + content + bytes(100))
    assert "which is GPL" in problems(bundle)


def test_what_nobody_has_listed_ends_a_build(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path, "libwho.so.1", "torch/lib/libnew.so", "strange/_speed.abi3.so", "cv2/hidden.dat")
    (bundle / "_internal" / "cv2" / "hidden.dat").write_bytes(b"\x7fELF and so on")
    said = problems(bundle)
    for name in ("libwho.so.1", "torch/lib/libnew.so", "cv2/hidden.dat"):
        assert f"{name}: its licence is not listed" in said
    assert "strange/_speed.abi3.so is of no package that is listed" in said


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ("Name: rich\nLicense-Expression: GPL-3.0-or-later", "rich states that it is under GPL-3.0-or-later"),
        ("Name: rich\nLicense: GPLv2", "rich states that it is under GPLv2"),
        (
            "Name: rich\nClassifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
            "rich states that it is under License ::",
        ),
        ("Name: some_one\nLicense: MIT", "some-one is a package that is not listed"),
        ("Name: rich\nLicense: MIT", ""),
        ("Name: rich\nLicense-Expression: LGPL-3.0-only OR GPL-2.0-only", ""),
        ("Name: pfm-desktop\nLicense-Expression: Apache-2.0", ""),
    ],
)
def test_a_package_is_taken_by_what_it_states_of_itself(tmp_path: Path, stated: str, why: str) -> None:
    bundle = made_bundle(tmp_path, "licenses/rich/METADATA")
    (bundle / "_internal/licenses/rich/METADATA").write_text(f"Metadata-Version: 2.4\n{stated}\n\nWords.\n")
    said = problems(bundle)
    assert why in said
    assert bool(why) is bool(said)


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0", True),
        ("MIT AND GPL-2.0-only", True),
        ("GPL-3.0-only AND (MIT OR BSD-3-Clause)", True),
        ("GPL-2.0-only AND GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("MIT OR GPL-2.0-only", False),
        ("LGPL-3.0-only", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("GPL-2.0-or-later WITH Bootloader-exception", False),
        ("Apache-2.0", False),
    ],
)
def test_a_package_under_gpl_ends_a_build(tmp_path: Path, licence: str, refused: bool) -> None:
    notices = tmp_path / "third-party.md"
    notices.write_text(f"| some-part | 1.0 | {licence} |  |\n", encoding="utf-8")
    (tmp_path / "_internal").mkdir()
    assert bool(licences.problems(tmp_path, notices)) is refused


def test_each_library_of_the_wheels_here_is_listed_or_left_out(tmp_path: Path) -> None:
    from importlib.metadata import distribution

    unknown = [
        file.as_posix()
        for name in stamp.stamp_of(ROOT).parts
        for file in distribution(name).files or ()
        if ".so" in file.name and not libraries.is_of_package(file.as_posix()) and not cut.why_not(file.as_posix())
        if not libraries.known(file.as_posix()).licence
    ]
    assert unknown == []


def test_texts_of_all_licences_come_along() -> None:
    parts = stamp.stamp_of(ROOT).parts
    texts = licences.texts(parts)
    assert all(Path(file).is_file() for file, _ in texts)
    own = {Path(file).stem for file, folder in texts if folder == "licenses"}
    assert {"GPL-3.0", "LGPL-3.0", "LGPL-2.1", "Intel-Simplified"} <= own  # of Qt, FFmpeg, oneMKL: in no wheel
    assert ("licenses/pyinstaller", "METADATA") not in {(folder, Path(file).name) for file, folder in texts}
    with_text = {folder.split("/")[1] for file, folder in texts if "/" in folder and Path(file).name != "METADATA"}
    assert {*parts} - with_text - own == {"pyside6-essentials", "shiboken6"}  # LGPL-3.0


def test_what_only_tests_and_tools_bring_is_kept_out() -> None:
    strange = licences.strangers(stamp.stamp_of(ROOT).parts)
    assert {"pytest", "psutil", "matplotlib"} <= {*strange}
    assert not {"torch", "cv2", "PIL", "PySide6", "pfm_desktop", "_cffi_backend"} & {*strange}


NAMES = ("b.txt", "a/c.txt", "a/ä.txt", "B.txt", "a-d/e.txt")


def made_by_somebody(folder: Path, second: bool) -> Path:
    """The same bundle, made in another order, at another time, by somebody with another umask."""
    before = os.umask(0o077 if second else 0o022)
    try:
        made_bundle(folder, *(reversed(NAMES) if second else NAMES), "LICENSE")
        for name in ("pfm-desktop", "run"):
            (folder / name).write_bytes(b"#!")
            (folder / name).chmod(0o700 if second else 0o755)
        (folder / "pfm").symlink_to("pfm-desktop")
        for path in folder.rglob("*"):
            os.utime(path, (1, 2_000_000 if second else 1_000), follow_symlinks=False)
    finally:
        os.umask(before)
    return folder


@pytest.fixture(params=["tar", "deb"])
def packed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bundle of two people, packed by each."""
    if shutil.which("zstd" if request.param == "tar" else "dpkg-deb") is None:
        pytest.skip("the packer is not here (Debian: zstd, dpkg-dev)")
    contents = []
    for number in range(2):
        bundle = made_by_somebody(tmp_path / f"of-{number}" / "program", bool(number))
        monkeypatch.setenv("TZ", "Pacific/Auckland" if number else "UTC")
        before = os.umask(0o077 if number else 0o022)
        try:
            if request.param == "tar":
                out = parcels.write_tar(bundle, tmp_path / f"{number}.tar.zst", top="program-1", moment=77)
            else:
                work = tmp_path / f"work-{number}"
                out = debian.write_deb(
                    bundle, ROOT / "resources", work, tmp_path / f"{number}.deb", version="9.9.9", moment=77
                )
        finally:
            os.umask(before)
        contents.append(out.read_bytes())
    return contents


@pytest.mark.slow
def test_the_same_files_make_the_same_archive_whenever_and_whoever_made_them(packed: list[bytes]) -> None:
    assert packed[0] == packed[1]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zstd") is None, reason="there is no zstd here")
def test_what_runs_can_be_run_by_everybody_and_all_is_roots(tmp_path: Path) -> None:
    bundle = made_by_somebody(tmp_path / "program", second=True)
    out = parcels.write_tar(bundle, tmp_path / "1.tar.zst", top="program-1", moment=77)
    names = subprocess.run(["tar", "--zstd", "-tvf", out], capture_output=True, text=True, check=True).stdout
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
    bundle = made_bundle(
        tmp_path / "bundle", "liblzma.so.5", "numpy.libs/libgfortran-040039e1.so.5.0.0", "torch/_C.so", "rich/one.pyc"
    )
    made = stamp.stamp_of(ROOT)
    first = sbom.write_sbom(made, bundle, NOTICES, tmp_path / "1.json").read_bytes()
    assert sbom.write_sbom(made, bundle, NOTICES, tmp_path / "2.json").read_bytes() == first
    content = json.loads(first)
    assert (content["bomFormat"], content["specVersion"]) == ("CycloneDX", "1.6")
    named = {part["name"]: part["licenses"] for part in content["components"]}
    # what is locked for another one's sake, and not within, is nothing that a scanner is to warn of
    assert set(made.parts) & set(named) == {"numpy", "torch", "rich"}
    assert named["XZ Utils"] == [{"expression": "0BSD"}]
    assert named["pyinstaller"] == [{"expression": "GPL-2.0-or-later WITH Bootloader-exception"}]
    assert content["components"][-1]["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"x").hexdigest()}]
    needed = {one["ref"]: one["dependsOn"] for one in content["dependencies"]}
    assert "file:liblzma.so.5" in needed["pfm-desktop"]
    numpy = f"pkg:pypi/numpy@{made.parts['numpy']}"
    assert needed[numpy] == ["file:numpy.libs/libgfortran-040039e1.so.5.0.0"]
    torch = next(part for part in content["components"] if part["name"] == "torch")
    assert torch["purl"] == f"pkg:pypi/torch@{made.parts['torch']}"
    assert len(torch["externalReferences"][0]["hashes"]) == 5


def test_fonts_and_networks_are_parts_with_licence_version_and_sum(tmp_path: Path) -> None:
    for name in ("resources/fonts", "resources/words", "resources/finder", "models"):
        shutil.copytree(ROOT / name, tmp_path / "bundle" / "_internal" / name)
    bundle = tmp_path / "bundle"
    assert problems(bundle) == ""
    out = sbom.write_sbom(stamp.stamp_of(ROOT), bundle, NOTICES, tmp_path / "1.json")
    content = json.loads(out.read_text(encoding="utf-8"))
    found = {one["name"]: one for one in content["components"] if one["bom-ref"].startswith("file:")}
    assert set(found) == {
        "DejaVu Sans", "DejaVu Sans Bold", "Droid Sans Fallback", "NanumGothic", "pfm-demo", "pfm-finder",
        "PP-OCRv6_det_small",
    }  # fmt: skip
    model = found["pfm-demo"]
    told = tomllib.loads((ROOT / "models" / "pfm-demo" / "model.toml").read_text(encoding="utf-8"))["model"]
    assert (model["type"], model["version"]) == ("machine-learning-model", told["version"])
    assert model["hashes"] == [{"alg": "SHA-256", "content": told["sha256"]}]
    assert found["NanumGothic"]["licenses"] == [{"expression": "OFL-1.1"}]
    assert {one["bom-ref"] for one in found.values()} <= set(content["dependencies"][0]["dependsOn"])
    (bundle / "_internal" / "resources" / "fonts" / "Other.ttf").write_bytes(b"x")
    assert "resources/fonts/Other.ttf: its licence is not listed" in problems(bundle)


def test_the_list_of_parts_is_valid_cyclonedx(tmp_path: Path) -> None:
    schemas = pytest.importorskip("cyclonedx.schema", reason="cyclonedx-python-lib[json-validation] is not installed")
    from cyclonedx.validation.json import JsonStrictValidator

    bundle = made_bundle(tmp_path / "bundle", "liblzma.so.5", "torch/lib/libtorch_cpu.so")
    out = sbom.write_sbom(stamp.stamp_of(ROOT), bundle, NOTICES, tmp_path / "1.json")
    assert JsonStrictValidator(schemas.SchemaVersion.V1_6).validate_str(out.read_text(encoding="utf-8")) is None


def test_the_package_asks_for_the_c_library_that_its_libraries_ask_for(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path, "libone.so", "libtwo.so.6", "words.txt")
    assert debian.glibc_of(bundle) == 28
    (bundle / "_internal/libone.so").write_bytes(b"ELF\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0")
    (bundle / "_internal/libtwo.so.6").write_bytes(b"ELF\0GLIBC_2.9\0")
    (bundle / "_internal/words.txt").write_bytes(b"\0GLIBC_2.99\0")
    assert debian.glibc_of(bundle) == 34


def test_the_package_declares_what_opens_a_window(tmp_path: Path) -> None:
    for name in ("libxcb-cursor0", "libegl1", "libxkbcommon-x11-0", "libdbus-1-3"):
        assert name in debian.DEPENDS
    root, control = tmp_path / "root", tmp_path / "control"
    (root / debian.HOME).mkdir(parents=True)
    debian._control(root, control, "1.0")
    assert "Recommends: xdg-utils\n" in (control / "control").read_text(encoding="utf-8")
    desktop = (ROOT / "resources" / "installer" / "linux" / "pfm-desktop.desktop").read_text(encoding="utf-8")
    assert "MimeType=application/x-pfm-model;" in desktop


def test_what_a_software_centre_shows_says_in_each_language_what_it_is_not_for() -> None:
    shown = ElementTree.parse(ROOT / "resources" / "installer" / "linux" / "pfm-desktop.metainfo.xml").getroot()
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    summaries = {one.get(language, "en"): one.text or "" for one in shown.findall("summary")}
    told = {one.get(language, "en"): one.text or "" for one in shown.findall("description/p")}
    assert set(summaries) == set(told) == set(LANGUAGES)
    for code, words in {
        "en": "not for diagnosis",
        "es": "no apto",
        "fr": "ne pas utiliser",
        "zh": "不用于诊断",
    }.items():
        assert words in summaries[code]
    assert "trained on phantoms" in told["en"]


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
        "./usr/share/metainfo/pfm-desktop.metainfo.xml",
        "./usr/share/doc/pfm-desktop/copyright",
    ):
        assert name in listed, name
    size = subprocess.run(["dpkg-deb", "-f", out, "Installed-Size"], capture_output=True, text=True, check=True).stdout
    there = tmp_path / "there"
    subprocess.run(["dpkg-deb", "-x", out, there], check=True)
    copyright_of = (there / "usr/share/doc/pfm-desktop/copyright").read_text(encoding="utf-8")
    assert copyright_of.startswith("PFM Desktop. Copyright")
    assert copyright_of.endswith((bundle / "_internal/LICENSE").read_text(encoding="utf-8"))
    sums = subprocess.run(["dpkg-deb", "-I", out, "md5sums"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["md5sum", "--quiet", "-c", "-"], input=sums, cwd=there, text=True, check=True)
    assert len(sums.splitlines()) == sum(path.is_file() and not path.is_symlink() for path in there.rglob("*"))
    assert int(size) == round(parcels.size_mb(there) * 1e6 / 1024) > 20  # KiB; the icons have more
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
