from django.urls import path

from markets.api import views

urlpatterns = [
    path("markets/tools", views.ToolList.as_view(), name="api-market-tools"),
    path("markets/tools/<str:tool>", views.Tool.as_view(), name="api-market-tool"),
    path("markets/rules", views.Rules.as_view(), name="api-market-rules"),
    path("markets/rules/<uuid:rule_id>", views.OneRule.as_view(), name="api-market-rule"),
    path("markets/alerts", views.Alerts.as_view(), name="api-market-alerts"),
    path("markets/snapshots", views.Snapshots.as_view(), name="api-market-snapshots"),
]
