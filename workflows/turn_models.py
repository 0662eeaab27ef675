"""Who is at work, and who waits, where only so many runs with the same key may work at once."""

from __future__ import annotations

from django.db import models

from portal.common.db import TenantRow


class Turn(TenantRow):
    """A run's place under its key. It goes when the run ends."""

    execution = models.OneToOneField("workflows.Execution", models.CASCADE, related_name="turn")
    key = models.CharField(max_length=200)
    is_held = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=["key"], name="turn_key"),)
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.key} {'held' if self.is_held else 'waiting'}"
