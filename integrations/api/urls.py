from django.urls import path

from integrations.api import views

urlpatterns = [
    path("nodes", views.Nodes.as_view()),
    path("nodes/<str:action_id>", views.NodeItem.as_view()),
    path("integrations/curl", views.CurlLine.as_view()),
    path("integrations", views.Integrations.as_view()),
    path("connections", views.Connections.as_view()),
    path("connections/<uuid:connection_id>", views.ConnectionItem.as_view()),
    path("connections/<uuid:connection_id>/test", views.ConnectionTest.as_view()),
]
