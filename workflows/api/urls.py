from django.urls import path

from workflows.api import case_views as cases
from workflows.api import comment_views as comments
from workflows.api import execution_views as runs
from workflows.api import form_views as forms
from workflows.api import sample_views as samples
from workflows.api import workflow_views as views
from workflows.triggers import api as triggers

urlpatterns = [
    path("workflows", views.Workflows.as_view()),
    path("workflows/validate", views.Validate.as_view()),
    path("workflows/import", views.Import.as_view()),
    path("workflows/<uuid:workflow_id>", views.WorkflowItem.as_view()),
    path("workflows/<uuid:workflow_id>/draft", views.Draft.as_view()),
    path("workflows/<uuid:workflow_id>/versions", views.Versions.as_view()),
    path("workflows/<uuid:workflow_id>/versions/<int:number>", views.VersionItem.as_view()),
    path("workflows/<uuid:workflow_id>/versions/<int:number>/restore", views.RestoreVersion.as_view()),
    path("workflows/<uuid:workflow_id>/export", views.Export.as_view()),
    path("workflows/<uuid:workflow_id>/run", views.Run.as_view()),
    path("workflows/<uuid:workflow_id>/options", forms.FieldOptions.as_view()),
    path("workflows/<uuid:workflow_id>/preview", forms.ExpressionPreview.as_view()),
    path("workflows/<uuid:workflow_id>/files", forms.Files.as_view()),
    path("workflows/<uuid:workflow_id>/pins", samples.Pins.as_view()),
    path("workflows/<uuid:workflow_id>/pins/<slug:node>", samples.PinItem.as_view()),
    path("workflows/<uuid:workflow_id>/inputs", samples.KeptInputs.as_view()),
    path("workflows/<uuid:workflow_id>/inputs/<uuid:input_id>", samples.KeptInputItem.as_view()),
    path("workflows/<uuid:workflow_id>/comments", comments.Comments.as_view()),
    path("workflows/<uuid:workflow_id>/comments/<uuid:comment_id>", comments.CommentItem.as_view()),
    path("workflows/<uuid:workflow_id>/tests", cases.Cases.as_view()),
    path("workflows/<uuid:workflow_id>/tests/run", cases.CaseRun.as_view()),
    path("workflows/<uuid:workflow_id>/tests/<uuid:test_id>", cases.CaseItem.as_view()),
    path("trigger-kinds", triggers.Kinds.as_view()),
    path("workflows/<uuid:workflow_id>/triggers", triggers.Triggers.as_view()),
    path("workflows/<uuid:workflow_id>/triggers/preview", triggers.Preview.as_view()),
    path("workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>", triggers.TriggerItem.as_view()),
    path("workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>/test", triggers.Test.as_view()),
    path("workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>/listen", triggers.Listen.as_view()),
    path("workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>/address", triggers.Address.as_view()),
    path("workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>/events", triggers.Firings.as_view()),
    path(
        "workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>/events/<uuid:firing_id>", triggers.FiringItem.as_view()
    ),
    path(
        "workflows/<uuid:workflow_id>/triggers/<uuid:trigger_id>/events/<uuid:firing_id>/replay",
        triggers.Replay.as_view(),
    ),
    path("executions", runs.Executions.as_view()),
    path("executions/<uuid:execution_id>", runs.ExecutionItem.as_view()),
    path("executions/<uuid:execution_id>/nodes", runs.Nodes.as_view()),
    path("executions/<uuid:execution_id>/definition", runs.ExecutionDefinition.as_view()),
    path("executions/<uuid:execution_id>/explanation", runs.Explanation.as_view()),
    path("executions/<uuid:execution_id>/events", runs.Events.as_view()),
    path("executions/<uuid:execution_id>/cancel", runs.Cancel.as_view()),
    path("executions/<uuid:execution_id>/resume", runs.Resume.as_view()),
    path("executions/<uuid:execution_id>/decide", runs.Decide.as_view()),
]
