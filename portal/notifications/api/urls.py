from django.urls import path

from portal.notifications.api import views

urlpatterns = [
    path("notifications", views.Notifications.as_view(), name="api-notifications"),
    path("notifications/mark", views.Mark.as_view(), name="api-notifications-mark"),
    path("notifications/topics", views.Topics.as_view(), name="api-notification-topics"),
    path("notifications/preferences", views.Preferences.as_view(), name="api-notification-preferences"),
    path("notifications/push-key", views.PushKey.as_view(), name="api-notification-push-key"),
    path("notifications/destinations", views.Destinations.as_view(), name="api-destinations"),
    path("notifications/destinations/<uuid:destination_id>", views.OneDestination.as_view(), name="api-destination"),
    path(
        "notifications/destinations/<uuid:destination_id>/test",
        views.TestDestination.as_view(),
        name="api-destination-test",
    ),
    path(
        "notifications/destinations/<uuid:destination_id>/confirm",
        views.ConfirmDestination.as_view(),
        name="api-destination-confirm",
    ),
    path("notifications/deliveries", views.Deliveries.as_view(), name="api-deliveries"),
    path("notifications/deliveries/<uuid:delivery_id>/retry", views.RetryDelivery.as_view(), name="api-delivery-retry"),
    path("notifications/<uuid:notification_id>", views.OneNotification.as_view(), name="api-notification"),
]
