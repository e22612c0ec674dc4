"""The mutations of pictures: the same for the same seed, and a worker that ends is told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import fuzz_pictures
from pfm_desktop.imaging.kinds import kind_of


def test_every_seed_is_a_valid_file_of_a_kind_that_is_read(tmp_path: Path) -> None:
    from pfm_desktop.services.importing.reading import try_out

    for name, data in fuzz_pictures.seeds(tmp_path).items():
        file = tmp_path / "seed.bin"
        file.write_bytes(data)
        assert kind_of(data[:132]) is not None, name
        try_out(data, file)


def test_the_same_seed_makes_the_same_changes() -> None:
    data, other = bytes(range(256)) * 4, b"other" * 50
    made = [[fuzz_pictures.mutated(data, other, random.Random(seed)) for seed in range(40)] for _ in range(2)]
    assert made[0] == made[1]
    assert len({*made[0], data}) > 30


@pytest.mark.parametrize("length", [1, 2, 10])
def test_a_file_of_a_few_bytes_can_be_changed_too(length: int) -> None:
    for seed in range(200):
        assert fuzz_pictures.mutated(b"x" * length, b"y", random.Random(seed))


@pytest.mark.slow
def test_a_short_run_finds_nothing_and_says_its_peak(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_pictures.run(36, 5, None) == 0
    assert "peak memory of the child" in capsys.readouterr().out


@pytest.mark.slow
def test_a_child_that_ends_is_told_as_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = fuzz_pictures.Child()
    child.end()
    monkeypatch.setattr(child, "_process", _Gone(child))
    assert child.read(tmp_path)["outcome"] == "crash"


class _Gone:
    """A process that has ended, with pipes that take and give nothing."""

    returncode = -11

    def __init__(self, child: fuzz_pictures.Child) -> None:
        self.stdin, self.stdout = _Sink(), Path("/dev/null").open("rb")  # noqa: SIM115 - closed by communicate

    def poll(self) -> int:
        return self.returncode

    def wait(self, _seconds: float) -> int:
        return self.returncode

    def kill(self) -> None:
        """It has ended already."""

    def communicate(self) -> None:
        self.stdout.close()


class _Sink:
    def write(self, _data: bytes) -> None:
        """Takes anything."""

    def flush(self) -> None:
        """Nothing to do."""
