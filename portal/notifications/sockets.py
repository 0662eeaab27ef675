from django.urls import path

from portal.notifications.consumers import NotificationConsumer

urlpatterns = [path("ws/notifications", NotificationConsumer.as_asgi())]
