"""`manage.py vapid_key`: a fresh key pair for web push."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import BaseCommand

from portal.notifications.push_crypto import CURVE, Vapid


class Command(BaseCommand):
    help = "Print a fresh key pair for web push; set the private half as VAPID_PRIVATE_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        key = Vapid(ec.generate_private_key(CURVE), "")
        self.stdout.write(f"VAPID_PRIVATE_KEY={key.private_text}")
        self.stderr.write(f"public: {key.public}")
