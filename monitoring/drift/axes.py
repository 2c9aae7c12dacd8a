"""Axes along which correlated channels vary independently, learned from all sites' days."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from monitoring.drift.series import Array

LEAST: Final = 1e-3  #: of the mean variance of the axes, to be one
SHRINK: Final = 0.02


def whitening(residuals: Sequence[Array], counts: Sequence[Array], most: int) -> Array:
    """(C, r) columns that make of mean residuals times sqrt(n) independent unit variances.

    From the covariance of (T, C) residuals of days of (T,) studies of some sites, shrunk a
    little towards its diagonal; the r <= `most` axes of the largest variance first.
    """
    rows = [
        np.nan_to_num(left[n > 0]) * np.sqrt(n[n > 0])[:, None]
        for left, n in zip(residuals, counts, strict=True)
    ]
    stacked = np.concatenate(rows) if rows else np.zeros((0, 0))
    if stacked.size == 0:
        return np.zeros((stacked.shape[1] if stacked.ndim > 1 else 0, 0))
    covariance = stacked.T @ stacked / len(stacked)
    trust = len(stacked) / (len(stacked) + covariance.shape[0])
    shrunk = covariance + (1 - trust + SHRINK) * np.diag(np.diag(covariance))
    values, vectors = np.linalg.eigh(shrunk)
    order = np.argsort(values)[::-1][:most]
    kept = [at for at in order if values[at] > LEAST * values.mean()]
    made: Array = vectors[:, kept] / np.sqrt(values[kept])
    return made


def turn(left: Array, counts: Array, axes: Array) -> tuple[Array, Array]:
    """(T, r) residuals along axes, and (T, r) counts; a channel that is missing adds nothing."""
    many = counts.max(axis=1, initial=0.0)
    n = np.where(np.isfinite(left).any(axis=1), many, 0.0)
    along = parts(left, counts) @ axes
    return along, np.broadcast_to(n[:, None], along.shape)


def parts(left: Array, counts: Array) -> Array:
    """(T, C) residuals as parts of the day: each times its share of the day's studies.

    The mean of two of a day's twenty studies is uncertain as two are; its part in the day is as
    certain as any other channel's.
    """
    many = np.maximum(counts.max(axis=1, initial=0.0), 1.0)
    made: Array = np.nan_to_num(left) * counts / many[:, None]
    return made
