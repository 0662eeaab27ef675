"""`portal`: sign in, run workflows, deploy them, follow their runs, handle keys."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from portal_client import ApiError, Portal
from portal_client.client import ENDS
from portal_client.login import Renewing, forget, load, save, sign_in
from portal_client.transport import UNSET, VERSION

DEFAULT_SITE = "http://localhost:8000"


class Wrong(Exception):
    """Something the person can put right; shown without a trace."""


def connect(arguments: argparse.Namespace) -> Portal:
    """The site from the options, the environment, or the last login."""
    login = load()
    site = arguments.site or os.environ.get("PORTAL_URL") or (login.site if login else DEFAULT_SITE)
    workspace = arguments.workspace or os.environ.get("PORTAL_WORKSPACE") or (login.workspace if login else "")
    token: Any = os.environ.get("PORTAL_TOKEN")
    if not token:
        if login is None or login.site != site.rstrip("/"):
            raise Wrong(f"Not signed in to {site}. Run: portal login --site {site}")
        token = Renewing(login)
    return Portal(site, token, workspace=workspace or None, language=_language())


def _language() -> str | None:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ko" if spoken.startswith("ko") else None


def show(value: Any, as_json: bool, columns: Sequence[str]) -> None:
    """Rows as a table, or everything as JSON."""
    rows = [one.model_dump(mode="json") for one in value]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(len, (title, *(line[place] for line in cells)))) for place, title in enumerate(columns)]
    for line in [list(columns), *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _first(rows: Iterable[Any], count: int) -> list[Any]:
    return [row for row, _place in zip(rows, range(count), strict=False)]


def login_command(arguments: argparse.Namespace) -> int:
    site = (arguments.site or os.environ.get("PORTAL_URL") or DEFAULT_SITE).rstrip("/")

    def tell(address: str, code: str) -> None:
        print(f"Open {address}\nand enter the code {code}", flush=True)

    login = sign_in(site, tell)
    save(login)
    with Portal(site, login.access_token) as portal:
        me = portal.auth.me()
    login.workspace = arguments.workspace or me.workspace or ""
    save(login)
    print(f"Signed in to {site} as {me.user.email}.")
    return 0


def logout_command(arguments: argparse.Namespace) -> int:
    if load() is not None:
        with connect(arguments) as portal:
            portal.auth.logout()
        forget()
    print("Signed out.")
    return 0


def whoami(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        me = portal.auth.me()
    print(f"{me.user.email} through {me.through}, {me.role or 'no role'} of {me.workspace or 'no workspace'}")
    show(me.workspaces, arguments.json, ("id", "name", "role"))
    return 0


def workspaces_command(arguments: argparse.Namespace) -> int:
    """Choose the workspace of later commands."""
    login = load()
    with connect(arguments) as portal:
        rows = list(portal.workspaces.list_all())
    if arguments.use:
        chosen = next((row for row in rows if arguments.use in (str(row.id), row.slug, row.name)), None)
        if chosen is None or login is None:
            raise Wrong(f"You are not a member of {arguments.use}.")
        login.workspace = str(chosen.id)
        save(login)
    show(rows, arguments.json, ("id", "name", "slug", "role"))
    return 0


def workflows_list(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        rows = _first(portal.workflows.list_all(search=arguments.search or UNSET), arguments.limit)
    show(rows, arguments.json, ("id", "name", "last_state", "last_run_at", "version_number"))
    return 0


def _workflow(portal: Portal, named: str) -> Any:
    """A workflow by id or by its exact name."""
    if len(named) == 36 and named.count("-") == 4:
        return portal.workflows.read(named)
    found = [one for one in portal.workflows.list_all(search=named) if one.name == named]
    if len(found) != 1:
        raise Wrong(
            f"{'No workflow is' if not found else f'{len(found)} workflows are'} called {named!r}. Give its id."
        )
    return found[0]


def _input(arguments: argparse.Namespace) -> dict[str, Any]:
    """The input from `--input` (JSON, `@file`, `-`) and `name=value` pairs; a value that is JSON is read as such."""
    text = arguments.input or "{}"
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Wrong(f"The input is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Wrong("The input must be a JSON object.")
    for pair in arguments.values:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Wrong(f"{pair!r} is not name=value.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def workflows_run(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        workflow = _workflow(portal, arguments.workflow)
        outcome = portal.workflows.run(
            str(workflow.id), input=_input(arguments), version=arguments.version or UNSET, wait=0
        )
        if arguments.detach:
            print(outcome.id)
            return 0
        for event in portal.follow(str(outcome.id)):
            _line(event, quiet=not arguments.verbose)
        run = portal.executions.read(str(outcome.id))
    print(json.dumps(run.output if run.state == "succeeded" else run.error, ensure_ascii=False, indent=2))
    return 0 if run.state == "succeeded" else 1


def _line(event: Any, *, quiet: bool = False) -> None:
    """One event for the eye, on the error stream: only the result belongs on the other one."""
    if quiet and event.level not in ("warning", "error"):
        return
    print(_text(event), file=sys.stderr, flush=True)


def _text(event: Any) -> str:
    return f"{event.time:%H:%M:%S} {event.level:<7} {event.node or '·'} {event.kind} {event.message}".rstrip()


def _stored(portal: Portal, identifier: str) -> Iterator[Any]:
    """The events so far, however many they are."""
    after = 0
    while True:
        page = portal.executions.events_list(identifier, after=after)
        yield from page.results
        if page.next is None or not page.results:
            return
        after = page.results[-1].seq


def logs(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        if arguments.execution:
            identifier = arguments.execution
        else:
            newest = _first(portal.executions.list_all(limit=1), 1)
            if not newest:
                raise Wrong("Nothing has run yet.")
            identifier = str(newest[0].id)
        last = ""
        events = portal.follow(identifier) if arguments.follow else _stored(portal, identifier)
        for event in events:
            last = event.kind
            print(event.model_dump_json() if arguments.json else _text(event), flush=True)
    return 1 if last in ENDS - {"run.succeeded"} else 0


def runs(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        rows = _first(portal.executions.list_all(state=arguments.state or UNSET), arguments.limit)
    show(rows, arguments.json, ("id", "state", "workflow_name", "tool", "source", "created_at"))
    return 0


def deploy(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        if arguments.template:
            made = portal.deployments.create(template=arguments.template, slug=arguments.slug or UNSET)
        elif arguments.workflow:
            workflow = _workflow(portal, arguments.workflow)
            made = portal.workflows.deploy(
                str(workflow.id),
                deployment=arguments.server or UNSET,
                tool_name=arguments.tool or UNSET,
                note=arguments.note or UNSET,
            )
        else:
            raise Wrong("Name a workflow, or a template with --template.")
    if arguments.json:
        print(made.model_dump_json(indent=2))
        return 0
    print(f"{made.name}: revision {made.live_revision} is live\n  MCP  {made.url}\n  SSE  {made.sse_url}")
    if made.key:
        print(f"  key  {made.key}   (shown this once)")
    return 0


def servers(arguments: argparse.Namespace) -> int:
    with connect(arguments) as portal:
        rows = _first(portal.deployments.list_all(), arguments.limit)
    show(rows, arguments.json, ("slug", "name", "state", "live_revision", "url"))
    return 0


def keys(arguments: argparse.Namespace) -> int:
    """Keys of a server with --server, else those of the workspace."""
    with connect(arguments) as portal:
        columns: Sequence[str] = ("id", "label", "prefix", "expires_at", "last_used_at", "revoked_at")
        server = arguments.server
        me = None if server else portal.auth.me()
        home = (me and me.workspace) or ""
        if arguments.act == "list":
            rows = portal.deployments.keys_list_all(server) if server else portal.workspaces.keys_list_all(home)
            show(list(rows), arguments.json, columns)
            return 0
        if not arguments.name:
            raise Wrong(f"keys {arguments.act} needs a {'label' if arguments.act == 'create' else 'key id'}.")
        if arguments.act == "revoke":
            if server:
                portal.deployments.keys_revoke(server, arguments.name)
            else:
                portal.workspaces.keys_revoke(home, arguments.name)
            print("Revoked.")
            return 0
        made: Any
        if arguments.act == "rotate":
            made = (
                portal.deployments.keys_rotate(server, arguments.name)
                if server
                else portal.workspaces.keys_rotate(home, arguments.name)
            )
        elif server:
            made = portal.deployments.keys_create(server, label=arguments.name)
        else:
            if me is not None and me.scopes and not arguments.scope:
                raise Wrong(
                    "This login makes no key that may more than itself. Say what the key may do: --scope NAME, once "
                    f"for each of {', '.join(sorted(me.scopes))}."
                )
            made = portal.workspaces.keys_create(
                home, label=arguments.name, role=arguments.role, scopes=arguments.scope or UNSET
            )
    print(made.model_dump_json(indent=2) if arguments.json else made.key)
    return 0


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--site", help="address of the site; also PORTAL_URL")
    common.add_argument("--workspace", help="id of the workspace; also PORTAL_WORKSPACE")
    common.add_argument("--json", action="store_true", help="answer in JSON")
    top = argparse.ArgumentParser(prog="portal", description=__doc__)
    top.add_argument("--version", action="version", version=f"portal {VERSION}")
    commands = top.add_subparsers(required=True, metavar="command")

    def add(name: str, run: Any, words: str, under: Any = commands) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = under.add_parser(name, parents=[common], help=words, description=words)
        made.set_defaults(run=run)
        return made

    add("login", login_command, "sign in by a code that you enter in the browser")
    add("logout", logout_command, "end the login")
    add("whoami", whoami, "show who is signed in, and where")
    use = add("workspaces", workspaces_command, "list workspaces, or choose the one of later commands")
    use.add_argument("--use", metavar="NAME", help="name, slug or id of the workspace to work in")

    workflows = commands.add_parser("workflows", help="list and run workflows")
    under = workflows.add_subparsers(required=True, metavar="command")
    found = add("list", workflows_list, "list workflows", under)
    found.add_argument("--search", help="part of the name")
    found.add_argument("--limit", type=int, default=50)
    run = add("run", workflows_run, "run a workflow and print its output", under)
    run.add_argument("workflow", help="id or exact name")
    run.add_argument("values", nargs="*", metavar="name=value", help="inputs")
    run.add_argument("--input", help="the input as JSON, @file, or - for the standard input")
    run.add_argument("--version", type=int, help="a version; the draft when left out")
    run.add_argument("--detach", action="store_true", help="print the run's id and do not wait")
    run.add_argument("--verbose", action="store_true", help="show its events on the way")

    history = add("runs", runs, "list runs, newest first")
    history.add_argument("--state", choices=("queued", "running", "waiting", "succeeded", "failed", "cancelled"))
    history.add_argument("--limit", type=int, default=20)
    log = add("logs", logs, "show the events of a run, the newest one when none is named")
    log.add_argument("execution", nargs="?", help="id of the run")
    log.add_argument("-f", "--follow", action="store_true", help="go on until it ends")

    out = add("deploy", deploy, "deploy a workflow or a template as an MCP server")
    out.add_argument("workflow", nargs="?", help="id or exact name")
    out.add_argument("--template", help="key of a template")
    out.add_argument("--slug", help="slug of the new server (templates)")
    out.add_argument("--server", help="slug of an existing server to put the tool on")
    out.add_argument("--tool", help="name of the tool")
    out.add_argument("--note", help="what changed")
    listed = add("servers", servers, "list MCP servers")
    listed.add_argument("--limit", type=int, default=50)

    key = add("keys", keys, "handle the keys of the workspace or of a server")
    key.add_argument("act", choices=("list", "create", "rotate", "revoke"))
    key.add_argument("name", nargs="?", help="label of the new key, or id of an existing one")
    key.add_argument("--server", help="slug of the server; without it, the workspace's keys")
    key.add_argument("--scope", action="append", help="what a workspace's key may do; once for each")
    key.add_argument("--role", choices=("viewer", "editor", "admin"), default="editor")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 1 for a failure of the work, 2 for a mistake in the asking."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ApiError, Wrong) as error:
        print(f"portal: {error}", file=sys.stderr)
        return 2
    except httpx2.TransportError as error:
        print(f"portal: the site does not answer: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
