"""News of the listing manager, for alerts and workflows. Sent after the transaction has been committed."""

from __future__ import annotations

from django.dispatch import Signal

#: listing_ids of offers seen for the first time; workspace_id.
listings_found = Signal()
#: history_id, listing_id, before and after in 만원; workspace_id.
price_changed = Signal()
#: match_ids with the requirement's instant notice wanted; workspace_id.
matches_found = Signal()
#: collection_id; workspace_id. Every end of a collection, also a blocked one.
collection_ended = Signal()
#: report_id; workspace_id. Every end of a report except a cancelled one.
report_ended = Signal()
#: visit_id; workspace_id. A planned visit starts soon.
visit_near = Signal()
