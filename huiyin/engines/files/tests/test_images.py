"""Images are kept upright, small, and silent on where they were taken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from huiyin.base.kit.service import Refused
from huiyin.engines.files import images
from huiyin.engines.files.limits import IMAGE_SIDE, THUMBNAIL_SIDE

from . import samples

SECRETS = (b"SecretCamera", b"SecretComment", b"SecretXmp", b"Exif", b"http://", b"GPS")


def renewed(content: bytes, code: str, folder: Path) -> tuple[Image.Image, Image.Image, bytes]:
    """The image as kept, its thumbnail, and all bytes that are kept."""
    kept, small = folder / "kept", folder / "small"
    size = images.renew(io.BytesIO(content), code, kept, small)
    picture, thumbnail = Image.open(kept), Image.open(small)
    assert (size.width, size.height) == picture.size
    picture.load()
    thumbnail.load()
    return picture, thumbnail, kept.read_bytes() + small.read_bytes()


def test_a_photograph_taken_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    picture, thumbnail, _bytes = renewed(samples.located_photograph(size=(60, 40)), "jpeg", tmp_path)

    assert picture.size == (40, 60)
    assert thumbnail.size == (40, 60)
    red, white = picture.getpixel((20, 5)), picture.getpixel((20, 55))
    assert red == pytest.approx((255, 0, 0), abs=50)
    assert white == pytest.approx((255, 255, 255), abs=50)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_ways_to_hold_a_camera_are_turned_as_the_library_would(
    orientation: int, tmp_path: Path
) -> None:
    image = Image.new("RGB", (64, 32))
    image.paste("red", (0, 0, 32, 16))
    image.paste("blue", (32, 16, 64, 32))
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = io.BytesIO()
    image.save(source, "PNG", exif=exif)
    turns = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
    }  # fmt: skip
    turn = turns[orientation]

    picture, _thumbnail, _bytes = renewed(source.getvalue(), "png", tmp_path)

    expected = image if turn is None else image.transpose(turn)
    assert picture.convert("RGB").tobytes() == expected.tobytes()


def test_nothing_but_the_pixels_is_kept(tmp_path: Path) -> None:
    source = samples.located_photograph()
    assert all(secret in source for secret in SECRETS[:3])

    picture, _thumbnail, kept = renewed(source, "jpeg", tmp_path)

    assert not any(secret in kept for secret in SECRETS)
    assert not picture.getexif()
    assert "comment" not in picture.info


def test_texts_profiles_and_what_hides_behind_a_picture_are_gone(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = samples.picture("PNG")
    start = png.index(b"IDAT") - 4
    secret = chunk(b"tEXt", b"Author\0SecretAuthor") + chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0SecretExif")
    polyglot = (
        png[:start] + secret + png[start:] + samples.packed(("evil.class", b"SecretClass")) + b"<script>"
    )

    _picture, _thumbnail, kept = renewed(polyglot, "png", tmp_path)

    assert b"Secret" not in kept
    assert b"PK\x03\x04" not in kept
    assert b"<script>" not in kept


def test_a_large_picture_is_made_smaller_and_a_small_one_is_not_made_larger(tmp_path: Path) -> None:
    picture, thumbnail, _bytes = renewed(samples.picture(size=(5200, 1300)), "jpeg", tmp_path)
    assert picture.size == (IMAGE_SIDE, 640)
    assert thumbnail.size == (THUMBNAIL_SIDE, 80)

    picture, thumbnail, _bytes = renewed(samples.picture(size=(30, 20)), "jpeg", tmp_path)
    assert picture.size == thumbnail.size == (30, 20)


@pytest.mark.parametrize(
    ("form", "mode", "code"),
    [
        ("PNG", "RGBA", "png"), ("PNG", "P", "png"), ("PNG", "1", "png"), ("PNG", "L", "png"), ("PNG", "LA", "png"),
        ("PNG", "I;16", "png"), ("PNG", "RGB", "png"), ("GIF", "P", "gif"), ("GIF", "L", "gif"), ("GIF", "RGB", "gif"),
        ("WEBP", "RGBA", "webp"), ("WEBP", "RGB", "webp"), ("JPEG", "L", "jpeg"), ("JPEG", "CMYK", "jpeg"),
    ],
)  # fmt: skip
def test_pictures_of_every_make_are_kept_in_their_format(
    form: str, mode: str, code: str, tmp_path: Path
) -> None:
    picture, thumbnail, _bytes = renewed(samples.picture(form, mode=mode), code, tmp_path)

    assert picture.format == form
    assert thumbnail.format == "JPEG"
    assert picture.size == (64, 48)


def test_sixteen_bit_grey_keeps_its_shades(tmp_path: Path) -> None:
    picture, _thumbnail, _bytes = renewed(samples.picture("PNG", mode="I;16", colour=32768), "png", tmp_path)

    assert picture.getpixel((1, 1)) == 128


def test_what_is_transparent_is_white_in_the_thumbnail(tmp_path: Path) -> None:
    _picture, thumbnail, _bytes = renewed(
        samples.picture("PNG", mode="RGBA", colour=(0, 0, 0, 0)), "png", tmp_path
    )

    assert thumbnail.getpixel((5, 5)) == (255, 255, 255)


def test_only_the_first_picture_of_an_animation_is_kept(tmp_path: Path) -> None:
    target = io.BytesIO()
    frames = [Image.new("P", (8, 8), n) for n in range(5)]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])

    picture, _thumbnail, _bytes = renewed(target.getvalue(), "gif", tmp_path)

    assert getattr(picture, "n_frames", 1) == 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_description_does_not_spoil_the_picture(tmp_path: Path) -> None:
    source = samples.located_photograph()
    at = source.index(b"Exif\0\0") + 6
    broken = source[:at] + b"MM\0*\xff\xff\xff\xff" + source[at + 8 :]

    picture, _thumbnail, _bytes = renewed(broken, "jpeg", tmp_path)

    assert picture.size == (60, 40)


@pytest.mark.parametrize("length", [4, 20, 200, 600, 0.5, 0.9])
def test_a_picture_cut_short_is_refused(length: float, tmp_path: Path) -> None:
    image = Image.effect_noise((200, 200), 90)
    target = io.BytesIO()
    image.save(target, "JPEG")
    content = target.getvalue()
    cut = content[: int(length * len(content)) if length < 1 else int(length)]

    with pytest.raises(Refused) as refusal:
        renewed(cut, "jpeg", tmp_path)

    assert refusal.value.code == "file-damaged"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(10_000, 10_000), (65_000, 1_000), (20_000, 10_000)])
def test_a_picture_of_too_many_pixels_is_refused_undecoded(size: tuple[int, int], tmp_path: Path) -> None:
    bomb = samples.huge_png(*size)
    assert len(bomb) < 1024 * 1024

    with pytest.raises(Refused) as refusal:
        renewed(bomb, "png", tmp_path)

    assert refusal.value.code == "image-too-large"


def test_a_picture_is_read_only_by_the_decoder_of_its_kind(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        renewed(samples.picture("TIFF"), "jpeg", tmp_path)

    assert refusal.value.code == "file-damaged"
