"""Image, compose file and nginx, held against settings and code: drift shows without a container engine."""

import importlib.util
import re
import shlex
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from portal.settings.env import Env
from portal.stack.commands import PROCESSES, command
from portal.stack.layout import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
NGINX = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
OURS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "portal"}
VARIABLES = {name.upper() for name in Env.model_fields} | {"DJANGO_SETTINGS_MODULE"}
OF_PYTHON = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def instructions(name: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in DOCKERFILE.splitlines() if line.startswith(f"{name} ")]


def assert_runnable(arguments: list[str]) -> None:
    """The command line means something in this code base."""
    assert arguments[0] == "python"
    if arguments[1] == "manage.py":
        assert arguments[2] in get_commands()
    elif arguments[:4] == ["python", "-m", "portal.stack", "exec"]:
        assert arguments[4] in PROCESSES
    else:
        assert arguments[1:4] == ["-m", "portal.stack", "probe"]


def test_compose_has_every_process_once_and_the_services_around_them() -> None:
    expected = {"web", "worker", "compute", "beat", "migrate", "postgres", "redis", "nginx"}
    assert set(COMPOSE["services"]) == expected
    assert set(OURS) == expected - {"postgres", "redis", "nginx"}
    assert set(PROCESSES) - set(OURS) == {"sandbox"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_of_our_containers_runs_a_command_that_exists_with_documented_variables(name: str) -> None:
    assert_runnable(OURS[name]["command"])
    assert set(OURS[name]["environment"]) <= VARIABLES
    if name != "migrate":
        assert OURS[name]["command"][-1] == name
        assert OURS[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_what_production_settings_demand_is_in_the_compose_file() -> None:
    settings = (ROOT / "portal" / "settings" / "production.py").read_text()
    demanded = set(re.findall(r'^    \("([A-Z_]+)", ', settings, flags=re.MULTILINE))
    assert demanded >= {"SECRET_KEY", "ROOT_KEY", "DATABASE_URL", "REDIS_URL"}
    assert demanded <= set(OURS["web"]["environment"])


def test_every_volume_and_dependency_is_defined() -> None:
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).is_file()
            elif not source.startswith("${"):
                assert source in COMPOSE["volumes"]


def test_waiting_for_healthy_services_needs_their_health_checks() -> None:
    image_has_check = "HEALTHCHECK" in DOCKERFILE
    for service in COMPOSE["services"].values():
        for name, dependency in service.get("depends_on", {}).items():
            if dependency["condition"] == "service_healthy":
                awaited = COMPOSE["services"][name]
                own = awaited.get("healthcheck", {})
                assert own.get("test") or (image_has_check and name in OURS and not own.get("disable"))


def test_the_image_sets_only_documented_variables_and_runs_without_root() -> None:
    assigned = {part.split("=")[0] for line in instructions("ENV") for part in shlex.split(line)}
    assert assigned <= VARIABLES | OF_PYTHON
    final_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "\nUSER portal\n" in final_stage
    assert not re.search(r"apt-get|gcc|build-essential|npm|pip install", final_stage)
    assert instructions("USER")[-1] == "portal"


def test_the_image_starts_and_checks_itself_with_commands_that_exist() -> None:
    assert_runnable(yaml.safe_load(instructions("CMD")[-1]))
    assert_runnable(yaml.safe_load(instructions("HEALTHCHECK")[0].split("CMD", 1)[1]))
    for module in re.findall(r"python -m ([\w.]+)", DOCKERFILE):
        assert importlib.util.find_spec(module)


def test_what_the_image_copies_is_in_the_checkout_and_not_ignored() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line]
    for line in instructions("COPY"):
        if line.startswith("--from"):
            continue
        for source in line.split()[:-1]:
            assert not any(fnmatch(source, pattern) for pattern in ignored), source
            if not source.startswith("workflows/editor"):  # the canvas has its own tests
                assert (ROOT / source).exists(), source
    kept = ("manage.py", "portal", "locale", "static", "templates", "requirements.txt")
    assert not [name for name in kept for pattern in ignored if fnmatch(name, pattern)]
    assert {".env", "var", ".git", ".venv"} <= set(ignored)


def location(path: str) -> str:
    return NGINX.partition(f"location {path} {{")[2].partition("}")[0]


def seconds(value: str) -> int:
    return int(value[:-1]) * {"s": 1, "m": 60, "h": 3600}[value[-1]]


def test_nginx_holds_back_no_event_stream_and_waits_longer_than_the_keep_alive_comments() -> None:
    streams = location("/mcp/")
    assert "proxy_buffering off;" in streams and "gzip off;" in streams
    for place in (streams, location("/ws/")):
        timeout = re.search(r"proxy_read_timeout (\w+);", place)
        assert timeout and seconds(timeout[1]) > 15
    compressed = re.search(r"gzip_types ([^;]+);", NGINX)
    assert compressed and "text/event-stream" not in compressed[1]
    assert "proxy_set_header Upgrade $http_upgrade;" in NGINX
    # A location with headers of its own would lose the server's, Host and Upgrade among them.
    assert "proxy_set_header" not in streams + location("/ws/") + location("/")


def test_nginx_agrees_with_the_settings_on_port_and_body_size() -> None:
    port = next(part.split("=")[1] for line in instructions("ENV") for part in shlex.split(line) if part[:5] == "PORT=")
    assert f"server web:{port};" in NGINX
    largest = re.search(r"client_max_body_size (\d+)m;", NGINX)
    assert largest and int(largest[1]) * 1024 * 1024 == Env.model_fields["max_request_bytes"].default
    assert str(OURS["web"]["environment"]["TRUSTED_PROXIES"]) == "1"


@pytest.mark.parametrize("web_server", ["uvicorn", "daphne"])
def test_the_servers_and_celery_understand_their_command_lines(web_server: str) -> None:
    from celery.bin.beat import beat
    from celery.bin.worker import worker
    from daphne.cli import CommandLineInterface
    from uvicorn.main import main as uvicorn

    env = Env(web_server=web_server, web_processes=2, port=8123)
    web = command("web", env)[2:]
    if web_server == "uvicorn":
        parsed = uvicorn.make_context("uvicorn", web[1:]).params
        assert (parsed["port"], parsed["workers"], parsed["app"]) == (8123, 2, "portal.asgi:application")
    else:
        parsed = vars(CommandLineInterface().parser.parse_args(web[1:]))
        assert (parsed["port"], parsed["application"]) == (8123, "portal.asgi:application")

    queues = set()
    for name in ("worker", "compute"):
        arguments = command(name, env)
        options = arguments[arguments.index("worker") + 1 :]
        queues |= set(_parse(worker, options)["queues"].split(","))
    assert queues == {"interactive", "default", "compute"}
    arguments = command("beat", env)
    assert _parse(beat, arguments[arguments.index("beat") + 1 :])["pidfile"] == ""


def _parse(celery_command: Any, options: list[str]) -> dict[str, Any]:
    """Options of a Celery command, without starting it and without the callbacks that need an application."""
    import click

    parser = celery_command.make_parser(click.Context(celery_command))
    values, rest, _ = parser.parse_args(list(options))
    assert rest == []
    return dict(values)


def test_the_commands_of_the_workflow_file_exist() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert ".ci/run" in runs
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    target = re.search(r"make (\w+)", script.read_text())
    assert target and re.search(rf"^{target[1]}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
