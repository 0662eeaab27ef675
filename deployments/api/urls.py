from django.urls import path

from deployments.api import views

urlpatterns = [
    path("templates", views.Templates.as_view()),
    path("workflows/<uuid:workflow_id>/deploy", views.DeployWorkflow.as_view()),
    path("deployments", views.Deployments.as_view()),
    path("deployments/<slug:slug>", views.DeploymentItem.as_view()),
    path("deployments/<slug:slug>/revisions", views.Revisions.as_view()),
    path("deployments/<slug:slug>/revisions/<int:number>/activate", views.Rollback.as_view()),
    path("deployments/<slug:slug>/canary", views.Canary.as_view()),
    path("deployments/<slug:slug>/tools", views.Tools.as_view()),
    path("deployments/<slug:slug>/keys", views.Keys.as_view()),
    path("deployments/<slug:slug>/keys/<uuid:key_id>", views.KeyItem.as_view()),
    path("deployments/<slug:slug>/keys/<uuid:key_id>/rotate", views.RotateKey.as_view()),
]
