"""Reading pictures: with a reader on the path, without one, and what is believed of its text."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from properties.images import ocr
from properties.images.decode import BadPicture
from properties.models import Listing

CARD = """가나래마 아파트 103동
매매 12억 3,000
전용 84.970 공급 112.39㎡
12/25층 남동향 방 3
서울시 서초구 방배동 1-1
"""


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name on the path: answers as tesseract does, and keeps what it was given."""
    program = tmp_path / "tesseract"
    (tmp_path / "card.txt").write_text(CARD)
    program.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = "--list-langs" ]; then cat {tmp_path}/langs; exit 0; fi\n'
        f'echo "$@" > {tmp_path}/arguments; cat > {tmp_path}/picture; cat {tmp_path}/card.txt\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "langs").write_text("List of available languages (2):\neng\nkor\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return tmp_path


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def png() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(buffer, "PNG")
    return buffer.getvalue()


def test_without_a_reader_it_says_what_to_install(nothing):
    assert not ocr.is_available()
    with pytest.raises(ocr.OcrUnavailable) as caught:
        ocr.read_picture(png())
    assert "tesseract-ocr-kor" in caught.value.remedy


def test_a_reader_without_korean_does_not_count(tesseract):
    (tesseract / "langs").write_text("List of available languages (1):\neng\n")

    with pytest.raises(ocr.OcrUnavailable, match="Korean"):
        ocr.reader()


def test_the_reader_is_asked_in_korean_with_a_clean_picture(tesseract):
    assert ocr.read_picture(png()) == CARD

    assert (tesseract / "arguments").read_text().split() == ["stdin", "stdout", "-l", "kor+eng", "--psm", "6"]
    assert (tesseract / "picture").read_bytes().startswith(b"\x89PNG")


def test_what_is_no_picture_never_reaches_the_reader(tesseract):
    with pytest.raises(BadPicture):
        ocr.read_picture(b"%PDF-1.7")
    assert not (tesseract / "picture").exists()


def test_a_failing_reader_is_an_error_and_no_empty_text(tesseract):
    (tesseract / "tesseract").write_text(
        f'#!/bin/sh\n[ "$1" = "--list-langs" ] && cat {tesseract}/langs && exit 0\nexit 1\n'
    )

    with pytest.raises(ocr.OcrUnavailable, match="failed"):
        ocr.read_picture(png())


def test_the_grammars_decide_what_is_believed():
    reading = ocr.read_fields(CARD, ["가나래미", "다라하이츠"])

    assert reading.fields == {
        "complex_name": "가나래미",  # one letter was misread
        "building_dong": "103동",
        "trade": "sale",
        "price_text": "12억 3,000",
        "exclusive": 84.97,  # ㎡ came out as 0
        "supply": 112.39,
        "floor": "12",
        "floor_total": 25,
        "direction": "SE",
        "rooms": 3,
        "address": "서울시 서초구 방배동 1-1",
    }


@pytest.mark.parametrize("text", ["010-1234-5678 문의", "조회수 12,345", "등록 2026.11.21", "No. 4821"])
def test_numbers_alone_are_no_price(text):
    assert "price_text" not in ocr.read_fields(text).fields


def test_deposit_and_rent_are_a_monthly_let():
    assert ocr.read_fields("5,000/60 고/15층").fields == {
        "price_text": "5,000/60",
        "trade": "monthly",
        "floor": "고",
        "floor_total": 15,
    }


@pytest.fixture
def browser(owner, workspace) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def upload(browser: Client, content: bytes):
    return browser.post(reverse("properties:picture-read"), {"file": SimpleUploadedFile("card.png", content)})


def test_the_page_fills_the_form_for_a_person_to_check(browser, tesseract):
    page = upload(browser, png())

    text = page.content.decode()
    assert page.status_code == 200
    assert 'value="12억 3,000"' in text and 'value="84.97"' in text
    assert not Listing.objects.exists()


def test_the_page_says_so_without_a_reader(browser, nothing):
    assert "tesseract-ocr-kor" in browser.get(reverse("properties:import")).content.decode()

    answer = upload(browser, png())

    assert answer.status_code == 422 and "tesseract-ocr-kor" in answer.content.decode()
