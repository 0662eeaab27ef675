from django.urls import path, re_path

from portal.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("mark", views.notification_mark, name="mark"),
    path("export", views.notification_export, name="export"),
    path("preferences", views.preference_page, name="preferences"),
    path("preferences/hours", views.hours_save, name="hours"),
    path("destinations", views.destination_list, name="destinations"),
    path("destinations/add", views.destination_add, name="destination-add"),
    path("destinations/push", views.push_subscribe, name="push-subscribe"),
    re_path(
        r"^destinations/(?P<destination_id>[0-9a-f-]{36})/(?P<act>confirm|code|test|on|off|remove)$",
        views.destination_act,
        name="destination-act",
    ),
    path("log", views.delivery_log, name="log"),
    path("log/<uuid:delivery_id>/retry", views.delivery_retry, name="delivery-retry"),
    path("<uuid:notification_id>", views.notification_open, name="open"),
]
