"""The channels that lead out of the page, by name."""

from __future__ import annotations

from portal.notifications.channels.base import Port
from portal.notifications.channels.email import Email
from portal.notifications.channels.push import Push
from portal.notifications.channels.slack import Slack
from portal.notifications.channels.sms import Sms
from portal.notifications.channels.webhook import Webhook

PORTS: dict[str, Port] = {port.channel: port for port in (Email(), Webhook(), Slack(), Sms(), Push())}
