"""Pairs with the simulated device: gap, time to the verdict, and a hundred faults of lamp and camera.

    python benchmarks/pairs.py [--pairs 50] [--faults 100] [--women 10]

A phantom woman of 1920 x 1080 at 30 frames a second, one camera, a lamp on a pseudo-terminal. Of each pair the gap, the
time from the key to the pair, and from there to the verdict. With faults: how many pairs came all the same, how many
were refused with their white-light picture kept, and, which must be none, how many white-light pictures were lost, how
many pictures were not of one light, and how often the lamp was left in another light than white. `--women`: verdicts on
pairs of one woman and of two. Wanted: a gap of 0.5 s, 1.0 s from the key to the verdict.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads as manners

manners.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come first
from numpy.typing import NDArray  # noqa: E402
from rich.console import Console  # noqa: E402

from pfm_desktop.capture.lamp import SerialLamp  # noqa: E402
from pfm_desktop.capture.simulated_lamp import LampFaults  # noqa: E402
from pfm_desktop.capture.source import Frame  # noqa: E402
from pfm_desktop.capture.stream import Stream  # noqa: E402
from pfm_desktop.domain.capture import Light  # noqa: E402
from pfm_desktop.imaging.field import register_lit  # noqa: E402
from pfm_desktop.imaging.film import PhantomFilm  # noqa: E402
from pfm_desktop.imaging.registration import register  # noqa: E402
from pfm_desktop.services.capture.pairs import PairError, take_switched  # noqa: E402
from pfm_desktop.services.capture.simulated import SimulatedDevice, make_simulated  # noqa: E402
from pfm_desktop.services.capture.verdict import judge  # noqa: E402

Fault = tuple[str, Callable[[], None], Callable[[], None]]
console = Console(highlight=False, soft_wrap=True)
SEED, WOMEN_FROM, LESS_DARK = 11, 50, 12
Pixels = NDArray[np.uint8]
LAMP_FAULTS = (
    LampFaults(silent=True),
    LampFaults(late_s=0.2),
    LampFaults(late_s=1.0),
    LampFaults(other_light=True),
    LampFaults(other_number=True),
    LampFaults(garbage=True),
    LampFaults(half=True),
    LampFaults(endless=True),
    LampFaults(error="3 too hot"),
    LampFaults(early=True),
)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--women", type=int, default=10)
    options = parser.parse_args()
    manners.take_short_turns()
    with make_simulated(SEED) as device:
        device.acid(time.monotonic() - 60)
        lamp = device.lamp_factory()
        lamp.open()
        stream = Stream(device.camera_factory)
        stream.start()
        assert stream.wait_for(0.0, 30.0) is not None
        timed(device, stream, lamp, options.pairs)
        faulty(device, stream, lamp, options.faults)
        stream.stop()
        lamp.close()
    women(options.women)


def timed(device: SimulatedDevice, stream: Stream, lamp: SerialLamp, count: int) -> None:
    """Pairs without faults."""
    rows, mixed, words = [], 0, Counter[str]()
    for _ in range(count):
        begun = time.perf_counter()
        shot = take_switched(stream, lamp, device.waits)
        taken = time.perf_counter()
        said = judge(shot.white.pixels, shot.fluorescence.pixels, shot.gap_s)
        rows.append((shot.gap_s, taken - begun, time.perf_counter() - begun))
        mixed += not one_light(device, shot.white, shot.fluorescence)
        words[said.words] += 1
        time.sleep(0.3)
    for name, values in zip(("gap", "key to pair", "key to verdict"), np.array(rows).T, strict=True):
        console.print(f"{name}: median {np.median(values):.2f} s, longest {values.max():.2f} s")
    console.print(f"pairs {count}, with a picture that is not of one light {mixed}; said: {dict(words)}")


def faulty(device: SimulatedDevice, stream: Stream, lamp: SerialLamp, count: int) -> None:
    """A fault in each; when it is over the next pair has to come."""
    ends, longest = Counter[str](), 0.0
    faults = faults_of(device)
    random = np.random.default_rng(SEED)
    for number in range(count):
        name, begin, end = faults[number % len(faults)]
        timer = threading.Timer(random.uniform(0.0, 0.25), begin)  # somewhere in the pair
        timer.start()
        begun = time.perf_counter()
        try:
            shot = take_switched(stream, lamp, device.waits)
            ends["a pair all the same"] += 1
            whole = one_light(device, shot.white, shot.fluorescence)
        except PairError as error:
            ends["refused, white light kept" if error.white else "refused, no white light came"] += 1
            whole = one_light(device, error.white, None)
        longest = max(longest, time.perf_counter() - begun)
        if not whole:
            ends[f"NOT OF ONE LIGHT ({name})"] += 1
        timer.join()
        end()
        stream.wait_for(time.monotonic(), 30.0)
        if device.lamp_port != lamp.port:
            lamp.port = device.lamp_port
        try:
            take_switched(stream, lamp, device.waits)
        except PairError as error:
            ends[f"THE NEXT ONE FAILED ({name}: {error.what})"] += 1
        if device.lamp is not None and device.lamp.light is not Light.WHITE:
            ends[f"LAMP NOT WHITE ({name})"] += 1
    console.print(f"faults {count}: {dict(ends)}; the longest was said after {longest:.1f} s")


def faults_of(device: SimulatedDevice) -> list[Fault]:
    """Name, what begins it and what ends it."""
    there, camera = device.lamp, device.camera
    assert there is not None

    def lamp_fault(faults: LampFaults) -> Fault:
        def begin() -> None:
            there.faults = faults

        def end() -> None:
            there.faults = LampFaults()

        return str(faults), begin, end

    return [
        *(lamp_fault(one) for one in LAMP_FAULTS),
        ("lamp unplugged", there.stop, lambda: (there.start(), None)[1]),
        ("camera unplugged", camera.unplug, camera.plug),
        ("camera stalls", camera.stall, camera.release),
        ("torn frames", lambda: camera.tear(3), lambda: None),
        ("lost frames", lambda: camera.drop(20), lambda: None),
    ]


def women(count: int) -> None:
    """Verdicts on pairs of one woman, and of white light of one with fluorescence of the next; beside them what
    registering whole frames says, dark surround and all."""
    films = [PhantomFilm(seed) for seed in range(WOMEN_FROM, WOMEN_FROM + count)]
    own, strange, whole = Counter[str](), Counter[str](), Counter[tuple[bool, str]]()
    for film, other in zip(films, [*films[1:], *films[:1]], strict=True):
        white = film.picture(Light.WHITE, acid_s=60.0, at=3.0)
        for seen, of in ((own, film), (strange, other)):
            lit = of.picture(Light.FLUORESCENCE, acid_s=60.3, at=3.3)
            seen[judge(white, lit, 0.3).words] += 1
            whole[seen is own, register(white, lit).status.value] += 1
    for one, found in ((True, own), (False, strange)):
        by_whole = {status: number for (which, status), number in sorted(whole.items()) if which is one}
        said = f"pairs of {'one woman' if one else 'two women'}: {dict(found)}; by whole frames {by_whole}"
        console.print(f"on phantoms, {said}")
    surrounds(films[:LESS_DARK])


def surrounds(films: Sequence[PhantomFilm]) -> None:
    """The same where the surround is not as dark: another gamma of the camera, stray light (of 255) on both pictures or
    on white light alone."""
    own, strange = Counter[str](), Counter[str]()
    for gamma, stray, on_both in ((0.8, 0, True), (0.65, 0, True), (1.0, 10, True), (1.0, 30, True), (1.0, 18, False)):

        def camera(pixels: Pixels, level: int, gamma: float = gamma) -> Pixels:
            return np.clip(255 * (pixels / 255.0) ** gamma + level, 0, 255).round().astype(np.uint8)

        for film, other in zip(films, [*films[1:], *films[:1]], strict=True):
            white = camera(film.picture(Light.WHITE, acid_s=60.0, at=3.0), stray)
            for seen, of in ((own, film), (strange, other)):
                lit = camera(of.picture(Light.FLUORESCENCE, acid_s=60.3, at=3.3), stray if on_both else 0)
                seen[register_lit(white, lit).status.value] += 1
    console.print(f"on phantoms, five surrounds that are not as dark, registration: one woman {dict(own)}")
    console.print(f"on phantoms, five surrounds that are not as dark, registration: two women {dict(strange)}")


def one_light(device: SimulatedDevice, white: Frame | None, glow: Frame | None) -> bool:
    """Whether the frames that were taken were each lit by their own light alone."""
    given = [(white, Light.WHITE), (glow, Light.FLUORESCENCE)]
    return all(frame is None or device.camera.lit_by(frame.number) in {(light,), ()} for frame, light in given)


if __name__ == "__main__":
    main()
