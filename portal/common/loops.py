"""Objects that live once per event loop: connection pools, Redis clients, subscription hubs.

A pool made in one loop cannot be used in another, and a process may hold several loops (the web server's,
a worker's, a test's). Entries go away with their loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")
_objects: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Any]] = WeakKeyDictionary()


def per_loop(name: str, make: Callable[[], T]) -> T:
    """The object of this name in the running loop, made at first use. `make` must not await."""
    loop = asyncio.get_running_loop()
    objects = _objects.get(loop)
    if objects is None:
        objects = _objects[loop] = {}
    if name not in objects:
        objects[name] = make()
    found: T = objects[name]
    return found


def forget(name: str) -> Any:
    """Take the object of this name out of the running loop; None when there was none."""
    return _objects.get(asyncio.get_running_loop(), {}).pop(name, None)
