"""Running executions inside a test process: the real worker code, without Celery in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from portal.common.hub import close_redis
from portal.common.pg import close_pool
from workflows import actions, dispatch, worker
from workflows.models import Execution


@contextmanager
def worker_in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[worker.WorkerLoop]:
    """Hand every sent task to a worker loop of this process."""
    home = worker.worker_loop()
    futures: list[Any] = []

    def send(execution_id: UUID, queue: str) -> bool:
        futures.append(home.submit(worker.execute(execution_id)))
        return True

    class App:
        """Stands in for Celery where heavy nodes are sent to the compute queue."""

        @staticmethod
        def send_task(name: str, args: list[str], **options: Any) -> None:
            assert name == actions.HEAVY_TASK and options["queue"] == "compute"
            futures.append(home.submit(actions.run_heavy(args[0])))

    monkeypatch.setattr(dispatch, "send_task", send)
    monkeypatch.setattr(worker, "send_task", send)
    monkeypatch.setattr(actions, "app", App)
    actions._credentials.clear()
    try:
        yield home
    finally:
        try:
            for future in futures:
                future.result(30)
        finally:
            worker.stop_worker_loop()


def wait_until(is_true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Poll until it is true; fails the test after `seconds`."""
    import time

    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def ended(execution_id: UUID) -> Execution:
    """The execution once it has ended."""
    wait_until(lambda: Execution.objects.get(pk=execution_id).is_done)
    return Execution.objects.get(pk=execution_id)


async def close_loop() -> None:
    """Close what the test's own event loop opened."""
    await close_redis()
    await close_pool()
