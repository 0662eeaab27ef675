from __future__ import annotations

from django.urls import path

from procurement import crawl_views, views

app_name = "procurement"
urlpatterns = [
    path("", views.notice_list, name="notice-list"),
    path("collect", views.collect_now, name="collect"),
    path("notices/<str:notice_no>", views.notice_detail, name="notice-detail"),
    path("notices/<str:notice_no>/live", views.notice_live, name="notice-live"),
    path("products/", views.product_list, name="product-list"),
    path("products/compare", views.product_compare, name="product-compare"),
    path("products/<str:product_id>", views.product_detail, name="product-detail"),
    path("products/<str:product_id>/prices", views.product_prices, name="product-prices"),
    path("awards/", views.award_list, name="award-list"),
    path("searches/", views.search_list, name="search-list"),
    path("searches/<uuid:search_id>", views.search_detail, name="search-detail"),
    path("searches/<uuid:search_id>/delete", views.search_delete, name="search-delete"),
    path("crawls/", crawl_views.crawl_list, name="crawl-list"),
    path("crawls/plan", crawl_views.crawl_plan, name="crawl-plan"),
    path("crawls/<uuid:job_id>", crawl_views.crawl_detail, name="crawl-detail"),
    path("crawls/<uuid:job_id>/state", crawl_views.crawl_state, name="crawl-state"),
    path("crawls/<uuid:job_id>/<str:act>", crawl_views.crawl_act, name="crawl-act"),
]
