"""News of this room, for whoever listens: notifications, workflows."""

from __future__ import annotations

from django.dispatch import Signal

#: `search` (SavedSearch) and `notices` (list of Notice): notices that matched for the first time.
notices_matched = Signal()
#: `job` (CrawlJob): a crawl ended, whatever way.
crawl_ended = Signal()
