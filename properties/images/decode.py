"""Pictures from strangers become pixels only within bounds: known formats, few enough pixels, first frame."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 12 * 1024 * 1024
#: Decoding needs 3 bytes a pixel, so this bounds the memory of one picture at 150 MB.
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
KEPT_SIDE = 1600
#: Hashes with hardly any bit set (or unset) come from blank walls and placeholders and say nothing.
MIN_BITS = 6


class BadPicture(ValueError):
    """The bytes are no picture that may be opened; its text says why."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """Size in pixels, and 64-bit hashes in hexadecimal."""

    width: int
    height: int
    dhash: str
    phash: str


def open_picture(content: bytes) -> Any:
    """The first frame as an RGB image, turned upright. `BadPicture` before any pixel of a bomb is decoded."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(content) > MAX_BYTES:
        raise BadPicture(f"The picture is larger than {MAX_BYTES // 1024 // 1024} MB.")
    try:
        with warnings.catch_warnings():
            # The size is checked right below, before decoding.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
        width, height = picture.size
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise BadPicture(f"The picture has {width} × {height} pixels, more than may be opened.")
        # JPEG can be decoded at a fraction of its size; nothing here needs more.
        picture.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
        picture.load()
        return ImageOps.exif_transpose(picture).convert("RGB")
    except UnidentifiedImageError:
        raise BadPicture("This is no JPEG, PNG, WebP or GIF picture.") from None
    except Image.DecompressionBombError:
        raise BadPicture("The picture has more pixels than may be opened.") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, BadPicture):
            raise
        raise BadPicture("The picture is damaged.") from None


def hashes_of(picture: Any) -> Hashes:
    """Hashes that survive scaling, recompression and small marks (imagehash, 64 bits)."""
    import imagehash

    return Hashes(picture.width, picture.height, str(imagehash.dhash(picture)), str(imagehash.phash(picture)))


def small_copy(picture: Any) -> bytes:
    """A JPEG of at most 1600 pixels without any metadata: where a photo was taken is nobody's business."""
    from PIL import Image

    copy = picture.copy()
    copy.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=82, optimize=True)
    return buffer.getvalue()


def distance(one: str, other: str) -> int:
    """Bits in which two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def says_something(dhash: str) -> bool:
    """Whether a hash can tell pictures apart at all."""
    return bool(dhash) and MIN_BITS <= int(dhash, 16).bit_count() <= 64 - MIN_BITS
