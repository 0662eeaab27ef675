"""Reading an answer within a size and a time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

import httpx2

from portal.common.errors import PortalError

Translate = Callable[[Exception], Exception]


class Decoder:
    """Unpacks gzip and deflate in bounded steps, so that a small bomb cannot fill the memory."""

    def __init__(self, encoding: str) -> None:
        # 47 = 15 + 32: zlib recognises gzip and zlib headers by itself.
        self._zlib = zlib.decompressobj(47)
        self._raw_allowed = encoding == "deflate"

    def feed(self, data: bytes, room: int) -> bytes:
        """The unpacked bytes, at most `room + 1`: one more than allowed tells the caller to stop."""
        try:
            return self._zlib.decompress(data, room + 1)
        except zlib.error:
            if not self._raw_allowed:
                raise
            # Some servers send deflate without the zlib header.
            self._zlib, self._raw_allowed = zlib.decompressobj(-zlib.MAX_WBITS), False
            return self._zlib.decompress(data, room + 1)

    def rest(self, room: int) -> bytes:
        """What a previous bounded step left over."""
        return self._zlib.decompress(self._zlib.unconsumed_tail, room + 1) if self._zlib.unconsumed_tail else b""


class BoundedStream(httpx2.AsyncByteStream):
    """A response body that ends with an error when it grows too big or takes too long."""

    def __init__(
        self,
        inner: AsyncIterable[bytes],
        *,
        max_bytes: int,
        deadline: float,
        decoder: Decoder | None,
        too_big: Callable[[], PortalError],
        translate: Translate,
    ) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        self._deadline = deadline
        self._decoder = decoder
        self._too_big = too_big
        self._translate = translate
        self._seen = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        source = aiter(self._inner)
        while True:
            try:
                # One timeout per step, never across a yield: the consumer's own work is not ours to cancel.
                async with asyncio.timeout_at(self._deadline):
                    chunk = await anext(source)
            except StopAsyncIteration:
                return
            except Exception as error:
                raise self._translate(error) from None
            for part in self._unpack(chunk):
                self._seen += len(part)
                if self._seen > self._max_bytes:
                    raise self._too_big()
                yield part

    def _unpack(self, chunk: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            yield chunk
            return
        try:
            part = self._decoder.feed(chunk, self._max_bytes - self._seen)
            while part:
                yield part
                part = self._decoder.rest(self._max_bytes - self._seen)
        except zlib.error as error:
            raise self._translate(error) from None

    async def aclose(self) -> None:
        close = getattr(self._inner, "aclose", None)
        if close is not None:
            await close()
