"""What people can be told about. Each app lists its topics as `TOPICS` in a module `notices`, beside its receivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from portal.notifications.models import Channel, Mode, Severity


class Bilingual(Protocol):
    """Words that know both languages; the connector SDK's `Text` fits too."""

    def in_language(self, code: str | None, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Words:
    """One phrase in English and Korean."""

    en: str
    ko: str

    def in_language(self, code: str | None, /) -> str:
        """The phrase in the language of `code`; English when unknown."""
        return self.ko if code and code.lower().startswith("ko") else self.en

    def __str__(self) -> str:
        return self.en


def both(text: str | Bilingual) -> Words:
    """The text in both languages; a plain string is the same in either."""
    if isinstance(text, str):
        return Words(text, text)
    return Words(text.in_language("en"), text.in_language("ko"))


#: How a channel carries a topic while a person has chosen nothing. SMS costs money, so it waits to be asked.
DEFAULT_MODES: dict[str, str] = {
    Channel.PAGE: Mode.INSTANT,
    Channel.EMAIL: Mode.DAILY,
    Channel.PUSH: Mode.INSTANT,
    Channel.SLACK: Mode.INSTANT,
    Channel.WEBHOOK: Mode.INSTANT,
    Channel.SMS: Mode.OFF,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of news. `modes` differs from `DEFAULT_MODES` where the topic wants it."""

    id: str
    title: Words
    description: Words
    severity: str = Severity.INFO
    modes: Mapping[str, str] = field(default_factory=dict)

    def mode(self, channel: str) -> str:
        return self.modes.get(channel, DEFAULT_MODES[channel])

    @property
    def area(self) -> str:
        """The app it belongs to: the part of the id before the dot."""
        return self.id.partition(".")[0]


@lru_cache(maxsize=1)
def topics() -> dict[str, Topic]:
    """Every topic by its id, in the order of the apps."""
    found: dict[str, Topic] = {}
    for config in apps.get_app_configs():
        if module_has_submodule(config.module, "notices"):
            for topic in import_module(f"{config.name}.notices").TOPICS:
                if topic.id in found:
                    raise ValueError(f"The topic {topic.id} is registered twice.")
                found[topic.id] = topic
    return found
