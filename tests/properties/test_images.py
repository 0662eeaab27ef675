"""Photos: bounded decoding, hashes, the queue, copies only where allowed, and what shared photos prove."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path

import httpx2
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from properties.collectors.tables import read_table
from properties.desk_models import Photo
from properties.images import services
from properties.images.decode import (
    MAX_PIXELS,
    BadPicture,
    distance,
    hashes_of,
    open_picture,
    says_something,
    small_copy,
)
from properties.images.evidence import NEAR, photo_keys
from properties.intake import take_adverts
from properties.legal import legal_basis_record
from properties.models import Advert, Listing
from properties.normalise import RawAdvert, normalise_advert
from properties.resolution import resolve_regions

REGION = "1165010100"


def picture(seed: int, size: tuple[int, int] = (640, 480)):
    """A drawing with large shapes, as different from another seed as two rooms are."""
    from PIL import Image, ImageDraw

    chance = random.Random(seed)
    image = Image.new("RGB", size, (chance.randrange(256), chance.randrange(256), chance.randrange(256)))
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        box = (x, y, x + chance.randrange(40, size[0] // 2), y + chance.randrange(40, size[1] // 2))
        draw.rectangle(box, fill=tuple(chance.randrange(256) for _ in range(3)))
    return image


def jpeg(image, quality: int = 90, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


# Decoding and hashing


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg onload='x'/>",
        jpeg(picture(1))[:900],
        bomb(60_000, 60_000),
        bomb(MAX_PIXELS // 5_000 + 1, 5_000),
        bomb(30_000, 2),
    ],
)
def test_what_is_no_sound_picture_is_refused(content):
    with pytest.raises(BadPicture):
        open_picture(content)


def test_copies_have_near_hashes_and_other_pictures_do_not():
    original = picture(1)
    first = hashes_of(open_picture(jpeg(original)))
    again = hashes_of(open_picture(jpeg(original.resize((320, 240)), quality=50)))
    other = hashes_of(open_picture(jpeg(picture(2))))

    assert distance(first.dhash, again.dhash) <= NEAR and distance(first.phash, again.phash) <= NEAR
    assert distance(first.dhash, other.dhash) > NEAR
    assert (first.width, first.height) == (640, 480)


def test_a_kept_copy_is_small_and_says_nothing_of_its_place():
    from PIL import Image

    image = picture(3, (2400, 1800))
    exif = image.getexif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[2] = (37.0, 29.0, 0.0)

    copy = Image.open(io.BytesIO(small_copy(open_picture(jpeg(image, exif=exif)))))

    assert max(copy.size) <= 1600
    assert not copy.getexif() and not copy.info.get("exif")


def test_a_blank_wall_says_nothing():
    from PIL import Image

    assert not says_something(hashes_of(Image.new("RGB", (200, 200), "white")).dhash)
    assert says_something(hashes_of(picture(5)).dhash)


# Evidence


def hashes(*seeds: int) -> list[str]:
    return [hashes_of(picture(seed)).dhash for seed in seeds]


def test_two_shared_photos_join_adverts_and_one_does_not():
    photos = {"naver:1": hashes(1, 2, 3), "dabang:1": hashes(2, 3), "kb:1": hashes(3, 9), "zigbang:7": hashes(8)}

    keys = photo_keys(photos, dict.fromkeys(photos, "가나래미"))

    assert keys == {"naver:1": "photos:dabang:1", "dabang:1": "photos:dabang:1"}


def test_photos_of_many_complexes_are_stock():
    photos = {f"naver:{number}": hashes(1, 2) for number in range(5)}

    assert photo_keys(photos, {key: f"단지 {key}" for key in photos}) == {}
    assert len(photo_keys(photos, dict.fromkeys(photos, "한 단지"))) == 5


def test_order_makes_no_difference():
    photos = {f"naver:{number}": hashes(number, number + 1, number + 2) for number in range(6)}
    names = dict.fromkeys(photos, "단지")

    assert photo_keys(photos, names) == photo_keys(dict(reversed(photos.items())), names)


# The queue


def test_a_table_names_photos_in_one_column():
    text = "거래유형,단지명,가격,사진\n매매,나다빌,3억5천,https://a.example/1.jpg https://a.example/2.jpg\n"

    (advert,) = read_table(text.encode(), "own.csv", source="own").adverts

    assert normalise_advert(advert).photos == ("https://a.example/1.jpg", "https://a.example/2.jpg")


class Album:
    """A web server of pictures; `answers` by the end of the address."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.calls: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.calls.append(str(request.url))
        status, content = self.answers.get(request.url.path, (404, b""))
        return httpx2.Response(status, content=content, headers={"content-type": "image/jpeg"})


@pytest.fixture
def album(monkeypatch, settings, tmp_path) -> Album:
    settings.MEDIA_ROOT = tmp_path
    album = Album()
    for number in range(1, 9):
        album.answers[f"/{number}.jpg"] = (200, jpeg(picture(number)))
    monkeypatch.setattr(services, "TRANSPORT", httpx2.MockTransport(album))
    monkeypatch.setattr(services, "PER_SECOND", 1_000)
    monkeypatch.setattr(services, "_resolve_again", lambda workspace_id, regions: resolved.append(regions))
    resolved: list[set[str]] = []
    album.resolved = resolved
    return album


def raw(platform: str, identifier: str, *photos: int, **fields) -> RawAdvert:
    base = {
        "trade": "매매",
        "property_type": "아파트",
        "complex_name": "가나래미",
        "price_text": "12억 3,000",
        "exclusive": "84.97",
        "floor": "중/25",
        "region_code": REGION,
        "photos": [f"https://photos.example.com/{number}.jpg" for number in photos],
    }
    return RawAdvert(platform, identifier, {**base, **fields})


def taken(workspace, *raws: RawAdvert) -> None:
    take_adverts(workspace, raws)
    resolve_regions(workspace, [REGION])
    services.photos_note(workspace, [REGION])


def test_photos_are_noted_once_fetched_and_hashed(workspace, album):
    taken(workspace, raw("own", "1", 1, 2))

    assert services.photos_note(workspace, [REGION]) == 0
    assert services.photos_fetch(workspace.pk) == 2
    assert services.photos_fetch(workspace.pk) == 0

    photos = list(Photo.objects.order_by("position"))
    assert [photo.state for photo in photos] == ["done", "done"]
    assert all(len(photo.dhash) == len(photo.phash) == 16 for photo in photos)
    assert album.resolved == [{REGION}]


def test_a_copy_is_kept_only_where_the_ground_allows_one(workspace, actor, album):
    legal_basis_record(actor, platform="naver", ground="other", details="Looking at photos is all that was agreed.")
    legal_basis_record(actor, platform="kb", ground="written_permission", details="Letter of 2026-10-02, office copy.")
    taken(workspace, raw("own", "1", 1), raw("naver", "2", 2), raw("kb", "3", 3), raw("dabang", "4", 4))

    services.photos_fetch(workspace.pk)

    kept = {photo.advert.platform: photo.file for photo in Photo.objects.select_related("advert")}
    assert {platform for platform, file in kept.items() if file} == {"own", "kb"}
    assert all(photo.dhash for photo in Photo.objects.all())
    assert default_storage.exists(services.path_of(Photo.objects.get(advert__platform="kb")))


def test_a_missing_photo_fails_and_a_busy_server_is_asked_again(workspace, album):
    album.answers["/2.jpg"] = (503, b"")
    album.answers["/3.jpg"] = (200, bomb(60_000, 60_000))
    taken(workspace, raw("own", "1", 2, 3, 77))

    services.photos_fetch(workspace.pk)

    by_url = {photo.url[-6:]: photo for photo in Photo.objects.all()}
    assert by_url["/2.jpg"].state == "waiting" and by_url["/2.jpg"].next_at > timezone.now()
    assert by_url["/3.jpg"].state == "failed" and "pixels" in by_url["/3.jpg"].problem
    assert by_url["77.jpg"].state == "failed" and "404" in by_url["77.jpg"].problem
    assert services.workspaces_with_photos() == []


def test_private_addresses_are_refused(workspace, album):
    taken(workspace, raw("own", "1", photos=["http://169.254.169.254/latest/1.jpg", "file:///etc/passwd"]))

    services.photos_fetch(workspace.pk)

    assert album.calls == []
    photo = Photo.objects.get()
    assert photo.state == "failed" and "not public" in photo.problem


def test_a_photo_no_longer_named_is_forgotten_with_its_copy(workspace, album, django_capture_on_commit_callbacks):
    taken(workspace, raw("own", "1", 1, 2))
    services.photos_fetch(workspace.pk)
    path = services.path_of(Photo.objects.get(position=1))

    take_adverts(workspace, [raw("own", "1", 1)])
    with django_capture_on_commit_callbacks(execute=True):
        services.photos_note(workspace, [REGION])

    assert Photo.objects.get().position == 0
    assert not default_storage.exists(path)


def test_shared_photos_join_two_adverts_that_else_stay_apart(workspace, album):
    there = {"complex_name": "", "property_type": "빌라", "latitude": 37.49, "longitude": 127.01, "floor": ""}
    taken(
        workspace,
        raw("own", "1", 1, 2, 3, price_text="3억", **there),
        raw("dabang", "2", 1, 2, 3, price_text="3억 1,000", **there),
    )
    before = Listing.objects.filter(state="live").count()

    services.photos_fetch(workspace.pk)
    resolve_regions(workspace, [REGION])

    assert services.photo_keys_of(list(Advert.objects.all()))
    assert Listing.objects.filter(state="live").count() <= before
    assert Listing.objects.filter(state="live").count() == 1


def test_the_page_shows_copies_and_where_else_they_stand(workspace, owner, album):
    taken(
        workspace,
        raw("own", "1", 1, floor="3/25", building_dong="101동"),
        raw("own", "2", 1, floor="9/25", building_dong="105동", price_text="20억"),
    )
    services.photos_fetch(workspace.pk)
    client = Client()
    client.force_login(owner)
    photo = Photo.objects.first()

    page = client.get(reverse("properties:listing-detail", args=[photo.advert.listing_id])).content.decode()
    file = client.get(reverse("properties:photo", args=[photo.pk]))

    other = Listing.objects.exclude(pk=photo.advert.listing_id).get()
    assert reverse("properties:photo", args=[photo.pk]) in page
    assert reverse("properties:listing-detail", args=[other.pk]) in page
    assert file["Content-Type"] == "image/jpeg" and b"".join(file.streaming_content)[:2] == b"\xff\xd8"


def test_strangers_see_no_photo(workspace, outsider, album):
    taken(workspace, raw("own", "1", 1))
    services.photos_fetch(workspace.pk)
    client = Client()
    client.force_login(outsider)

    assert client.get(reverse("properties:photo", args=[Photo.objects.get().pk])).status_code == 404


def test_the_store_holds_nothing_when_nothing_may_be_kept(workspace, album, settings):
    taken(workspace, raw("dabang", "4", 4))
    services.photos_fetch(workspace.pk)

    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
