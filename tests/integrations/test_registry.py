"""Discovery: what counts, what is reported, where upstreams are."""

import sys

import pytest

import integrations.connectors
from integrations import discovery
from integrations.checks import check_connectors, check_upstreams
from integrations.registry import Registry, discover, get_action, localise, parse_upstreams, registry, resolve_site
from integrations.sandbox_server import discover_sandboxes
from integrations.sdk import Connector, Text, Upstream
from portal.common.errors import NotFound
from portal.settings.env import env

GOOD = """
from integrations.sdk import Connector, Context, Text
one = Connector("{id}", title=Text("One", "하나"), description=Text("One", "하나"))
@one.action(title=Text("Go", "가기"))
async def go(ctx: Context) -> int:
    "Goes."
    return 1
"""


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Write connector folders beside the real ones: `folders(name, connector=…, sandbox=…)`."""
    monkeypatch.setattr(integrations.connectors, "__path__", [*integrations.connectors.__path__, str(tmp_path)])

    def write(name, **parts):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        for part, source in parts.items():
            (tmp_path / name / f"{part}.py").write_text(source)

    yield write
    for name in [name for name in sys.modules if name.startswith("integrations.connectors.zextra_")]:
        del sys.modules[name]


def test_the_shipped_connectors_are_found_without_problems():
    found = registry()
    assert {"http", "data", "python", "text"} <= set(found.connectors)
    assert [str(problem) for problem in found.problems] == []
    assert get_action("text.echo").id in found.actions and len(found.actions) == len(list(found.actions))


def test_a_folder_is_all_a_connector_needs(folders):
    folders("zextra_good", connector=GOOD.format(id="zextra_good"))
    assert "zextra_good.go" in discover().actions


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import there_is_no_such_module", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemError('x')", "SystemError"),
        ("x = 1", "no Connector"),
        (GOOD.format(id="text"), "is taken by integrations.connectors.text"),
        (GOOD.format(id="Bad-Id"), "must be lower case"),
        (GOOD.format(id="zextra_b").replace("-> int", ""), "must declare its result type"),
    ],
)
def test_a_broken_connector_is_left_out_and_reported(folders, monkeypatch, source, words):
    folders("zextra_broken", connector=source)
    found = discover()
    assert "text" in found.connectors
    assert [problem.module for problem in found.problems] == ["integrations.connectors.zextra_broken.connector"]
    assert words in found.problems[0].message
    monkeypatch.setattr("integrations.checks.registry", lambda: found)
    (message,) = check_connectors()
    assert message.id == "integrations.W001" and words in message.msg


def test_another_connectors_object_does_not_count_twice(folders):
    folders(
        "zextra_user",
        connector="from integrations.connectors.text.connector import text\n" + GOOD.format(id="zextra_user"),
    )
    found = discover()
    assert found.problems == [] and "zextra_user" in found.connectors


def test_entry_points_are_found(folders, monkeypatch):
    class Point:
        name, module = "extra", "integrations.connectors.zextra_entry.connector"

    folders("zextra_entry", connector=GOOD.format(id="zextra_entry"))
    monkeypatch.setattr(discovery, "_general", lambda: iter(()))
    monkeypatch.setattr(discovery, "entry_points", lambda group: [Point] if group == "portal.connectors" else [])
    assert "zextra_entry.go" in discover().actions


def test_a_broken_sandbox_is_left_out_and_reported(folders):
    folders("zextra_one", sandbox="import nothing_like_this")
    folders("zextra_two", sandbox="PREFIX = 'no-slash'\napp = print")
    folders("zextra_three", sandbox="PREFIX = '/http'\nasync def app(scope, receive, send): ...")
    found = discover_sandboxes()
    assert "/http" in found.apps
    assert {problem.module.split(".")[2] for problem in found.problems} == {"zextra_one", "zextra_two", "zextra_three"}


def test_an_unknown_action_is_not_found():
    with pytest.raises(NotFound):
        get_action("text.nothing")
    with pytest.raises(NotFound) as caught:
        registry().connector("nothing")
    assert "text" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sandbox", ("sandbox", {})),
        ("live", ("live", {})),
        ("kis=live,naramarket=sandbox", ("sandbox", {"kis": "live", "naramarket": "sandbox"})),
        (" live , kis = sandbox ", None),
        ("live,kis=sandbox", ("live", {"kis": "sandbox"})),
        ("", ("sandbox", {})),
    ],
)
def test_upstreams_are_read(text, expected):
    if expected is None:
        with pytest.raises(ValueError, match="UPSTREAMS"):
            parse_upstreams(text)
    else:
        assert parse_upstreams(text) == expected


def sample():
    return Connector(
        "sample",
        title=Text("S", "견"),
        description=Text("S", "견"),
        upstream=Upstream("sam", "SAM_BASE_URL", live="https://sam.example", sandbox="/sam"),
    )


@pytest.mark.parametrize(
    ("upstreams", "custom", "expected"),
    [
        ("sandbox", "", ("http://127.0.0.1:8900/sam", "sandbox")),
        ("live", "", ("https://sam.example", "live")),
        ("sandbox,sam=live", "", ("https://sam.example", "live")),
        ("live,sample=sandbox", "", ("http://127.0.0.1:8900/sam", "sandbox")),
        ("sandbox", "https://gateway.example/sam/", ("https://gateway.example/sam", "custom")),
    ],
)
def test_a_site_is_resolved_per_connector(monkeypatch, upstreams, custom, expected):
    monkeypatch.setenv("SAM_BASE_URL", custom)
    monkeypatch.setattr(env(), "upstreams", upstreams)
    monkeypatch.setattr(env(), "sandbox_url", "http://127.0.0.1:8900")
    site = resolve_site(sample())
    assert (site.base_url, site.mode) == expected


def test_production_refuses_sandbox_data(monkeypatch):
    found = Registry(connectors={"sample": sample()})
    monkeypatch.setattr("integrations.checks.registry", lambda: found)
    monkeypatch.setattr(env(), "upstreams", "sandbox")
    monkeypatch.setattr(env(), "allow_sandbox_in_production", False)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.production")
    assert [message.id for message in check_upstreams()] == ["integrations.E002"]
    monkeypatch.setattr(env(), "upstreams", "live,typo=live")
    assert [message.id for message in check_upstreams()] == ["integrations.W002"]
    monkeypatch.setattr(env(), "upstreams", "nonsense")
    assert [message.id for message in check_upstreams()] == ["integrations.E001"]


def test_schemas_speak_the_readers_language():
    schema = get_action("text.echo").input_schema
    korean, english = localise(schema, "ko-KR"), localise(schema, "en")
    assert korean["properties"]["text"]["title"] == "텍스트"
    assert english["properties"]["text"]["title"] == "Text"
    assert "-ko" not in str(english) and "x-description-ko" in str(schema)
