"""The credential of the KIS Open API."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field, SecretStr

from integrations.sdk import Credential


class KisKeys(Credential):
    """App key and secret of one KIS account; real and mock accounts have separate pairs."""

    app_key: SecretStr = Field(title="App key", description="36 characters, from the KIS Developers site", min_length=8)
    app_secret: SecretStr = Field(title="App secret", description="180 characters", min_length=8)
    customer: Literal["P", "B"] = Field(default="P", title="Customer type", description="P personal, B corporate")

    def fingerprint(self) -> str:
        """A short one-way name of the key, for cache and limiter keys."""
        return hashlib.sha256(self.app_key.get_secret_value().encode()).hexdigest()[:16]
