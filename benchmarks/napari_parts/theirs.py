"""Napari's side of `benchmarks/beside_napari.py`; run by a Python that has napari, and nothing of ours."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import napari
import numpy as np
import psutil
from PIL import Image
from qtpy.QtWidgets import QApplication
from vispy import gloo

Image.MAX_IMAGE_PIXELS = None


def main() -> None:
    """`theirs WORK FRAMES`."""
    work, frames = Path(sys.argv[1]), int(sys.argv[2])
    pictures = [np.asarray(Image.open(work / f"{name}.jpg")) for name in ("white", "fluorescence")]
    viewer = napari.Viewer(show=False)
    viewer.add_image(pictures[0], name="white", rgb=True)
    upper = viewer.add_image(pictures[1], name="fluorescence", rgb=True, opacity=0.5, blending="translucent")
    window = viewer.window._qt_window
    window.resize(1920, 1080)
    viewer.show()
    canvas = viewer.window._qt_viewer.canvas
    scene = canvas._scene_canvas
    drawn = [0]
    scene.events.draw.connect(lambda _event: drawn.__setitem__(0, drawn[0] + 1))

    def frame() -> None:
        """Draw, and wait until the renderer is done."""
        before = drawn[0]
        scene.update()
        scene.native.repaint()
        while drawn[0] == before:
            QApplication.processEvents()
        scene.set_current()
        gloo.finish()

    while not drawn[0]:
        QApplication.processEvents()
    frame()
    first, shown = time.time() - float(os.environ["BEGUN"]), psutil.Process().memory_info().rss / 2**20
    found: dict[str, object] = {"first_s": first, "shown_mb": shown, "version": napari.__version__}
    found.update(blended_s=first, blended_mb=shown)  # its layers are blended from the first picture on
    _idle(3)
    viewer.camera.zoom *= 1.7
    frame()
    middle, zoomed = np.array(viewer.camera.center), viewer.camera.zoom

    def pan(step: int) -> None:
        angle = step / frames * 12.56
        viewer.camera.center = tuple(
            middle + np.array([0, 200 * np.sin(2 * angle), 500 * np.sin(angle)])[-len(middle) :]
        )

    def zoom(step: int) -> None:
        viewer.camera.zoom = zoomed * (1.06 ** (step % 60 if (step // 60) % 2 == 0 else 60 - step % 60))

    def opacity(step: int) -> None:
        upper.opacity = 0.5 + 0.5 * np.sin(step / frames * 12.56)

    for name, change in (("pan", pan), ("zoom", zoom), ("opacity", opacity)):
        times = []
        for step in range(frames):
            start = time.perf_counter()
            change(step)
            frame()
            times.append(1000 * (time.perf_counter() - start))
        found[f"{name}_ms"] = float(np.median(times))
        found[f"{name}_worst_ms"] = float(np.percentile(times, 99))
    found["resident_mb"] = psutil.Process().memory_info().rss / 2**20
    print(json.dumps(found), flush=True)
    os._exit(0)


def _idle(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()


if __name__ == "__main__":
    main()
