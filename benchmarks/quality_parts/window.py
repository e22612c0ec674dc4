"""A photograph in the window of a program, as a picture of the screen shows it."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.unlike_parts.pictures import WORDS, Pixels, Random

_SCREENS = ((1366, 768), (1920, 1080), (1280, 1024))
_DARK, _LIGHT = (36, 76), (200, 245)  # of 255; what is black is the frame of a camera to the gate


def in_window(photograph: Pixels, random: Random) -> Pixels:
    """It fills 60 to 90 % of the width and of the height; panels, buttons and words lie around it. A dark or a light
    window; half of them are saved as JPEG, some at half of the size."""
    width, height = _SCREENS[random.integers(len(_SCREENS))]
    low, high = _DARK if random.random() < 0.5 else _LIGHT
    grounds = random.integers(low, high, (3, 1)) + random.integers(-6, 7, (3, 3))
    window = np.full((height, width, 3), grounds[0], np.uint8)
    wide, high_ = (round(side * random.uniform(0.6, 0.9)) for side in (width, height))
    left, top = (int(random.integers(0, rest + 1)) for rest in (width - wide, height - high_))
    window[:, left + wide :] = grounds[1]
    window[: top // 2] = grounds[2]
    ink = tuple(int(value) for value in (255 - grounds[0]))
    for _ in range(60):
        word = str(random.choice(WORDS))
        at = int(random.integers(0, width)), int(random.integers(12, height))
        cv2.putText(window, word, at, cv2.FONT_HERSHEY_SIMPLEX, random.uniform(0.35, 0.7), ink, 1, cv2.LINE_AA)
    window[top : top + high_, left : left + wide] = cv2.resize(photograph, (wide, high_), interpolation=cv2.INTER_AREA)
    if random.random() < 0.3:
        window = cv2.resize(window, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    if random.random() < 0.5:
        quality = int(random.integers(60, 95))
        window = cv2.imdecode(cv2.imencode(".jpg", window, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return np.asarray(window, np.uint8)
