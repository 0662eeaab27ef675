"""People, a topic of the tests' own, and a stand-in for every receiver on the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from portal.common import http
from portal.notifications import dispatch
from portal.notifications.channels import base
from portal.notifications.models import Channel, Mode, Severity
from portal.notifications.topics import Topic, Words, topics
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner

TOPIC = "tests.news"


@dataclass
class Receiver:
    """Takes every request that would leave the machine and answers as told."""

    requests: list[httpx2.Request] = field(default_factory=list)
    answers: list[httpx2.Response | Exception] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else httpx2.Response(200, json={"ok": True})
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The network's place: the guard's checks stay, the sockets go."""
    found = Receiver()
    real = http.client

    def client(**options: Any) -> http.GuardedClient:
        return real(**options, transport=httpx2.MockTransport(found))

    monkeypatch.setattr(base.http, "client", client)
    return found


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of deliveries handed to the workers, in place of a broker."""
    found: list[str] = []

    def send_task(name: str, args: list[str], **options: Any) -> None:
        assert name == dispatch.TASK
        found.append(args[0])

    monkeypatch.setattr(dispatch.current_app, "send_task", send_task)
    return found


@pytest.fixture(autouse=True)
def topic() -> Iterator[Topic]:
    """A topic whose only loud channels are those that a test adds."""
    news = Topic(
        TOPIC,
        Words("News", "소식"),
        Words("For tests.", "테스트용."),
        severity=Severity.INFO,
        modes={Channel.EMAIL: Mode.OFF},
    )
    topics()[TOPIC] = news
    yield news
    del topics()[TOPIC]


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def viewer(owner: Actor) -> Actor:
    return join(owner.workspace, Role.VIEWER)


@pytest.fixture
def stranger(db: None) -> Actor:
    return make_owner("stranger")
