from django.urls import path

from workflows.consumers import ExecutionConsumer

urlpatterns = [path("ws/executions/<uuid:execution_id>", ExecutionConsumer.as_asgi())]
