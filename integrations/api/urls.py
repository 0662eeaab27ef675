from django.urls import path

from integrations.api import views
from integrations.own import api as own

urlpatterns = [
    path("integrations/own", own.OwnConnectors.as_view()),
    path("integrations/own/<uuid:own_id>", own.OwnConnectorItem.as_view()),
    path("integrations/own/<uuid:own_id>/sources", own.OwnSources.as_view()),
    path("integrations/own/<uuid:own_id>/refresh", own.OwnRefresh.as_view()),
    path("integrations/own/<uuid:own_id>/actions/<slug:own_action>", own.OwnActionItem.as_view()),
    path("nodes", views.Nodes.as_view()),
    path("nodes/<str:action_id>", views.NodeItem.as_view()),
    path("integrations/curl", views.CurlLine.as_view()),
    path("integrations", views.Integrations.as_view()),
    path("connections", views.Connections.as_view()),
    path("connections/<uuid:connection_id>", views.ConnectionItem.as_view()),
    path("connections/<uuid:connection_id>/uses", views.ConnectionUses.as_view()),
    path("connections/<uuid:connection_id>/test", views.ConnectionTest.as_view()),
]
