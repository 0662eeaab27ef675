"""Pages of what the workspace keeps, and of its own connectors."""

from __future__ import annotations

from django.urls import path

from integrations import store_pages

urlpatterns = [
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
