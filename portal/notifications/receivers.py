"""How a domain's signal becomes a notification: `@hear(signal)` on a function that calls `notify`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.dispatch import Signal

logger = logging.getLogger(__name__)
Receiver = Callable[..., object]


def hear(signal: Signal) -> Callable[[Receiver], Receiver]:
    """Connect a receiver of the signal's news. A sender must not suffer from it: what goes wrong is logged here."""

    def connect(tell: Receiver) -> Receiver:
        @wraps(tell)
        def receive(sender: Any = None, **news: Any) -> object:
            news.pop("signal", None)
            try:
                with transaction.atomic():
                    return tell(**news)
            except Exception:
                logger.exception("%s.%s could not tell anybody", tell.__module__, tell.__name__)
                return None

        signal.connect(receive, weak=False, dispatch_uid=f"notices:{tell.__module__}.{tell.__name__}")
        return receive

    return connect
