"""Other ways to register a pair, as their libraries offer them, each with what it says of its own success.

Every way takes two H x W x 3 uint8 RGB pictures and gives `Found`. None is tuned here beyond what its documentation
suggests; pictures are given grey, with contrast evened where the way is known to need it.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration import register

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Points = NDArray[np.float64]
Map = Callable[[Points], Points]

SIFT_FEATURES, SIFT_RATIO, SIFT_NEAR = 8000, 0.8, 4.0  # features, Lowe's ratio, pixels of RANSAC
LEAST_INLIERS = 15
SIDE = 512  # pixels that ECC, mutual information and SyN work at
ECC_LEAST = 0.4  # correlation below which ECC is not believed
PHASE_LEAST = 0.05  # response below which phase correlation is not believed
MI_BINS, MI_SHARE, MESH = 32, 0.25, 6


@dataclass(frozen=True)
class Found:
    """`to_fluorescence` maps N x 2 white-light pixels; `accepted`: the way itself does not say that it failed."""

    to_fluorescence: Map
    accepted: bool


Way = Callable[[Pixels, Pixels], Found | None]  # None: it found nothing


def ours(white: Pixels, fluorescence: Pixels) -> Found | None:
    """`pfm_desktop.imaging.registration`; accepted where the status is `ok`."""
    found = register(white, fluorescence)
    if found.status is RegistrationStatus.REFUSED:
        return None
    return Found(found.white_to_fluorescence, found.status is RegistrationStatus.OK)


def sift(white: Pixels, fluorescence: Pixels) -> Found | None:
    """SIFT (Lowe 2004) on evened grey, affine by RANSAC; accepted from 15 inliers on."""
    detector = cv2.SIFT_create(nfeatures=SIFT_FEATURES)
    (points, features), (others, other_features) = (
        detector.detectAndCompute(_evened(picture), None) for picture in (white, fluorescence)
    )
    if features is None or other_features is None or min(len(points), len(others)) < 2:
        return None
    pairs = cv2.BFMatcher().knnMatch(features, other_features, k=2)
    kept = [first for first, second in pairs if first.distance < SIFT_RATIO * second.distance]
    if len(kept) < 3:
        return None
    one = np.array([points[match.queryIdx].pt for match in kept])
    two = np.array([others[match.trainIdx].pt for match in kept])
    matrix, inliers = cv2.estimateAffine2D(one, two, ransacReprojThreshold=SIFT_NEAR, maxIters=5000)
    if matrix is None:
        return None
    return Found(_affine(matrix), int(inliers.sum()) >= LEAST_INLIERS)


def ecc(white: Pixels, fluorescence: Pixels) -> Found | None:
    """Enhanced correlation (Evangelidis and Psarakis 2008) of gradient magnitudes, affine, at 512 pixels."""
    one, two = (_gradients(_grey(picture), SIDE) for picture in (white, fluorescence))
    matrix = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-5)
    try:
        correlation, matrix = cv2.findTransformECC(one, two, matrix, cv2.MOTION_AFFINE, stop, None, 5)
    except cv2.error:  # it did not converge
        return None
    scales = white.shape[1] / one.shape[1], fluorescence.shape[1] / two.shape[1]
    return Found(_scaled(_affine(np.asarray(matrix, np.float64)), *scales), correlation >= ECC_LEAST)


def phase(white: Pixels, fluorescence: Pixels) -> Found | None:
    """Phase correlation (Kuglin and Hines 1975) of gradient magnitudes: a shift alone. Pictures of one size."""
    if white.shape != fluorescence.shape:
        return None
    one, two = (_gradients(_grey(picture), max(white.shape)) for picture in (white, fluorescence))
    window = cv2.createHanningWindow((one.shape[1], one.shape[0]), cv2.CV_32F)
    shift, response = cv2.phaseCorrelate(one, two, window)
    return Found(lambda points: points + np.array(shift), response >= PHASE_LEAST)


def mutual_information(white: Pixels, fluorescence: Pixels) -> Found | None:
    """SimpleITK: Mattes' mutual information (2003), affine, three levels, at 512 pixels."""
    return _itk(white, fluorescence, bent=False)


def mutual_information_bent(white: Pixels, fluorescence: Pixels) -> Found | None:
    """The same, then a B-spline of 6 x 6 (Rueckert 1999)."""
    return _itk(white, fluorescence, bent=True)


def syn(white: Pixels, fluorescence: Pixels) -> Found | None:
    """antspyx: affine, then SyN (Avants 2008), both with mutual information, at 512 pixels."""
    import ants
    import pandas

    smalls = [_reduced(picture) for picture in (white, fluorescence)]
    one, two = (ants.from_numpy(np.ascontiguousarray(small.T)) for small in smalls)
    height, width = smalls[0].shape
    y, x = np.mgrid[0:height:2, 0:width:2].astype(np.float64)
    with tempfile.TemporaryDirectory() as folder:
        made = ants.registration(
            one, two, type_of_transform="SyN", syn_metric="mattes", outprefix=str(Path(folder) / "t"), random_seed=1
        )
        # all points at once: the transforms are files that are gone afterwards
        moved = ants.apply_transforms_to_points(
            2, pandas.DataFrame({"x": x.ravel(), "y": y.ravel()}), made["fwdtransforms"]
        )
    planes = [np.asarray(moved[axis], np.float32).reshape(x.shape) for axis in ("x", "y")]

    def mapped(points: Points) -> Points:
        at = np.ascontiguousarray((points / 2).astype(np.float32)[None])
        read = [cv2.remap(plane, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for plane in planes]
        return np.stack([values[0] for values in read], axis=1).astype(np.float64)

    return Found(_scaled(mapped, *_scales(white, fluorescence, smalls)), accepted=True)


def _itk(white: Pixels, fluorescence: Pixels, *, bent: bool) -> Found:
    import SimpleITK as sitk

    smalls = [_reduced(picture) for picture in (white, fluorescence)]
    one, two = (sitk.GetImageFromArray(small) for small in smalls)
    start = sitk.CenteredTransformInitializer(
        one, two, sitk.AffineTransform(2), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = _mattes(sitk)
    method.SetInitialTransform(start, inPlace=True)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    transform = method.Execute(one, two)
    if bent:
        spline = sitk.BSplineTransformInitializer(one, [MESH, MESH])
        method = _mattes(sitk)
        method.SetMovingInitialTransform(transform)
        method.SetInitialTransform(spline, inPlace=True)
        method.SetOptimizerAsLBFGSB(numberOfIterations=40)
        method.Execute(one, two)
        transform = sitk.CompositeTransform([transform, spline])

    def mapped(points: Points) -> Points:
        return np.array([transform.TransformPoint(point) for point in points.tolist()])

    return Found(_scaled(mapped, *_scales(white, fluorescence, smalls)), accepted=True)


def _mattes(sitk: ModuleType) -> Any:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(MI_BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(MI_SHARE, 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 1])
    return method


def _reduced(picture: Pixels) -> Plane:
    """Grey, evened, the longer side 512 pixels."""
    factor = min(1.0, SIDE / max(picture.shape))
    return np.asarray(
        cv2.resize(_evened(picture), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.float32
    )


def _scales(white: Pixels, fluorescence: Pixels, smalls: Sequence[Plane]) -> tuple[float, float]:
    return white.shape[1] / smalls[0].shape[1], fluorescence.shape[1] / smalls[1].shape[1]


OURS = "ours"
# by name, with the packages that each needs beside the program's own
WAYS: Mapping[str, tuple[Way, tuple[str, ...]]] = MappingProxyType(
    {
        OURS: (ours, ()),
        "SIFT + RANSAC": (sift, ()),
        "ECC on gradients": (ecc, ()),
        "phase correlation": (phase, ()),
        "mutual information, affine": (mutual_information, ("SimpleITK",)),
        "mutual information, B-spline": (mutual_information_bent, ("SimpleITK",)),
        "SyN": (syn, ("ants",)),
    }
)


def at_hand() -> dict[str, Way]:
    """The ways whose packages are installed."""
    return {
        name: way
        for name, (way, needed) in WAYS.items()
        if all(importlib.util.find_spec(package) for package in needed)
    }


def _grey(picture: Pixels) -> Plane:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def _evened(picture: Pixels) -> Pixels:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(grey), np.uint8)


def _gradients(grey: Plane, side: int) -> Plane:
    """Gradient magnitude over its mean, the longer side reduced to `side`."""
    factor = min(1.0, side / max(grey.shape))
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(np.log1p(small), (0, 0), 1.5)
    size = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return np.asarray(np.minimum(size / (size.mean() + 1e-6), 4), np.float32)


def _affine(matrix: NDArray[np.float64]) -> Map:
    return lambda points: points @ matrix[:, :2].T + matrix[:, 2]


def _scaled(map_: Map, white: float, fluorescence: float) -> Map:
    """A map between reduced pictures, as one between the pictures; pixel centres at whole numbers."""
    return lambda points: (map_((points + 0.5) / white - 0.5) + 0.5) * fluorescence - 0.5
