from __future__ import annotations

from django.urls import path

from workflows import approval_pages, editor_views, run_data_views, run_list_views, run_views, views
from workflows.triggers import doors, form_pages
from workflows.triggers import pages as trigger_pages

app_name = "workflows"
urlpatterns = [
    path("workflows/", views.workflow_list, name="workflow-list"),
    path("workflows/new", views.workflow_create, name="workflow-create"),
    path("workflows/import", views.workflow_import, name="workflow-import"),
    path("workflows/check", views.workflow_check, name="workflow-check"),
    path("workflows/from/<slug:key>", views.workflow_from_template, name="workflow-from-template"),
    path("workflows/<uuid:workflow_id>", views.workflow_detail, name="workflow-detail"),
    path("workflows/<uuid:workflow_id>/edit", editor_views.workflow_editor, name="workflow-editor"),
    path("workflows/<uuid:workflow_id>/draft", views.workflow_save, name="workflow-save"),
    path("workflows/<uuid:workflow_id>/run", views.workflow_run, name="workflow-run"),
    path("workflows/<uuid:workflow_id>/details", views.workflow_update, name="workflow-update"),
    path("workflows/<uuid:workflow_id>/delete", views.workflow_delete, name="workflow-delete"),
    path("workflows/<uuid:workflow_id>/export", views.workflow_export, name="workflow-export"),
    path("workflows/<uuid:workflow_id>/versions", views.version_create, name="version-create"),
    path("workflows/<uuid:workflow_id>/versions/<int:number>/restore", views.version_restore, name="version-restore"),
    path("workflows/<uuid:workflow_id>/triggers", trigger_pages.trigger_list, name="trigger-list"),
    path("runs/", run_list_views.execution_list, name="execution-list"),
    path("runs/news", run_list_views.execution_news, name="execution-news"),
    path("runs/export", run_list_views.executions_export, name="executions-export"),
    path("runs/compare", run_data_views.execution_compare, name="execution-compare"),
    path("runs/import", run_data_views.execution_import, name="execution-import"),
    path("runs/filters", run_data_views.filter_save, name="filter-save"),
    path("runs/filters/<uuid:filter_id>/delete", run_data_views.filter_delete, name="filter-delete"),
    path("runs/<uuid:execution_id>/export", run_data_views.execution_export, name="execution-export"),
    path("runs/<uuid:execution_id>/test", run_data_views.test_save, name="test-save"),
    path("workflows/<uuid:workflow_id>/tests", run_data_views.tests_run, name="tests-run"),
    path("workflows/<uuid:workflow_id>/tests/<uuid:test_id>/delete", run_data_views.test_delete, name="test-delete"),
    path("runs/<uuid:execution_id>", run_views.execution_detail, name="execution-detail"),
    path("runs/<uuid:execution_id>/result", run_views.execution_result, name="execution-result"),
    path("runs/<uuid:execution_id>/node", run_views.execution_node, name="execution-node"),
    path("runs/<uuid:execution_id>/cancel", run_views.execution_cancel, name="execution-cancel"),
    path("runs/<uuid:execution_id>/resume", run_views.execution_resume, name="execution-resume"),
    path("runs/<uuid:execution_id>/again", run_views.execution_again, name="execution-again"),
    path("runs/<uuid:execution_id>/decide", run_views.execution_decide, name="execution-decide"),
    path("approve/<str:token>", approval_pages.approval, name="approval"),
    path("hooks/<str:token>", doors.hook, name="trigger-hook"),
    path("forms/<str:token>", form_pages.form, name="trigger-form"),
    path("forms/<str:token>/sent/<uuid:firing_id>", form_pages.form_sent, name="trigger-form-sent"),
    path("connectors/<slug:connector_id>/icon.svg", views.connector_icon, name="connector-icon"),
]
