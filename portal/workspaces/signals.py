"""News of this room."""

from django.dispatch import Signal

#: The sample workspace exists; `actor` is its owner. Sent at each start, so receivers must be idempotent.
sample_workspace_ready = Signal()
