from django.urls import path

from workflows.consumers import ExecutionConsumer
from workflows.presence import PresenceConsumer

urlpatterns = [
    path("ws/executions/<uuid:execution_id>", ExecutionConsumer.as_asgi()),
    path("ws/workflows/<uuid:workflow_id>/presence", PresenceConsumer.as_asgi()),
]
