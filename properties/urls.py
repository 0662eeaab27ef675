"""Pages of the listing manager."""

from __future__ import annotations

from django.urls import path

from properties import manage_views, views

app_name = "properties"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("listings", views.listing_list, name="listing-list"),
    path("listings/export", views.listing_export, name="listing-export"),
    path("listings/map", views.listing_map, name="listing-map"),
    path("listings/<uuid:listing_id>", views.listing_detail, name="listing-detail"),
    path("review", manage_views.review, name="review"),
    path("review/decide", manage_views.decide, name="review-decide"),
    path("customers", manage_views.customers, name="customers"),
    path("customers/new", manage_views.customer_new, name="customer-new"),
    path("matches/<uuid:match_id>/dismiss", manage_views.dismiss, name="match-dismiss"),
    path("collectors", manage_views.collectors, name="collectors"),
    path("collectors/basis", manage_views.basis_record, name="basis-record"),
    path("collectors/revoke", manage_views.basis_revoke, name="basis-revoke"),
    path("collectors/start", manage_views.collection_new, name="collection-new"),
    path("monitor", manage_views.monitor, name="monitor"),
    path("import", manage_views.table_import, name="import"),
]
