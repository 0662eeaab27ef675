"""Where fetched pages wait until the file is written: one compressed file per page, attributes in one log.

Everything is written to a temporary name and renamed, so a page is there completely or not at all.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Row = dict[str, str]
_PAGE = re.compile(r"(\d{5})\.jsonl\.gz\Z")


class Spool:
    """A folder of one crawl. Bounded memory: a page at a time, an index of offsets for attributes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._attributes = folder / "attributes.jsonl"
        self._index: dict[str, int] | None = None

    def put_page(self, window: str, page_no: int, rows: list[Row]) -> None:
        """Keep the rows of one page."""
        target = self._window(window) / f"{page_no:05d}.jsonl.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
        temporary = target.with_suffix(".tmp")
        temporary.write_bytes(gzip.compress(lines, 1, mtime=0))
        temporary.replace(target)

    def pages(self, window: str) -> dict[int, Path]:
        """The pages held of a window, by number, in order."""
        folder = self._window(window)
        if not folder.is_dir():
            return {}
        found = {int(match[1]): path for path in folder.iterdir() if (match := _PAGE.fullmatch(path.name))}
        return dict(sorted(found.items()))

    def rows(self, window: str) -> Iterator[Row]:
        """The rows of a window in page order."""
        for path in self.pages(window).values():
            with gzip.open(path, "rt", encoding="utf-8") as file:
                for line in file:
                    yield json.loads(line)

    def count(self, window: str) -> int:
        """How many rows are held of a window."""
        total = 0
        for path in self.pages(window).values():
            with gzip.open(path, "rb") as file:
                total += sum(1 for _ in file)
        return total

    def drop(self, window: str) -> None:
        """Forget a window's pages."""
        shutil.rmtree(self._window(window), ignore_errors=True)

    def clear(self) -> None:
        """Remove the whole spool."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._index = None

    def put_attributes(self, product_id: str, attributes: list[Mapping[str, Any]]) -> None:
        """Keep the attributes of a product; a line cut off by a crash is ignored when read."""
        index = self._offsets()
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"id": product_id, "attributes": attributes}, ensure_ascii=False).encode() + b"\n"
        with self._attributes.open("ab") as file:
            offset = file.seek(0, os.SEEK_END)
            file.write(line)
        index[product_id] = offset

    def has_attributes(self, product_id: str) -> bool:
        return product_id in self._offsets()

    def attributes(self, product_id: str) -> list[dict[str, str]]:
        """The attributes of a product in order of arrival; empty when none are held."""
        offset = self._offsets().get(product_id)
        if offset is None:
            return []
        with self._attributes.open("rb") as file:
            file.seek(offset)
            found: list[dict[str, str]] = json.loads(file.readline())["attributes"]
        return found

    def _offsets(self) -> dict[str, int]:
        if self._index is None:
            self._index = {}
            if self._attributes.exists():
                offset = 0
                with self._attributes.open("rb") as file:
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        self._index[json.loads(line)["id"]] = offset
                        offset += len(line)
                if offset != self._attributes.stat().st_size:
                    os.truncate(self._attributes, offset)
        return self._index

    def _window(self, window: str) -> Path:
        if not re.fullmatch(r"\d{8}-\d{8}", window):
            raise ValueError(f"{window!r} is not a window")
        return self.folder / "windows" / window
