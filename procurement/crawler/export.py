"""The last step of a crawl: one file out of the spool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from procurement.crawler.columns import with_attributes
from procurement.crawler.merge import merged_rows
from procurement.crawler.plan import CrawlSpec, WindowState
from procurement.crawler.spool import Spool
from procurement.crawler.writers import Format, write
from procurement.g2b.answers import Row


def export(
    spec: CrawlSpec,
    states: Sequence[WindowState],
    spool: Spool,
    target: Path,
    kind: Format = "csv",
    *,
    sanitise: bool = True,
    append: bool = False,
    fail_on_new_columns: bool = True,
) -> int:
    """Write what was fetched to `target` and return the number of rows; the same spool gives the same bytes."""

    def rows() -> Iterator[Row]:
        return with_attributes(merged_rows(spec, states, spool), spool, spec.attributes)

    return write(
        rows,
        target,
        kind,
        sanitise=sanitise,
        append=append,
        fail_on_new_columns=fail_on_new_columns,
        key=spec.asked.key,
    )
