"""What the doctor says: of everything, with what to do, quickly, whatever is missing, and nothing of a patient."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import doctor
from pfm_desktop.services.capture import config
from pfm_desktop.services.doctor import backend, computer, devices, places, program
from pfm_desktop.services.doctor import window as of_window
from pfm_desktop.services.doctor.finding import Finding, Findings, State
from pfm_desktop.support import installation, paths, system_libraries
from pfm_desktop.support.settings import Settings, save_settings

CTX = SilentContext()


def said(findings: Iterator[Finding]) -> list[tuple[State, str]]:
    return [(one.state, one.said) for one in findings]


def test_each_area_is_looked_at_and_each_trouble_says_what_to_do() -> None:
    found = doctor.doctor(CTX)
    assert list(dict.fromkeys(area for area, _one in found)) == list(doctor.ALL)
    for probes in doctor.ALL.values():
        assert probes
    assert not [one for _area, one in found if "could not be found out" in one.said or "did not answer" in one.said]
    assert not [one for _area, one in found if one.state is not State.OK and not one.todo]
    names = {one.name for _area, one in found}
    assert names >= {
        "Program", "Python", "Qt", "torch", "OpenVINO", "OpenCV", "Answers", "Features", "Memory", "Clock", "Cameras",
        "Serial ports", "GenICam", "Window", "Data folder", "Temporary files", "Crashes",
    }  # fmt: skip


def test_nothing_of_a_patient_and_no_folder_of_the_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "Adler Anna" / "home"
    monkeypatch.setenv("PFM_HOME", str(home))
    monkeypatch.setenv("LANG", "/home/adler")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen:adler")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "Adler Anna"))
    save_settings(Settings(reader="Dr. Adler", library=str(tmp_path / "Adler Anna" / "lib"), model="adler-anna-model"))
    config.save(config.DeviceConfig(name="Adler", camera="rtsp://adler:geheim@10.1.2.3/anna", lamp="/dev/adler"))
    for text in ("\n".join(doctor.lines_of(doctor.doctor(CTX))), json.dumps(doctor.table_of(doctor.doctor(CTX)))):
        assert not [word for word in ("adler", "anna", "geheim", "10.1.2.3", str(tmp_path)) if word in text.lower()]


def test_a_probe_that_fails_or_cannot_be_imported_takes_no_other_along(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Findings:
        yield Finding("Memory", "some")
        raise RuntimeError("Adler, Anna")

    monkeypatch.setattr(computer, "memory", broken)
    monkeypatch.setitem(sys.modules, "pfm_desktop.services.doctor.backend", None)
    found = [(one.name, one.said) for _area, one in doctor.doctor(CTX)]
    assert ("Memory", "some") in found
    assert ("Memory", "could not be found out (RuntimeError)") in found
    assert ("Backend", "could not be found out (ModuleNotFoundError)") in found
    assert "Clock" in dict(found)
    assert not any("Adler" in what for _name, what in found)


def test_a_probe_that_hangs_is_said_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()

    def hangs() -> Findings:
        goes_on.wait(60)
        yield Finding("Cameras", "late")

    monkeypatch.setattr(devices, "cameras", hangs)
    monkeypatch.setattr(doctor, "PATIENCE_S", 0.5)
    try:
        found = [(one.name, one.said) for _area, one in doctor.doctor(CTX)]
    finally:
        goes_on.set()
    assert ("Cameras", "did not answer in time") in found


def test_the_exit_code_is_0_without_errors_and_3_with_one() -> None:
    good, bad = Finding("A", "b"), Finding("A", "b", State.ERROR, "c")
    assert doctor.ended([("X", good), ("X", Finding("A", "b", State.WARN, "c"))]) == 0
    assert doctor.ended([("X", good), ("X", bad)]) == 3
    assert doctor.lines_of([("X", bad)]) == ("X", "ERROR  A: b", "         c", "", "1 error(s), 0 warning(s)")


def test_the_command_says_it_also_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) in (0, 3)
    assert "error(s)" in capsys.readouterr().out
    code = main(["doctor", "--json"])
    table = json.loads(capsys.readouterr().out)
    assert table["code"] == code
    assert {"area", "name", "said", "state", "todo"} == set(table["findings"][0])


def test_what_parts_print_as_they_fail_stays_out_of_the_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def printing() -> Findings:
        print(sys.path)  # as the loader of cv2 does where its library is gone  # noqa: T201
        raise ImportError("no cv2")
        yield

    monkeypatch.setattr(devices, "cameras", printing)
    main(["doctor", "--json"])
    table = json.loads(capsys.readouterr().out)
    assert "could not be found out (ImportError)" in [one["said"] for one in table["findings"]]


def test_weights_that_were_altered_without_a_change_of_size_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PFM_HOME", str(tmp_path))
    assert said(backend.weights()) == [(State.OK, "those that the model in use promises")]
    copy = tmp_path / "models" / "pfm-demo"  # one of the user's comes before a shipped one of the same name
    shutil.copytree(paths.shipped_models_dir() / "pfm-demo", copy)
    (copy / "weights.safetensors").chmod(0o644)
    with (copy / "weights.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    (found,) = [one for _area, one in doctor.doctor(CTX) if one.name == "Weights"]
    assert found.state is State.ERROR
    assert found.said == "not those that the model in use promises, which refuses to answer"
    assert "import" in found.todo
    assert not [one for _area, one in doctor.shortly(CTX) if one.name == "Weights"]  # after a crash it is to be quick
    monkeypatch.setattr(backend, "shipped_models_dir", lambda: tmp_path / "models")
    assert [one.todo for one in backend.weights()] == [program.AGAIN]
    (copy / "model.toml").write_text("")
    assert list(backend.weights()) == []  # that is said of the model already


def test_a_part_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = program.importlib.util.find_spec
    monkeypatch.setattr(program.importlib.util, "find_spec", lambda name: None if name == "torch" else real(name))
    assert (State.ERROR, "is missing") in said(program.versions())


def test_missing_libraries_of_the_system_are_named_by_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_window, "display", ModuleType("display"))
    monkeypatch.setattr(of_window.display, "why_no_window", lambda: "", raising=False)
    monkeypatch.setattr(system_libraries, "loads", lambda name: name not in ("libxcb-cursor.so.0", "libEGL.so.1"))
    monkeypatch.setattr(sys, "platform", "linux")
    (lacking,) = [one for one in of_window.window() if one.name == "Libraries"]
    assert lacking.state is State.ERROR
    assert lacking.said == "the system lacks libxcb-cursor.so.0, libEGL.so.1"
    assert lacking.todo.endswith("apt-get install libxcb-cursor0 libegl1")


def test_every_library_that_the_package_declares_is_known_by_name() -> None:
    from resources.installer import debian

    declared = {one.split(" ")[0] for one in debian.DEPENDS} - {"libc6"}
    assert declared <= set(system_libraries.LIBRARIES.values())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has /dev/shm")
def test_shared_memory_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_SHARED", str(tmp_path))
    assert said(places.shared_memory()) == [(State.OK, "may be written")]
    monkeypatch.setattr(places, "_SHARED", str(tmp_path / "none"))
    ((state, words),) = said(places.shared_memory())
    assert state is State.WARN
    assert "one core only" in words


def test_folders_that_cannot_be_written_or_are_full_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PFM_HOME", str(tmp_path / "file"))
    assert [state for state, _ in said(places.data_folder())] == [State.ERROR]
    monkeypatch.setenv("PFM_HOME", str(tmp_path))
    usage = places.shutil.disk_usage(tmp_path)
    for free, state in ((1e9, State.WARN), (1e6, State.ERROR), (9e9, State.OK)):
        monkeypatch.setattr(places.shutil, "disk_usage", lambda _folder, free=free: usage._replace(free=free))
        assert said(places.data_folder())[0][0] is state


def test_a_library_that_is_gone_is_an_error_and_a_folder_open_to_all_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(Settings(library=str(tmp_path / "gone")))
    assert said(places.library_folder()) == [(State.ERROR, "is not there")]
    monkeypatch.setattr(places, "_others_look_in", lambda _folder: True)
    paths.user_data_dir().mkdir(parents=True, exist_ok=True)
    assert said(places.data_folder())[-1] == (State.WARN, "other users of this computer may look into it")


@pytest.mark.skipif(sys.platform == "win32", reason="rights of Linux")
def test_who_else_may_look_into_a_folder_is_found_by_all_on_the_way(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    folder.parent.chmod(0o700)
    assert not places._others_look_in(folder)
    assert places._others_look_in(Path("/usr/lib"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="groups of Linux")
def test_devices_that_this_user_may_not_use_name_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "serial_ports", lambda: (("/dev/ttyUSB0", "Lamp"),))
    monkeypatch.setattr(devices.os, "access", lambda _file, _mode: False)
    found = list(devices.lamps())
    assert found[0].said == "Lamp"
    assert "dialout" in found[1].todo


def test_a_clock_that_is_behind_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    class Early(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(computer, "datetime", Early)
    assert said(computer.clock())[0][0] is State.ERROR


def installed(folder: Path) -> Path:
    (folder / "torch" / "lib").mkdir(parents=True)
    files = {"torch/lib/libtorch_cpu.so": b"torch" * 100, "resources/a.txt": b"words"}
    (folder / "resources").mkdir()
    import hashlib

    listed = {}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        listed[name] = [len(data), hashlib.sha256(data).hexdigest()]
    (folder / installation.FILE).write_text(json.dumps({"files": listed}))
    return folder


def test_what_is_installed_is_compared_by_size_and_deeply_by_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = installed(tmp_path)
    monkeypatch.setattr(sys, "_MEIPASS", str(home), raising=False)
    assert said(program.files(deep=True))[0][0] is State.OK
    (home / "resources" / "a.txt").write_bytes(b"w0rds")
    assert said(program.files(deep=False))[0][0] is State.OK
    assert said(program.files(deep=True)) == [(State.ERROR, "resources/a.txt has another content")]
    (home / "resources" / "a.txt").write_bytes(b"")
    (home / "torch" / "lib" / "libtorch_cpu.so").unlink()
    assert said(program.files(deep=False)) == [
        (State.ERROR, "resources/a.txt has 0 bytes, and should have 5"),
        (State.ERROR, "torch/lib/libtorch_cpu.so is missing"),
    ]
    (home / installation.FILE).write_text("{")
    assert said(program.files(deep=False)) == [(State.WARN, "there is no list of them to compare with")]
