from django.urls import path, re_path

from portal.notifications import destination_views, log_views, preference_views, views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("mark", views.notification_mark, name="mark"),
    path("export", views.notification_export, name="export"),
    path("preferences", preference_views.preference_page, name="preferences"),
    path("preferences/hours", preference_views.hours_save, name="hours"),
    path("destinations", destination_views.destination_list, name="destinations"),
    path("destinations/add", destination_views.destination_add, name="destination-add"),
    path("destinations/push", destination_views.push_subscribe, name="push-subscribe"),
    re_path(
        r"^destinations/(?P<destination_id>[0-9a-f-]{36})/(?P<act>confirm|code|test|on|off|remove)$",
        destination_views.destination_act,
        name="destination-act",
    ),
    path("log", log_views.delivery_log, name="log"),
    path("log/<uuid:delivery_id>/retry", log_views.delivery_retry, name="delivery-retry"),
    path("<uuid:notification_id>", views.notification_open, name="open"),
]
