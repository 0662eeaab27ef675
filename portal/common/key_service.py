"""The one place that says what wraps data keys here: the root keys, or the service that KEY_SERVICE names."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from portal.common.crypto import KeyService, RootKeys


@lru_cache(maxsize=8)
def _service(path: str, root_keys: tuple[str, ...]) -> KeyService:
    if path:
        service: KeyService = import_string(path)()
        return service
    return RootKeys(root_keys)


def key_service() -> KeyService:
    """The key service of this installation; `CannotDecrypt` when none is configured."""
    return _service(settings.KEY_SERVICE, tuple(settings.ROOT_KEYS))
