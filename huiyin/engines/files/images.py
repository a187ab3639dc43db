"""Images, decoded and written anew: upright, no larger than needed, silent on where they were taken."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _
from PIL import Image

from huiyin.base.kit.service import Refused

from .limits import IMAGE_PIXELS, IMAGE_SIDE, THUMBNAIL_SIDE

QUALITY = 88
FORMATS = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "gif": ("GIF",), "webp": ("WEBP",)}
_KEPT = {"L", "LA", "RGB", "RGBA"}
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ONE_AT_A_TIME = threading.Lock()
"""A decoded image takes up to four bytes a pixel: several at once could exhaust a small machine."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, as kept."""

    width: int
    height: int


def renew(source: BinaryIO, code: str, image_path: Path, thumbnail_path: Path) -> Size:
    """Write the image and its thumbnail (always jpeg) to the two paths; only the first picture of several.

    Refused when it has too many pixels or is damaged. Nothing but the pixels is taken over: no
    place, no camera, no comment, nothing hidden behind the picture.
    """
    source.seek(0)
    try:
        with _ONE_AT_A_TIME, Image.open(source, formats=FORMATS[code]) as opened:
            if opened.width * opened.height > IMAGE_PIXELS:
                raise _too_many()
            if code == "jpeg":
                opened.draft("RGB", (IMAGE_SIDE, IMAGE_SIDE))
            picture = _plain(opened)
            _save(picture, FORMATS[code][0], image_path)
            _save(_thumbnail(picture), "JPEG", thumbnail_path)
            return Size(picture.width, picture.height)
    except Image.DecompressionBombError as error:
        raise _too_many() from error
    except Refused:
        raise
    except Exception as error:
        # A decoder fed with rubbish may raise anything; to whoever sent it, it is one and the same.
        raise Refused("file-damaged", _("The picture is damaged.")) from error


def _too_many() -> Refused:
    return Refused(
        "image-too-large",
        _("The picture has too many pixels (at most %(limit)s million)."),
        params={"limit": IMAGE_PIXELS // 1_000_000},
    )


def _plain(opened: Image.Image) -> Image.Image:
    """The pixels alone: upright, in few colour modes, within the largest size."""
    turn = _TURNS.get(_orientation(opened))
    picture: Image.Image = opened
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")
    elif picture.mode in ("P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode not in _KEPT:
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    picture.thumbnail((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare.transpose(turn) if turn is not None else bare


def _orientation(opened: Image.Image) -> int:
    """How the camera was held, as the description of the picture says; 1 (upright) where it says nothing."""
    try:
        said = opened.getexif().get(_ORIENTATION)
    except Exception:  # a damaged description does not spoil the picture
        return 1
    return said if isinstance(said, int) else 1


def _thumbnail(picture: Image.Image) -> Image.Image:
    """A small copy on white."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    if small.mode in ("L", "RGB"):
        return small
    coloured = small.convert("RGBA")
    ground = Image.new("RGB", coloured.size, "white")
    ground.paste(coloured, mask=coloured.getchannel("A"))
    return ground


def _save(picture: Image.Image, format_name: str, path: Path) -> None:
    if format_name == "JPEG" and picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    options: dict[str, int | bool] = {"quality": QUALITY} if format_name in ("JPEG", "WEBP") else {}
    with path.open("wb") as target:
        picture.save(target, format=format_name, **options)
