from django.urls import path

from deployments.consumers import DeploymentConsumer

urlpatterns = [path("ws/servers/<slug:slug>", DeploymentConsumer.as_asgi())]
