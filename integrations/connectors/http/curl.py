"""A curl line, as documentation shows it, as parameters of the HTTP connector. No shell runs; nothing is sent."""

from __future__ import annotations

import base64
import json
import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from integrations.sdk import FieldProblem, InvalidParams

MAX_TEXT = 200_000
#: Options that take a value and mean something here (curl manual).
_VALUED = {
    "-X": "method", "--request": "method", "-H": "header", "--header": "header", "-u": "user", "--user": "user",
    "-d": "data", "--data": "data", "--data-ascii": "data", "--data-raw": "raw", "--data-binary": "raw",
    "--data-urlencode": "encoded", "--json": "json", "-F": "form", "--form": "form", "--form-string": "form",
    "-A": "agent", "--user-agent": "agent", "-e": "referer", "--referer": "referer", "-b": "cookie",
    "--cookie": "cookie", "--url": "url", "--oauth2-bearer": "bearer",
}  # fmt: skip
#: Options that take a value and change nothing about the request itself.
_IGNORED_VALUED = frozenset(
    ["-o", "--output", "-m", "--max-time", "--connect-timeout", "--retry", "--retry-delay", "-w", "--write-out",
     "--max-redirs", "-c", "--cookie-jar", "--limit-rate"]
)  # fmt: skip
#: Options that take a value and cannot be taken over.
_REFUSED_VALUED = frozenset(
    ["--cert", "-E", "--key", "--cacert", "-x", "--proxy", "-T", "--upload-file", "--resolve", "--aws-sigv4",
     "-K", "--config"]
)  # fmt: skip
_FLAGS = {"-G": "get", "--get": "get", "-I": "head", "--head": "head", "-L": "follow", "--location": "follow",
          "--digest": "digest", "--basic": "basic"}  # fmt: skip
_IGNORED = frozenset(
    ["-s", "--silent", "-S", "--show-error", "-v", "--verbose", "-i", "--include", "-f", "--fail", "--compressed",
     "-N", "--no-buffer", "-#", "--progress-bar", "--http1.1", "--http2", "-g", "--globoff", "-O", "--remote-name"]
)  # fmt: skip
_SECRET_HEADERS = frozenset(["authorization", "x-api-key", "api-key", "apikey", "x-auth-token", "private-token"])


@dataclass(slots=True)
class FromCurl:
    """Parameters of `http.request`, the credential to make a connection of, and what could not be taken over."""

    params: dict[str, Any]
    credential: dict[str, str] | None = None
    notes: list[str] = field(default_factory=list)


def read_curl(text: str) -> FromCurl:
    """The parameters of a curl line; `InvalidParams` says what is wrong with it."""
    found, flags, notes = _options(_words(text))
    if not found["url"]:
        raise _wrong("There is no address in it.", "Copy the whole line, address included.")
    parts = urlsplit(found["url"][0] if "://" in found["url"][0] else f"https://{found['url'][0]}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong("Its address is none of http or https.", "Use an http:// or https:// address.")
    if len(found["url"]) > 1:
        notes.append("Only the first address is used.")
    query = _pairs(parse_qsl(parts.query, keep_blank_values=True))
    headers = _headers(found, notes)
    body = _body(found, headers, notes)
    if "get" in flags and body.get("body_kind") in ("form", "text"):
        given = body["body"] if body["body_kind"] == "form" else {}
        query |= given
        body = {}
    method = found["method"][-1].upper() if found["method"] else _usual_method(flags, body)
    credential = _credential(found, headers, parts.hostname, flags)
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    if "@" in parts.netloc:
        notes.append("The sign-in inside the address is left out; make a connection of it.")
    params: dict[str, Any] = {"method": method, "url": address, **body}
    params |= {"query": query} if query else {}
    params |= {"headers": headers} if headers else {}
    params |= {"follow_redirects": True} if "follow" in flags else {}
    return FromCurl(params, credential, notes)


def _words(text: str) -> list[str]:
    if len(text) > MAX_TEXT:
        raise _wrong(f"It has {len(text):,} characters.", f"Use at most {MAX_TEXT:,}.")
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ").replace("^\r\n", " ").replace("^\n", " ").strip()
    try:
        words = shlex.split(joined.removeprefix("$ "), posix=True)
    except ValueError:
        raise _wrong("A quotation mark is not closed.", "Copy the whole line.") from None
    if not words or words[0].rpartition("/")[2] not in ("curl", "curl.exe"):
        raise _wrong("This does not begin with curl.", "Copy a line such as: curl https://example.com")
    for index, word in enumerate(words):
        # What follows is another command; it is not ours to run.
        if word in ("|", "||", "&&", ";", ">", ">>", "<", "&"):
            return words[1:index]
    return words[1:]


def _options(words: list[str]) -> tuple[dict[str, list[str]], set[str], list[str]]:
    found: dict[str, list[str]] = {name: [] for name in {*_VALUED.values()}}
    flags: set[str] = set()
    notes: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-") or word == "-":
            found["url"].append(word)
            continue
        name, equals, glued = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        if name in _VALUED or name in _IGNORED_VALUED:
            value = glued if (equals or glued) else (waiting.pop(0) if waiting else None)
            if value is None:
                raise _wrong(f"{name} has no value.", "Copy the whole line.")
            if name in _VALUED:
                found[_VALUED[name]].append(value)
        elif name in _REFUSED_VALUED:
            notes.append(f"{name} is not known here and is left out.")
            if not (equals or glued) and waiting:
                waiting.pop(0)
        elif name in _FLAGS or name in _IGNORED:
            flags |= {_FLAGS[name]} if name in _FLAGS else set()
            if not word.startswith("--") and glued:
                waiting.insert(0, f"-{glued}")
        elif name in ("-k", "--insecure"):
            notes.append("Certificates are always checked; -k is left out.")
        else:
            notes.append(f"{name} is not known here and is left out.")
    return found, flags, notes


def _headers(found: dict[str, list[str]], notes: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in found["header"]:
        name, colon, value = line.partition(":")
        if line.startswith("@") or not colon:
            notes.append("A header without a value is left out.")
            continue
        if name.strip().lower() in ("host", "content-length", "connection", "accept-encoding"):
            continue
        headers[name.strip()] = value.strip()
    for option, name in (("agent", "User-Agent"), ("referer", "Referer"), ("cookie", "Cookie")):
        if found[option]:
            headers[name] = found[option][-1]
    return headers


def _body(found: dict[str, list[str]], headers: dict[str, str], notes: list[str]) -> dict[str, Any]:
    given = [*found["data"], *found["raw"], *found["encoded"], *found["json"]]
    if any(value.startswith("@") for value in [*found["data"], *found["json"]]):
        notes.append("The line sends a file of your machine: choose a stored file in the node instead.")
        return {"body_kind": "file"}
    if found["form"]:
        fields = _pairs([tuple(one.partition("=")[::2]) for one in found["form"]])
        if any(str(value).startswith(("@", "<")) for value in fields.values()):
            notes.append("The line sends a file of your machine: choose a stored file in the node instead.")
        plain = {name: value for name, value in fields.items() if not str(value).startswith(("@", "<"))}
        return {"body_kind": "multipart", "body": plain}
    if not given:
        return {}
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    text = "&".join(given)
    if found["json"] or "json" in kind.lower():
        try:
            value = json.loads("".join(found["json"]) or text)
        except ValueError:
            notes.append("The body says it is JSON and is not; it is taken as text.")
            return {"body_kind": "text", "body": text}
        for name in [name for name in headers if name.lower() == "content-type"]:
            del headers[name]
        return {"body_kind": "json", "body": value}
    if not kind or "x-www-form-urlencoded" in kind.lower():
        for name in [name for name in headers if name.lower() == "content-type"]:
            del headers[name]
        encoded = [one.removeprefix("=") for one in found["encoded"]]
        pairs = parse_qsl("&".join([*found["data"], *found["raw"]]), keep_blank_values=True)
        pairs += [tuple(one.partition("=")[::2]) for one in encoded]  # type: ignore[misc]
        if pairs:
            return {"body_kind": "form", "body": _pairs(pairs)}
    return {"body_kind": "text", "body": text}


def _usual_method(flags: set[str], body: dict[str, Any]) -> str:
    if "head" in flags:
        return "HEAD"
    return "POST" if body else "GET"


def _credential(
    found: dict[str, list[str]], headers: dict[str, str], host: str, flags: set[str]
) -> dict[str, str] | None:
    """The sign-in as a connection's values; it is taken out of the headers, where every reader would see it."""
    if found["user"]:
        name, _, secret = found["user"][-1].partition(":")
        scheme = "digest" if "digest" in flags else "basic"
        return {"scheme": scheme, "hosts": host, "name": name, "secret": secret}
    if found["bearer"]:
        return {"scheme": "bearer", "hosts": host, "secret": found["bearer"][-1]}
    for name in [name for name in headers if name.lower() in _SECRET_HEADERS]:
        value = headers.pop(name)
        kind, _, rest = value.partition(" ")
        if name.lower() == "authorization" and kind.lower() == "bearer":
            return {"scheme": "bearer", "hosts": host, "secret": rest.strip()}
        if name.lower() == "authorization" and kind.lower() == "basic":
            try:
                user, _, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
            except ValueError:
                return {"scheme": "header", "hosts": host, "name": name, "secret": value}
            return {"scheme": "basic", "hosts": host, "name": user, "secret": secret}
        return {"scheme": "header", "hosts": host, "name": name, "secret": value}
    return None


def _pairs(pairs: list[Any]) -> dict[str, Any]:
    """Pairs as an object; a name used twice becomes a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _wrong(message: str, remedy: str) -> InvalidParams:
    return InvalidParams("This curl line cannot be read.", problems=[FieldProblem("line", message, remedy)])
