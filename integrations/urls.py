"""Pages of what the workspace keeps, and of its own connectors."""

from __future__ import annotations

from django.urls import path

from integrations import store_pages
from integrations.own import pages as own_pages

urlpatterns = [
    path("connectors/own/", own_pages.own_list, name="own-connectors"),
    path("connectors/own/new", own_pages.own_create, name="own-connector-create"),
    path("connectors/own/<uuid:own_id>", own_pages.own_detail, name="own-connector"),
    path("connectors/own/<uuid:own_id>/edit", own_pages.own_edit, name="own-connector-edit"),
    path("connectors/own/<uuid:own_id>/choose", own_pages.own_choose, name="own-connector-choose"),
    path("connectors/own/<uuid:own_id>/refresh", own_pages.own_refresh, name="own-connector-refresh"),
    path("connectors/own/<uuid:own_id>/delete", own_pages.own_delete, name="own-connector-delete"),
    path("connectors/own/<uuid:own_id>/actions/<slug:own_action>", own_pages.own_action, name="own-connector-action"),
    path("stores/", store_pages.value_list, name="store-values"),
    path("stores/delete", store_pages.value_delete, name="store-value-delete"),
    path("stores/export.<str:kind>", store_pages.value_export, name="store-value-export"),
    path("stores/tables/", store_pages.table_list, name="store-tables"),
    path("stores/tables/-/new", store_pages.table_create, name="store-table-create"),
    path("stores/tables/<str:name>", store_pages.table_detail, name="store-table"),
    path("stores/tables/<str:name>/export.<str:kind>", store_pages.table_export, name="store-table-export"),
    path("stores/tables/<str:name>/rows/<uuid:row_id>/delete", store_pages.row_delete, name="store-row-delete"),
    path("stores/tables/<str:name>/delete", store_pages.table_delete, name="store-table-delete"),
]
