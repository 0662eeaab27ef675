"""The service's own topics."""

from portal.notifications.models import Channel, Mode, Severity
from portal.notifications.topics import Topic, Words

TEST, DESTINATION_OFF = "portal.test", "portal.destination_off"

TOPICS = [
    Topic(
        DESTINATION_OFF,
        Words("A destination was switched off", "수신처가 꺼짐"),
        Words("It refused messages for good, or failed too often.", "메시지를 계속 거부하거나 너무 자주 실패했습니다."),
        severity=Severity.WARNING,
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
]
