"""Orders to a running supervisor: start, stop or restart one of its processes, over a socket only its user may open."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from portal.stack.errors import StackError
from portal.stack.layout import Layout

_PATIENCE = 60.0
_MOST_BYTES = 65_536
Handler = Callable[[dict[str, Any]], "Future[dict[str, Any]]"]


def _address(layout: Layout) -> Path:
    """A short path: socket addresses end at about a hundred characters, folders of people may not."""
    path = layout.state / "control.sock"
    if len(str(path)) < 100:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{digest}.sock"


class Control:
    """Listens for orders in a thread; `handle` queues each for the supervisor's own thread and gives a future."""

    def __init__(self, layout: Layout, handle: Handler) -> None:
        self._path = _address(layout)
        self._path.unlink(missing_ok=True)
        self._handle = handle
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(self._path))
        finally:
            os.umask(before)
        self._socket.listen(4)
        threading.Thread(target=self._serve, name="stack-control", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._path.unlink(missing_ok=True)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError, ValueError):
                connection.settimeout(_PATIENCE)
                order = json.loads(connection.makefile("rb").readline(_MOST_BYTES))
                try:
                    answer = self._handle(order).result(_PATIENCE)
                except StackError as error:
                    answer = {"error": str(error)}
                except TimeoutError:
                    answer = {"error": "The supervisor is busy starting or stopping; try again."}
                connection.sendall(json.dumps(answer).encode() + b"\n")


def order(layout: Layout, **message: Any) -> dict[str, Any]:
    """Give an order and return the answer; raises StackError when there is no supervisor or it refuses."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(_address(layout)))
        except OSError as error:
            raise StackError("Nothing runs here. Start it with `make run` or `manage.py service start`.") from error
        connection.sendall(json.dumps(message).encode() + b"\n")
        raw = connection.makefile("rb").readline()
    if not raw:
        raise StackError("The supervisor ended before it answered.")
    answer: dict[str, Any] = json.loads(raw)
    if "error" in answer:
        raise StackError(str(answer["error"]))
    return answer
