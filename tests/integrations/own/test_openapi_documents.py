"""OpenAPI documents: what becomes of them, and what is refused."""

import json

import pytest

from integrations.connectors.http.sandbox import shop_document
from integrations.own.actions import check_params, first_error, usable
from integrations.own.documents import MAX_BYTES, TooLarge, read_document
from integrations.own.operations import build, listed, servers, signs, snake
from integrations.sdk import InvalidParams
from portal.common.errors import Invalid


@pytest.fixture
def shop():
    return read_document(shop_document().encode())


def document(**more):
    return read_document(json.dumps({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}, **more}).encode())


def operation(schema, *, version="3.1.0", components=None, method="post"):
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    found = {"openapi": version, "paths": {"/a": {method: {"requestBody": body}}}, "components": components or {}}
    return read_document(json.dumps(found).encode())


def test_json_and_yaml_are_the_same_document(shop):
    assert read_document(shop_document(is_yaml=True).encode()) == shop


def test_yaml_keeps_words_and_dates_as_text():
    paths = "paths:\n  /a:\n    get: {responses: {200: {description: on}}}"
    text = f"openapi: 3.1.0\ninfo: {{version: 2024-01-31, title: no}}\n{paths}"
    found = read_document(text.encode())
    assert found["info"] == {"version": "2024-01-31", "title": "no"}
    assert found["paths"]["/a"]["get"]["responses"] == {"200": {"description": "on"}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no OpenAPI document"),
        (b"<html></html>", "no OpenAPI document"),
        (b'{"openapi": "3.1.0", ', "line 1"),
        (b"openapi: [", "cannot be read at line"),
        (b'{"swagger": "2.0", "paths": {}}', "Swagger 2.0"),
        (b'{"openapi": "4.0.0", "paths": {"/a": {}}}', "OpenAPI 4.0.0"),
        (b'{"openapi": "3.0.0", "paths": {}}', "names no paths"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, r"too deep|holds too much"),
        (b"x" * (MAX_BYTES + 1), "larger than"),
        (b"openapi: !!python/object/apply:os.system [id]", "cannot be read"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(content, message):
    with pytest.raises(Invalid, match=message):
        read_document(content)


def test_aliases_of_yaml_cannot_multiply_without_end():
    lines = ["openapi: 3.1.0", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(Invalid, match="holds too much"):
        read_document("\n".join([*lines, "paths: {/a: {get: {}}}"]).encode())


def test_operations_are_listed_with_names_and_words(shop):
    found = {item.source: item for item in listed(shop)}
    assert found["GET /pets"].name == "list_pets" and found["GET /pets"].title == "List pets"
    assert found["DELETE /pets/{petId}"].title == "Delete pet"
    assert found["GET /report"].name == "get_report" and found["GET /pets"].tags == ("pets",)


@pytest.mark.parametrize(
    ("text", "name"),
    [("getPetById", "get_pet_by_id"), ("HTTPServer-list", "http_server_list"), ("조회", "do"), ("2fa", "do_2fa")],
)
def test_any_identifier_becomes_a_name(text, name):
    assert snake(text) == name


def test_fields_come_from_path_query_and_body(shop):
    found = build(shop, "GET /pets")
    assert set(found.input_schema["properties"]) == {"limit", "tag"} and found.effect == "read"
    assert build(shop, "GET /pets/{petId}").input_schema["required"] == ["petId"]
    assert build(shop, "DELETE /pets/{petId}").effect == "destroy"
    created = build(shop, "POST /pets")
    # What only the service sets is no field.
    assert set(created.input_schema["properties"]) == {"name", "tags", "owner", "mother"}
    assert created.input_schema["required"] == ["name"]
    assert created.input_schema["properties"]["owner"]["type"] == ["string", "null"]


def test_a_schema_that_contains_itself_ends(shop):
    schema = build(shop, "POST /pets").input_schema
    assert schema["properties"]["mother"] == {"$ref": "#/$defs/Pet"}
    usable(schema)
    assert first_error(schema, {"name": "A", "mother": {"name": "B", "mother": {"name": "C"}}}) is None
    assert "mother.mother" in first_error(schema, {"name": "A", "mother": {"name": "B", "mother": {"tags": []}}})


def test_an_answer_may_lack_fields_but_not_change_their_kind(shop):
    schema = build(shop, "GET /pets/{petId}").output_schema
    assert first_error(schema, {"id": None, "surprise": 1}) is None
    assert first_error(schema, {"id": "one"}).startswith("id: This must be of type ")


def test_wrong_parameters_are_named_without_repeating_them(shop):
    schema = build(shop, "GET /pets").input_schema
    with pytest.raises(InvalidParams) as caught:
        check_params("List pets", schema, {"limit": "s3cret", "other": 1})
    assert {problem.field for problem in caught.value.problems} == {"limit", "other"}
    assert "s3cret" not in caught.value.explain()


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "#/components/schemas/Nothing"}, "leads nowhere"),
        ({"$ref": "https://example.com/pet.json"}, "leads out of the document"),
        ({"$ref": "#/components/schemas/A"}, "leads to itself"),
    ],
)
def test_references_stay_within_the_document(schema, message):
    loop = {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}}
    with pytest.raises(Invalid, match=message) as caught:
        build(operation(schema, components=loop), "POST /a")
    assert "POST /a" in caught.value.message and caught.value.remedy


def test_an_operation_of_too_many_schemas_is_refused():
    many = {f"S{n}": {"type": "string"} for n in range(200)}
    fields = {"properties": {name: {"$ref": f"#/components/schemas/{name}"} for name in many}}
    with pytest.raises(Invalid, match="more than 120 schemas"):
        build(operation(fields, components={"schemas": many}), "POST /a")


def test_a_long_chain_of_schemas_is_refused():
    schemas = {f"S{n}": {"properties": {"next": {"$ref": f"#/components/schemas/S{n + 1}"}}} for n in range(200)}
    schemas["S200"] = {"type": "string"}
    with pytest.raises(Invalid, match="nested too deep"):
        build(operation({"$ref": "#/components/schemas/S0"}, components={"schemas": schemas}), "POST /a")


def test_a_deep_schema_is_refused():
    schema: dict = {"type": "string"}
    for _ in range(45):
        schema = {"type": "array", "items": schema}
    with pytest.raises(Invalid, match="nested too deep"):
        build(operation(schema), "POST /a")
    assert issubclass(TooLarge, Invalid)


def test_words_of_three_zero_become_those_of_today():
    schema = {
        "properties": {
            "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            "kind": {"type": "string", "enum": ["a"], "nullable": True},
        }
    }
    fields = build(operation(schema, version="3.0.2"), "POST /a").input_schema["properties"]
    assert fields["age"] == {"type": "integer", "exclusiveMinimum": 0}
    assert fields["kind"] == {"type": ["string", "null"], "enum": ["a", None]}


def test_fields_of_one_name_are_told_apart_by_their_place():
    found = operation({"properties": {"id": {"type": "string"}}})
    found["paths"]["/a"]["post"]["parameters"] = [{"name": "id", "in": "query", "schema": {"type": "integer"}}]
    made = build(found, "POST /a")
    assert [(one.field, one.name, one.place) for one in made.parameters] == [
        ("id", "id", "query"),
        ("id_body", "id", "body"),
    ]


def test_bodies_that_cannot_be_sent_are_refused():
    found = operation({})
    found["paths"]["/a"]["post"]["requestBody"]["content"] = {"multipart/form-data": {}}
    with pytest.raises(Invalid, match="multipart/form-data"):
        build(found, "POST /a")


def test_patterns_that_no_engine_takes_are_left_out():
    schema = {"type": "object", "properties": {"pattern": {"type": "string", "pattern": "(?<!x"}}}
    assert usable(schema) == {"type": "object", "properties": {"pattern": {"type": "string"}}}


def test_base_addresses_and_ways_to_sign_in_are_read(shop):
    address = "https://api.example.com/docs/openapi.json"
    assert servers(shop, address) == ["https://api.example.com/http/shop"]
    assert [(one.kind, one.name) for one in signs(shop, address)] == [
        ("header", "X-API-Key"),
        ("bearer", ""),
        ("client_credentials", ""),
    ]
    assert signs(shop, address)[2].token_url == "https://api.example.com/http/token"
    templated = document(
        servers=[{"url": "https://{region}.example.com/v1/", "variables": {"region": {"default": "kr"}}}]
    )
    assert servers(templated, "") == ["https://kr.example.com/v1"]
