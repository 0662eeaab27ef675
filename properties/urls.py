"""Pages of the listing manager."""

from __future__ import annotations

from django.urls import path

from properties import customer_views, entry_views, manage_views, views
from properties.contracts import views as contract_views
from properties.images import views as image_views
from properties.reports import views as report_views
from properties.visits import views as visit_views

app_name = "properties"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("listings", views.listing_list, name="listing-list"),
    path("listings/export", views.listing_export, name="listing-export"),
    path("listings/new", entry_views.listing_new, name="listing-new"),
    path("listings/map", views.listing_map, name="listing-map"),
    path("listings/<uuid:listing_id>", views.listing_detail, name="listing-detail"),
    path("review", manage_views.review, name="review"),
    path("review/decide", manage_views.decide, name="review-decide"),
    path("customers", customer_views.customers, name="customers"),
    path("customers/new", customer_views.customer_new, name="customer-new"),
    path("customers/<uuid:requirement_id>", customer_views.customer_detail, name="customer-detail"),
    path("customers/<uuid:requirement_id>/end", customer_views.customer_end, name="customer-end"),
    path("matches/<uuid:match_id>/dismiss", customer_views.dismiss, name="match-dismiss"),
    path("visits", visit_views.calendar, name="visits"),
    path("visits/new", visit_views.visit_new, name="visit-new"),
    path("visits/feed", visit_views.feed_new, name="visit-feed-new"),
    path("visits/feed/end", visit_views.feed_end, name="visit-feed-end"),
    path("visits/feed/<str:token>.ics", visit_views.feed, name="visit-feed"),
    path("visits/<uuid:visit_id>", visit_views.visit_detail, name="visit-detail"),
    path("visits/<uuid:visit_id>/move", visit_views.visit_move, name="visit-move"),
    path("visits/<uuid:visit_id>/end", visit_views.visit_end, name="visit-end"),
    path("visits/<uuid:visit_id>/visit.ics", visit_views.visit_file, name="visit-file"),
    path("contracts", contract_views.contract_list, name="contract-list"),
    path("contracts/new", contract_views.contract_new, name="contract-new"),
    path("contracts/<uuid:contract_id>", contract_views.contract_detail, name="contract-detail"),
    path("contracts/<uuid:contract_id>/tick", contract_views.contract_tick, name="contract-tick"),
    path("contracts/<uuid:contract_id>/close", contract_views.contract_close, name="contract-close"),
    path("contracts/<uuid:contract_id>/checklist.pdf", contract_views.contract_print, name="contract-print"),
    path("reports", report_views.report_list, name="report-list"),
    path("reports/new", report_views.report_new, name="report-new"),
    path("reports/<uuid:report_id>", report_views.report_detail, name="report-detail"),
    path("reports/<uuid:report_id>/cancel", report_views.report_cancel, name="report-cancel"),
    path("reports/<uuid:report_id>/delete", report_views.report_delete, name="report-delete"),
    path("reports/<uuid:report_id>/<slug:kind>", report_views.report_file, name="report-file"),
    path("reports/schedules/<uuid:schedule_id>/end", report_views.schedule_delete, name="report-schedule-delete"),
    path("collectors", manage_views.collectors, name="collectors"),
    path("collectors/basis", manage_views.basis_record, name="basis-record"),
    path("collectors/revoke", manage_views.basis_revoke, name="basis-revoke"),
    path("collectors/start", manage_views.collection_new, name="collection-new"),
    path("monitor", manage_views.monitor, name="monitor"),
    path("photos/<uuid:photo_id>", image_views.photo, name="photo"),
    path("import/picture", image_views.picture_read, name="picture-read"),
    path("import", entry_views.table_import, name="import"),
]
