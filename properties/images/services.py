"""Photos come in by a queue: noted with their advert, fetched through the guarded client, hashed, kept or not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.files import folder_of, put_file
from integrations.sdk import wait_turn
from portal.common import http
from portal.common.bridge import run_async
from portal.common.errors import NotFound, PortalError
from portal.common.store import RedisStore
from portal.workspaces.models import Workspace
from properties.desk_models import Photo
from properties.images.decode import BadPicture, distance, hashes_of, open_picture, says_something, small_copy
from properties.images.evidence import NEAR, photo_keys
from properties.models import Advert, LegalBasis

MAX_PHOTOS = 30
BATCH = 40
MAX_ATTEMPTS = 4
#: Requests per second and host, over all processes.
PER_SECOND = 2
BUDGET = http.Budget(total=25.0, connect=8.0, read=15.0, max_bytes=12 * 1024 * 1024)
#: A second worker may take a photo whose first one said nothing for so long.
CLAIM = timedelta(minutes=5)
OWN_PLATFORMS = ("own", "manual")
#: Grounds that allow a copy; any other one allows looking (for the hash) and linking.
COPYING = (LegalBasis.Ground.OWN, LegalBasis.Ground.PERMISSION, LegalBasis.Ground.LICENCE)
#: Replaces the network in tests.
TRANSPORT: Any = None


def photos_note(workspace: Workspace, region_codes: Iterable[str] | None = None) -> int:
    """Write down the photos that live adverts name and that are not known yet; forget those no longer named.

    Returns how many are new. Fetching starts when the transaction commits.
    """
    adverts = Advert.objects.for_workspace(workspace).exclude(state="closed").filter(facts__has_key="photos")
    if region_codes is not None:
        adverts = adverts.filter(region_code__in=list(region_codes))
    fresh = 0
    with transaction.atomic():
        for advert in adverts.prefetch_related("photos").iterator(chunk_size=500):
            wanted = {url: number for number, url in enumerate(_addresses(advert.facts.get("photos")))}
            known = {photo.url: photo for photo in advert.photos.all()}
            gone = [photo for url, photo in known.items() if url not in wanted]
            if gone:
                _forget(gone)
            rows = [
                Photo(workspace=workspace, advert=advert, url=url, position=number)
                for url, number in wanted.items()
                if url not in known
            ]
            Photo.objects.bulk_create(rows, ignore_conflicts=True)
            fresh += len(rows)
        if fresh:
            transaction.on_commit(partial(_send, workspace.pk))
    return fresh


def _addresses(named: Any) -> list[str]:
    """Whole web addresses of an advert's photos, each once."""
    found = dict.fromkeys(str(url).strip() for url in named or ())
    return [url for url in found if url.startswith(("https://", "http://")) and len(url) <= 500][:MAX_PHOTOS]


def _send(workspace_id: UUID) -> None:
    from properties.tasks import fetch_photos

    fetch_photos.delay(str(workspace_id))


def _forget(photos: Sequence[Photo]) -> None:
    paths = [path_of(photo) for photo in photos if photo.file]
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).delete()
    for path in paths:
        transaction.on_commit(partial(default_storage.delete, path))


def path_of(photo: Photo) -> str:
    """Where the copy lies in the store."""
    assert photo.file is not None
    return f"{folder_of(photo.workspace_id, photo.file['id'])}/{photo.file['name']}"


def photos_fetch(workspace_id: UUID | str, limit: int = BATCH) -> int:
    """Fetch and hash waiting photos of a workspace; returns how many were tried. Safe to run twice at once."""
    now = timezone.now()
    with transaction.atomic():
        waiting = list(
            Photo.objects.for_workspace(workspace_id)
            .filter(state=Photo.State.WAITING, next_at__lte=now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("advert")
            .order_by("next_at")[:limit]
        )
        Photo.objects.filter(pk__in=[photo.pk for photo in waiting]).update(next_at=now + CLAIM)
    if not waiting:
        return 0
    copying = _may_copy(workspace_id, {photo.advert.platform for photo in waiting})
    answers = run_async(partial(_fetch_all, [photo.url for photo in waiting]))
    regions: set[str] = set()
    for photo, answer in zip(waiting, answers, strict=True):
        if _take(photo, answer, photo.advert.platform in copying):
            regions.add(photo.advert.region_code)
    if regions:
        _resolve_again(workspace_id, regions)
    return len(waiting)


def _may_copy(workspace_id: UUID | str, platforms: set[str]) -> set[str]:
    allowed = LegalBasis.objects.for_workspace(workspace_id).filter(
        platform__in=platforms, revoked_at=None, ground__in=COPYING
    )
    return {*OWN_PLATFORMS} & platforms | set(allowed.values_list("platform", flat=True))


async def _fetch_all(addresses: Sequence[str]) -> list[bytes | str]:
    """The bytes behind each address, or why there are none; `later: …` when another try may help."""
    from portal.settings.env import env

    store = RedisStore("properties.photos")
    found: list[bytes | str] = []
    async with http.client(
        trusted_url=env().sandbox_url, budget=BUDGET, transport=TRANSPORT, follow_redirects=True
    ) as client:
        for address in addresses:
            await wait_turn(store, f"host:{urlsplit(address).hostname}", limit=PER_SECOND, per=1)
            try:
                response = await client.get(address, headers={"Accept": "image/*"})
            except PortalError as error:
                found.append(f"later: {error.message}" if error.retryable else error.message)
                continue
            if response.status_code == 200:
                found.append(response.content)
            elif response.status_code in (408, 425, 429) or response.status_code >= 500:
                found.append(f"later: the platform answered {response.status_code}")
            else:
                found.append(f"The platform answered {response.status_code}.")
    return found


def _take(photo: Photo, answer: bytes | str, may_copy: bool) -> bool:
    """Store what came of one photo; true when it has hashes now."""
    photo.attempts += 1
    if isinstance(answer, str) and answer.startswith("later: ") and photo.attempts < MAX_ATTEMPTS:
        photo.problem = answer.removeprefix("later: ")[:200]
        photo.next_at = timezone.now() + timedelta(minutes=5 * 4**photo.attempts)
    elif isinstance(answer, str):
        photo.state, photo.problem = Photo.State.FAILED, answer.removeprefix("later: ")[:200]
    else:
        _look(photo, answer, may_copy)
    photo.save()
    return photo.state == Photo.State.DONE


def _look(photo: Photo, content: bytes, may_copy: bool) -> None:
    try:
        picture = open_picture(content)
    except BadPicture as error:
        photo.state, photo.problem = Photo.State.FAILED, str(error)[:200]
        return
    hashes = hashes_of(picture)
    photo.width, photo.height, photo.dhash, photo.phash = hashes.width, hashes.height, hashes.dhash, hashes.phash
    photo.state, photo.problem, photo.seen_at = Photo.State.DONE, "", timezone.now()
    if may_copy and photo.file is None:
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(small_copy(picture))
            file.flush()
            stored = put_file(photo.workspace_id, "photo.jpg", Path(file.name), "image/jpeg")
        photo.file = {"id": stored.id, "name": stored.name, "size": stored.size}


def _resolve_again(workspace_id: UUID | str, regions: set[str]) -> None:
    """New hashes may join adverts: the dongs are compared again, once their batch is in."""
    from properties.tasks import resolve

    resolve.delay(str(workspace_id), sorted(regions))


def workspaces_with_photos() -> list[UUID]:
    """Workspaces in which photos wait and are due."""
    due = Photo.objects.filter(state=Photo.State.WAITING, next_at__lte=timezone.now())
    return list(due.order_by("workspace_id").values_list("workspace_id", flat=True).distinct())


def photo_keys_of(adverts: Sequence[Advert]) -> dict[str, str]:
    """The photo sets of some adverts, for the duplicate search."""
    by_pk = {advert.pk: advert for advert in adverts}
    photos: dict[str, list[str]] = {}
    rows = Photo.objects.filter(advert__in=by_pk, state=Photo.State.DONE).values_list("advert_id", "dhash")
    for advert_id, dhash in rows:
        photos.setdefault(by_pk[advert_id].key, []).append(dhash)
    if len(photos) < 2:
        return {}
    return photo_keys(photos, {advert.key: advert.facts.get("complex_name", "") for advert in adverts})


def photo_of(workspace: Any, photo_id: UUID) -> Photo:
    """A photo of this workspace that has a copy."""
    found: Photo | None = Photo.objects.for_workspace(workspace).filter(pk=photo_id, file__isnull=False).first()
    if found is None:
        raise NotFound("There is no such photo.")
    return found


def same_photos(workspace: Any, listing_id: UUID, limit: int = 5_000) -> list[Advert]:
    """Adverts of other listings that show a photo of this one: the same home elsewhere, or bait."""
    mine = [
        row
        for row in Photo.objects.for_workspace(workspace)
        .filter(advert__listing=listing_id, state=Photo.State.DONE)
        .values_list("dhash", flat=True)
        if says_something(row)
    ]
    if not mine:
        return []
    others = (
        Photo.objects.for_workspace(workspace)
        .filter(state=Photo.State.DONE)
        .exclude(Q(advert__listing=listing_id) | Q(advert__listing=None) | Q(dhash=""))
        .order_by("-id")
        .values_list("advert_id", "dhash")[:limit]
    )
    found = {advert_id for advert_id, dhash in others if any(distance(one, dhash) <= NEAR for one in mine)}
    return list(Advert.objects.filter(pk__in=found).select_related("listing")[:20])
