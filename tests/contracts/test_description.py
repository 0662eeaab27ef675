"""Every connector is described in both languages, has a picture, and schemas that are valid."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from integrations.discovery import ROOT
from integrations.registry import catalogue, describe_connector, folder_of, icon_file, registry
from integrations.sdk import OAuth2
from integrations.sdk.schema import DIALECT
from portal.settings.env import Env

CONNECTORS = sorted(registry().connectors.values(), key=lambda connector: connector.id)
ACTIONS = sorted(catalogue().values(), key=lambda action: action.id)
HANGUL = re.compile("[가-힣]")

each_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.id)
each_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)


def test_every_connector_could_be_loaded():
    assert [str(problem) for problem in registry().problems] == []


@each_connector
def test_a_connector_is_described_in_both_languages(connector):
    assert connector.title.en and connector.description.en
    assert HANGUL.search(connector.title.ko), "the Korean title needs Hangul"
    assert HANGUL.search(connector.description.ko), "the Korean description needs Hangul"
    assert connector.actions, "a connector without actions can do nothing"
    assert connector.group


@each_connector
def test_a_connector_has_a_small_harmless_picture(connector):
    path = icon_file(connector)
    assert path is not None, f"{connector.icon} is missing beside the connector"
    text = path.read_text()
    root = ET.fromstring(text)
    assert root.tag.endswith("svg") and root.get("viewBox") and len(text) < 16_000
    assert not re.search(r"<script|<foreignObject|\bon\w+=|href=|javascript:|<style", text, re.IGNORECASE)


@each_connector
def test_a_general_connector_has_a_short_readme(connector):
    if not connector.module.startswith("integrations.connectors."):
        pytest.skip("a domain's connector is described in the documentation of its app")
    lines = [line for line in (folder_of(connector) / "README.md").read_text().splitlines() if line.strip()]
    assert lines[0].startswith("# ") and 3 <= len(lines) <= 14


@each_connector
def test_an_upstream_can_be_replaced_and_has_a_sandbox(connector):
    if connector.upstream is None:
        pytest.skip("works without an upstream")
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*_BASE_URL", connector.upstream.base_url_env)
    assert connector.upstream.sandbox.startswith("/")
    assert not connector.upstream.live or connector.upstream.live.startswith("https://")


@each_connector
def test_every_variable_of_a_connector_is_documented(connector):
    if not Path(folder_of(connector)).is_relative_to(ROOT):
        pytest.skip("a connector from outside documents itself")
    names = [connector.upstream.base_url_env] if connector.upstream else []
    if isinstance(connector.auth, OAuth2):
        names += [connector.auth.client_id_env, connector.auth.client_secret_env]
    assert [name for name in names if name.lower() not in Env.model_fields] == []


@each_connector
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_connector_shows_in_the_catalogue(connector, language):
    entry = describe_connector(connector, language)
    assert entry["id"] == connector.id and len(entry["actions"]) == len(connector.actions)
    assert not re.search(r"x-(description|title)-ko", str(entry))


@each_action
def test_an_action_is_described_in_both_languages(action):
    assert action.title.en and len(action.description.en) >= 5
    assert HANGUL.search(action.title.ko), "the Korean title needs Hangul"
    assert HANGUL.search(action.description.ko), "the Korean description needs Hangul"


@each_action
def test_every_parameter_is_described(action):
    schema = action.input_schema
    for name, field in schema["properties"].items():
        targets = [field, *field.get("anyOf", ())]
        if "$ref" in field:
            targets.append(schema["$defs"][field["$ref"].rpartition("/")[2]])
        described = any(target.get("description") or target.get("title") for target in targets)
        assert described, f"the parameter {name} has no description"


@each_action
def test_the_schemas_are_valid(action):
    for schema in (action.input_schema, action.output_schema):
        assert schema.get("$schema", DIALECT) == DIALECT
        Draft202012Validator.check_schema(schema)
        for reference in re.findall(r"'\$ref': '([^']*)'", str(schema)):
            assert reference.startswith("#/$defs/"), "clients resolve no references from outside"
    assert action.input_schema["type"] == "object"
    assert action.input_schema["additionalProperties"] is False


@each_action
def test_the_example_fits(action):
    if action.example is None:
        pytest.skip("no example")
    Draft202012Validator(action.input_schema).validate(action.example)
    action.parse(action.example)


@each_action
def test_defaults_fit_their_schema(action):
    validator = Draft202012Validator(action.input_schema)
    for name, field in action.input_schema["properties"].items():
        if "default" in field:
            errors = [
                error for error in validator.iter_errors({name: field["default"]}) if error.validator != "required"
            ]
            assert errors == []
