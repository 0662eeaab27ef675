"""Files of workspaces in a bucket, against a local S3 server; the folder is what every other test uses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from django.test import override_settings
from moto.server import ThreadedMotoServer

from integrations.files import WorkspaceFiles
from integrations.sdk import FileRef, Rejected
from portal.common.errors import NotFound
from portal.settings.env import Env
from portal.settings.files import file_storage
from procurement import storage


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Iterator[str]:
    """An empty bucket that the default storage uses."""
    name = f"files-{uuid4()}"
    keys = {"files_access_key": "key", "files_secret_key": "secret", "files_region": "us-east-1"}
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket=name)
    chosen = file_storage(Env(files_bucket=name, files_endpoint=endpoint, **keys))  # type: ignore[arg-type]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={"default": chosen, "staticfiles": static}):
        yield name


async def test_a_file_is_read_back_only_in_its_workspace(bucket: str) -> None:
    mine, other = WorkspaceFiles(str(uuid4())), WorkspaceFiles(str(uuid4()))
    ref = await mine.save("../../견적 2026.csv", "가,나\n".encode(), "text/csv")

    assert await mine.read(ref) == "가,나\n".encode()
    assert "/" not in ref.name and ref.size == 8
    with pytest.raises(Rejected):
        await other.read(ref)
    with pytest.raises(Rejected):
        await mine.read(FileRef(id="../x", name="x", content_type="", size=1, sha256=""))


async def test_a_local_file_is_stored_as_it_is(bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(range(256)) * 10_000)
    files = WorkspaceFiles(str(uuid4()))

    ref = await files.save_path("big.bin", path)

    assert (ref.size, ref.sha256) == (2_560_000, hashlib.sha256(path.read_bytes()).hexdigest())
    assert await files.read(ref) == path.read_bytes()


def test_a_finished_file_is_streamed_and_deleted(bucket: str, tmp_path: Path) -> None:
    workspace, path = uuid4(), tmp_path / "rows.csv"
    path.write_bytes(b"x" * 3_000_000)

    ref = storage.put_file(workspace, "rows.csv", path, "text/csv")
    with storage.open_file(workspace, ref) as file:
        assert file.read(10) == b"x" * 10 and file.size == 3_000_000
    with pytest.raises(NotFound):
        storage.open_file(uuid4(), ref)
    storage.delete_file(workspace, ref)
    with pytest.raises(NotFound):
        storage.open_file(workspace, ref)


def test_without_a_bucket_files_lie_in_a_folder() -> None:
    assert file_storage(Env(files_bucket=""))["BACKEND"].endswith("FileSystemStorage")
