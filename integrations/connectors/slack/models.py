"""What Slack's actions give back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel


class Message(BaseModel):
    """A message. `ts` names it inside its channel."""

    ts: str
    channel: str
    user: str = ""
    text: str = ""
    at: str = ""
    thread_ts: str = ""
    replies: int = 0
    permalink: str = ""


class Messages(BaseModel):
    """Messages; `complete` is false when there are more."""

    messages: list[Message]
    count: int
    complete: bool


class ChannelInfo(BaseModel):
    """A channel."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    members: int = 0
    topic: str = ""


class Channels(BaseModel):
    """Channels; `complete` is false when there are more."""

    channels: list[ChannelInfo]
    count: int
    complete: bool


class User(BaseModel):
    """A member. The e-mail address is there when the token may see it."""

    id: str
    name: str
    real_name: str = ""
    email: str = ""
    is_bot: bool = False
    time_zone: str = ""


class Users(BaseModel):
    """Members; `complete` is false when there are more."""

    users: list[User]
    count: int
    complete: bool


class Uploaded(BaseModel):
    """A file on Slack."""

    id: str
    title: str = ""
    permalink: str = ""


def message_of(raw: dict[str, Any], channel: str) -> Message:
    stamp = raw.get("ts", "")
    seconds = float(stamp) if stamp.replace(".", "", 1).isdigit() else None
    return Message(
        ts=stamp,
        channel=channel,
        user=raw.get("user") or raw.get("bot_id") or "",
        text=raw.get("text", ""),
        at="" if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds"),
        thread_ts=raw.get("thread_ts", ""),
        replies=raw.get("reply_count", 0),
        permalink=raw.get("permalink", ""),
    )


def user_of(raw: dict[str, Any]) -> User:
    profile = raw.get("profile") or {}
    return User(
        id=raw["id"],
        name=raw.get("name", ""),
        real_name=profile.get("real_name") or raw.get("real_name", ""),
        email=profile.get("email", ""),
        is_bot=raw.get("is_bot", False),
        time_zone=raw.get("tz") or "",
    )
