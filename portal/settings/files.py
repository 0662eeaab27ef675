"""Where files of workspaces lie: a folder, or a bucket of an S3-compatible service."""

from __future__ import annotations

from typing import Any

from portal.settings.env import Env


def file_storage(env: Env) -> dict[str, Any]:
    """Django's default storage for this environment."""
    if not env.files_bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = {
        "bucket_name": env.files_bucket,
        "endpoint_url": env.files_endpoint or None,
        "region_name": env.files_region or None,
        "access_key": env.files_access_key or None,
        "secret_key": env.files_secret_key or None,
        # Files are served by us, to those who may see them, and never by an address that anybody can open.
        "default_acl": None,
        "querystring_auth": True,
        "file_overwrite": False,
        # Beyond this a file is spooled on disk instead of held in memory.
        "max_memory_size": 8 * 1024 * 1024,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
