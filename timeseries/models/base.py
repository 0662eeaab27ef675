"""What every model shares: settings, progress, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from timeseries.data.errors import TrainingCancelled


@dataclass(frozen=True, slots=True)
class Step:
    """News of a running fit: `done` of `total` steps, the loss if there is one, and what is going on."""

    done: int
    total: int
    message: str
    loss: float | None = None
    validation_loss: float | None = None


@dataclass(slots=True)
class Progress:
    """Hands news to the caller and asks whether to go on; both are optional."""

    report: Callable[[Step], None] | None = None
    is_cancelled: Callable[[], bool] | None = None

    def step(
        self,
        done: int,
        total: int,
        message: str,
        *,
        loss: float | None = None,
        validation_loss: float | None = None,
    ) -> None:
        """Report one step; raises TrainingCancelled when the caller wants to stop."""
        if self.is_cancelled is not None and self.is_cancelled():
            raise TrainingCancelled
        if self.report is not None:
            self.report(Step(done, total, message, loss, validation_loss))
