"""What people say to each other about a workflow while they build it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.common.db import Row


class Comment(Row):
    """One remark about a node, or about the whole workflow; answers name the remark that began the thread.

    Kept beside the draft and not in it: a remark is no change of the workflow, makes no version and cannot collide
    with somebody's edit.
    """

    workflow = models.ForeignKey("workflows.Workflow", models.CASCADE, related_name="comments")
    #: Path of the node, with the maps and loops around it: `each/read`. Empty: about the workflow.
    node = models.CharField(max_length=300, blank=True)
    thread = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers")
    text = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    edited_at = models.DateTimeField(null=True)
    #: Of the first remark of a thread: when it was settled, and by whom.
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.workflow_id} {self.node}: {self.text[:40]}"
