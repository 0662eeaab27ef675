from django.urls import path

from markets import views

app_name = "markets"
urlpatterns = [
    path("", views.board, name="board"),
    path("rows/", views.board_rows, name="board-rows"),
    path("sparks/", views.board_sparks, name="board-sparks"),
    path("symbols/", views.symbol_search, name="symbol-search"),
    path("symbols/<str:code>/", views.symbol, name="symbol-detail"),
    path("sectors/", views.sectors, name="sectors"),
    path("flows/", views.flows, name="flows"),
    path("unusual/", views.unusual, name="unusual"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/new/", views.rule_create, name="rule-create"),
    path("alerts/<uuid:rule_id>/switch/", views.rule_switch, name="rule-switch"),
    path("alerts/<uuid:rule_id>/delete/", views.rule_delete, name="rule-delete"),
    path("health/", views.health, name="health"),
]
