"""Comments about the nodes of a workflow over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.rest import RestView, WholeList, whole
from portal.workspaces.roles import Permission
from workflows import comments, selectors
from workflows.comment_models import Comment


class CommentInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=comments.MAX_TEXT)
    node = serializers.CharField(
        required=False, allow_blank=True, max_length=300, help_text="Path of the node; empty for the whole workflow"
    )
    thread = serializers.UUIDField(required=False, help_text="The first comment of the thread that this answers")


class CommentPatch(serializers.Serializer[Any]):
    text = serializers.CharField(required=False, max_length=comments.MAX_TEXT)
    resolved = serializers.BooleanField(required=False)


class CommentOutput(serializers.ModelSerializer[Comment]):
    author = serializers.CharField(source="created_by", allow_null=True, default=None)
    author_id = serializers.UUIDField(source="created_by_id", allow_null=True, default=None)
    resolver = serializers.CharField(source="resolved_by", allow_null=True, default=None)

    class Meta:
        model = Comment
        fields = (
            "id", "node", "thread", "text", "author", "author_id", "created_at", "edited_at", "resolved_at", "resolver",
        )  # fmt: skip


class CommentsOutput(WholeList):
    results = CommentOutput(many=True)


class Comments(RestView):
    permissions = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_comments_list", responses=CommentsOutput)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """What was said about the nodes, oldest first; answers name their thread."""
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        return Response(whole(CommentOutput(comments.comments_of(workflow), many=True).data))

    @extend_schema(operation_id="workflows_comments_create", request=CommentInput, responses={201: CommentOutput})
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Say something about a node, or answer in a thread."""
        comment = comments.add_comment(request.actor, workflow_id, **body_of(request, CommentInput))
        return Response(CommentOutput(comment).data, status=201)


class CommentItem(RestView):
    permissions = {"patch": Permission.WORKFLOW_UPDATE, "delete": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_comments_change", request=CommentPatch, responses=CommentOutput)
    def patch(self, request: Request, workflow_id: UUID, comment_id: UUID) -> Response:
        """Mend one's own words, or settle a thread and open it again."""
        values = body_of(request, CommentPatch)
        return Response(CommentOutput(comments.change_comment(request.actor, workflow_id, comment_id, **values)).data)

    @extend_schema(operation_id="workflows_comments_delete", responses={204: None})
    def delete(self, request: Request, workflow_id: UUID, comment_id: UUID) -> Response:
        """Take a comment back, with the answers to it."""
        comments.delete_comment(request.actor, workflow_id, comment_id)
        return Response(status=204)
