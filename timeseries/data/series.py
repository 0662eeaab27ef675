"""The one in-memory shape of a series that every model takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from timeseries.data.errors import DataProblem

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

HUGE = 1e100


@dataclass(frozen=True, slots=True)
class Series:
    """Rows in time order. Column 0 is the target; NaN is missing; `times` are UTC and strictly increasing."""

    values: FloatArray
    columns: tuple[str, ...] = ("y",)
    times: TimeArray | None = None
    frequency: str | None = None
    period: int = 1
    name: str = ""

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def target(self) -> FloatArray:
        """The first column."""
        return self.values[:, 0]

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    def head(self, rows: int) -> Series:
        """The first `rows` rows."""
        return self.slice(0, rows)

    def slice(self, start: int, stop: int) -> Series:
        """Rows `start` up to `stop`, with their times."""
        times = None if self.times is None else self.times[start:stop]
        return replace(self, values=self.values[start:stop], times=times)

    def digest(self) -> str:
        """SHA-256 over values and times: the identity used for lineage and for joining equal jobs."""
        digest = hashlib.sha256(np.ascontiguousarray(self.values).tobytes())
        if self.times is not None:
            digest.update(self.times.astype("datetime64[us]").astype(np.int64).tobytes())
        digest.update("\x1f".join(self.columns).encode())
        return digest.hexdigest()


def make_series(
    values: object,
    *,
    columns: tuple[str, ...] | None = None,
    times: TimeArray | None = None,
    frequency: str | None = None,
    period: int = 1,
    name: str = "",
) -> Series:
    """Build a Series from any rectangular numbers; one-dimensional input becomes one column."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] == 0:
        raise DataProblem("wrong_shape", f"Expected rows × columns, got an array of shape {array.shape}.")
    if np.isinf(array).any():
        row, column = (int(index) for index in np.argwhere(np.isinf(array))[0])
        raise DataProblem("not_finite", f"Row {row} is infinite. Use an empty cell.", row=row, column=column)
    if (np.abs(np.nan_to_num(array)) > HUGE).any():
        row, column = (int(index) for index in np.argwhere(np.abs(np.nan_to_num(array)) > HUGE)[0])
        raise DataProblem(
            "too_huge", f"Row {row} is beyond ±1e100; choose a larger unit for the column.", row=row, column=column
        )
    names = columns or ("y", *(f"x{index}" for index in range(1, array.shape[1])))
    return Series(array, names, times, frequency, max(int(period), 1), name)


def require_rows(series: Series, needed: int, what: str) -> None:
    """Refuse a series shorter than `needed`, saying both numbers."""
    if len(series) < needed:
        raise DataProblem("too_short", f"{what} needs at least {needed} rows; the series has {len(series)}.")


def fill_missing(series: Series, *, allowed_share: float = 0.5) -> tuple[Series, list[str]]:
    """Interpolate missing cells (ends are held), and say how many. A column mostly empty is an error."""
    values = series.values
    missing = np.isnan(values)
    if not missing.any():
        return series, []
    filled = values.copy()
    notes: list[str] = []
    position = np.arange(len(series))
    for column in range(values.shape[1]):
        gaps = missing[:, column]
        if gaps.all():
            raise DataProblem(
                "all_missing",
                f"Column {series.columns[column]} has no value at all. Remove it or supply data.",
                column=series.columns[column],
            )
        share = float(gaps.mean())
        if share > allowed_share:
            raise DataProblem(
                "mostly_missing",
                f"Column {series.columns[column]} misses {share:.0%} of its rows; "
                f"at most {allowed_share:.0%} can be filled.",
                column=series.columns[column],
            )
        if gaps.any():
            filled[gaps, column] = np.interp(position[gaps], position[~gaps], values[~gaps, column])
            notes.append(f"{int(gaps.sum())} missing values of {series.columns[column]} were filled by interpolation.")
    return replace(series, values=filled), notes
