"""News of this room."""

from django.dispatch import Signal

#: The sample workspace exists; `actor` is its owner. Sent at each start, so receivers must be idempotent.
sample_workspace_ready = Signal()

#: A workspace is about to be deleted, inside the transaction; `workspace` still has all its rows. Receivers stop what
#: is served or planned for it, at the latest on commit.
workspace_closing = Signal()

#: A quota of a workspace is used to 80 % or to its end, once in each period: `workspace`, `usage` (the row), `limit`.
quota_used = Signal()
