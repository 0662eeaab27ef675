from django.urls import path

from markets.consumers import NewsConsumer

urlpatterns = [path("ws/markets/<uuid:workspace_id>", NewsConsumer.as_asgi())]
