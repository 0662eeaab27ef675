"""Opening a file in a process of its own, with bounded memory, processor time and answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from integrations.sdk import Context, Rejected

MAX_FILE = 50_000_000
MAX_ANSWER = 40_000_000
SECONDS = 60.0
ROOT = Path(__file__).resolve().parents[3]


async def read_in_child(ctx: Context, content: bytes, **order: Any) -> Any:
    """What `integrations.connectors.documents.reading` makes of the bytes; `Rejected` says why it cannot."""
    if len(content) > MAX_FILE:
        raise Rejected(f"The file has {len(content):,} bytes; {MAX_FILE:,} is the limit.", code="file_too_large")
    seconds = min(SECONDS, ctx.remaining or SECONDS)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "integrations.connectors.documents.reading",
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MAX_ANSWER,
    )
    try:
        async with asyncio.timeout(seconds):
            out, _ = await child.communicate(json.dumps(order).encode() + b"\n" + content)
    except TimeoutError:
        raise Rejected("The file takes too long to read.", code="file_too_costly", remedy="Split the file.") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0 or len(out) > MAX_ANSWER:
        raise Rejected(
            "The file needs more memory or time than is allowed.", code="file_too_costly", remedy="Split the file."
        )
    answer = json.loads(out)
    if "error" in answer:
        raise Rejected(answer["error"], code=answer.get("code", "file_unreadable"), remedy=answer.get("remedy", ""))
    return answer["result"]
