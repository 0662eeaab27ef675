from __future__ import annotations

from django.urls import path

from properties.graphql.schema import view

urlpatterns = [path("properties", view, name="properties-graphql")]
