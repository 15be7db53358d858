"""Pictures that people send: read with suspicion and drawn anew without their metadata.

Drawing anew is what makes a photo safe to show: nothing of the sent file survives but its
pixels, so neither the place and owner in its EXIF nor a script hidden behind the picture.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_SIDE: Final = 2048
"""Pixels of the longer side as kept."""
MAX_PIXELS: Final = 60_000_000
"""Of the sent picture: the largest phones make 50 million; a bomb declares thousands of them."""
MAX_PIXELS_UNPACKED: Final = 16_000_000
"""Of a PNG or WebP, which only unpacks whole (a JPEG is read at a fraction of its size)."""
MAX_BYTES: Final = 12 * 1024 * 1024
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MIMETYPE: Final = "image/jpeg"
_one_at_a_time = threading.Lock()
"""Unpacked photos are large: a crowd of them must not fill the memory."""


class PhotoError(ValueError):
    """Why a file is not taken; `code`: too_large | too_many_pixels | not_a_photo."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Photo:
    """A photo as it will be kept."""

    data: bytes
    width: int
    height: int


def read(data: bytes, max_side: int = MAX_SIDE) -> Photo:
    """Draw a sent file anew: upright, its longer side at most `max_side` pixels, JPEG, no
    metadata. Raises PhotoError."""
    if len(data) > MAX_BYTES:
        raise PhotoError("too_large")
    with _opened(data) as sent:
        limit = MAX_PIXELS if sent.format == "JPEG" else MAX_PIXELS_UNPACKED
        if sent.width * sent.height > limit:
            raise PhotoError("too_many_pixels")
        sent.draft("RGB", (max_side, max_side))
        with _one_at_a_time:
            return _drawn(sent, max_side)


def pixels_of(data: bytes) -> int:
    """How many pixels a sent file says it has; nothing is unpacked. Raises PhotoError."""
    with _opened(data) as sent:
        return sent.width * sent.height


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Only the head is read, so the size is known before anything is unpacked."""
    try:
        with warnings.catch_warnings():
            # Pillow warns at 89 million pixels and refuses at twice that.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as sent:
                yield sent
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError("too_many_pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError):
        # Pillow's readers tell of broken files in all these ways.
        raise PhotoError("not_a_photo") from None


def _drawn(sent: Image.Image, max_side: int) -> Photo:
    upright = ImageOps.exif_transpose(sent)
    upright.thumbnail((max_side, max_side))
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        plain = Image.new("RGB", seen.size, "white")
        plain.paste(seen, mask=seen.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    target = io.BytesIO()
    # Into a picture of its own: `info` of the sent one may hold EXIF, comments and profiles.
    clean = Image.new("RGB", plain.size)
    clean.paste(plain)
    clean.save(target, "JPEG", quality=82, optimize=True)
    return Photo(target.getvalue(), clean.width, clean.height)
