"""News of this room, for whoever listens: notifications, workflows."""

from __future__ import annotations

from django.dispatch import Signal

#: `job` (Job): a job ended, whatever way.
job_ended = Signal()
