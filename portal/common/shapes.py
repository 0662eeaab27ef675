"""Fields of REST bodies whose shape a pydantic model already says: described from the model, checked by its owner."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from pydantic import BaseModel, TypeAdapter
from rest_framework import serializers


class ModelListField(serializers.ListField):
    """A list of JSON objects of one pydantic model. The service that stores them is the one that checks them."""

    child = serializers.JSONField()

    def __init__(self, model: type[BaseModel], **options: Any) -> None:
        self.model = model
        super().__init__(**options)


class _ModelListSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Each model becomes a component, twice: as it is sent and as it is answered."""

    target_class = ModelListField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        field: ModelListField = self.target
        is_request = direction == "request"
        suffix = "Request" if is_request else ""
        schema = TypeAdapter(field.model).json_schema(
            mode="validation" if is_request else "serialization",
            ref_template=f"#/components/schemas/{{model}}{suffix}",
        )
        parts: dict[str, Any] = schema.pop("$defs", {})
        for name, part in {**parts, field.model.__name__: schema}.items():
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=f"{name}{suffix}", type=ResolvedComponent.SCHEMA, schema=_plain(part), object=f"{name}{suffix}"
            )
            auto_schema.registry.register_on_missing(component)
        return {
            "type": "array",
            "items": {"$ref": f"#/components/schemas/{field.model.__name__}{suffix}"},
            **({"maxItems": field.max_length} if field.max_length else {}),
        }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the titles that pydantic makes up from names."""
    properties = {
        name: {key: value for key, value in part.items() if key != "title"}
        for name, part in schema.get("properties", {}).items()
    }
    return {**{key: value for key, value in schema.items() if key != "title"}, "properties": properties}
