"""What a file is follows from its content; what is unknown, dangerous or mislabelled is not taken."""

from __future__ import annotations

import io

import pytest

from huiyin.base.kit.service import Refused
from huiyin.engines.files.signatures import ACCEPT, recognise

from . import samples

HONEST = {
    "photo.jpg": (samples.picture(), "image/jpeg"),
    "photo.JPEG": (samples.picture(), "image/jpeg"),
    "plan.png": (samples.picture("PNG"), "image/png"),
    "sign.gif": (samples.picture("GIF", mode="P"), "image/gif"),
    "shot.webp": (samples.picture("WEBP"), "image/webp"),
    "letter.pdf": (samples.PDF, "application/pdf"),
    "letter.docx": (
        samples.office(),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "list.xlsx": (
        samples.office("xl/workbook.xml"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "talk.pptx": (
        samples.office("ppt/presentation.xml"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "letter.odt": (samples.open_document(), "application/vnd.oasis.opendocument.text"),
    "letter.doc": (samples.compound("Root Entry", "WordDocument"), "application/msword"),
    "letter.wps": (samples.compound("Root Entry", "WordDocument"), "application/msword"),
    "list.xls": (samples.compound("Root Entry", "Workbook"), "application/vnd.ms-excel"),
    "note.txt": ("漏水，三栋二单元501。".encode(), "text/plain"),
    "old.txt": ("漏水，三栋二单元501。".encode("gb18030"), "text/plain"),
    "fees.csv": ("\ufeff房号,金额\n3-2-501,120.50\n".encode(), "text/csv"),
    "call.mp3": (samples.MP3, "audio/mpeg"),
    "song.mp3": (samples.MP3_TAGGED, "audio/mpeg"),
    "call.wav": (samples.WAV, "audio/wav"),
    "call.amr": (samples.AMR, "audio/amr"),
    "call.m4a": (samples.movie(b"M4A "), "audio/mp4"),
    "memo.m4a": (samples.movie(b"mp42"), "audio/mp4"),
    "leak.mp4": (samples.movie(b"isom"), "video/mp4"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_recognised(name: str) -> None:
    content, content_type = HONEST[name]

    assert recognise(io.BytesIO(content), name).content_type == content_type


HOSTILE = {
    "a program": ("tool.exe", b"MZ\x90\0\x03" + bytes(200), "file-kind"),
    "a program called a picture": ("cat.jpg", b"MZ\x90\0\x03" + bytes(200), "file-kind"),
    "a program of Linux": ("cat.png", b"\x7fELF\x02\x01\x01" + bytes(200), "file-kind"),
    "a page called a picture": ("cat.jpg", b"<!DOCTYPE html><script>alert(1)</script>", "file-kind"),
    "a page called a text": ("note.txt", b"  \n<html><body onload=alert(1)>", "file-kind"),
    "a page behind a byte order mark": ("note.txt", "\ufeff<html>".encode(), "file-kind"),
    "a drawing that may run scripts": ("logo.svg", b"<svg xmlns='x'><script/></svg>", "file-kind"),
    "such a drawing called a picture": ("logo.png", b"<?xml version='1.0'?><svg/>", "file-kind"),
    "a script called a text": ("note.txt", b"#!/bin/sh\nrm -rf /\n", "file-kind"),
    "a script by its right name": ("run.js", b"alert(1)\n", "file-mismatch"),
    "a batch file": ("run.bat", b"del c:\\\n", "file-mismatch"),
    "a shortcut": ("x.lnk", b"L\0\0\0\x01\x14\x02\0" + bytes(60), "file-kind"),
    "a plain archive": ("x.zip", samples.packed(("a.txt", b"a")), "file-kind"),
    "a plain archive called a document": ("x.docx", samples.packed(("a.txt", b"a")), "file-kind"),
    "an app of a phone": (
        "x.apk",
        samples.packed(("AndroidManifest.xml", b"a"), ("classes.dex", b"a")),
        "file-kind",
    ),
    "a picture called a document": ("x.pdf", samples.picture(), "file-mismatch"),
    "a document called a picture": ("x.jpg", samples.PDF, "file-mismatch"),
    "a spreadsheet called a letter": ("x.docx", samples.office("xl/workbook.xml"), "file-mismatch"),
    "a program behind two endings": ("invoice.pdf.exe", samples.PDF, "file-mismatch"),
    "macros": ("x.docx", samples.office("word/document.xml", ("word/vbaProject.bin", b"x")), "file-macros"),
    "macros by their name": (
        "x.docm",
        samples.office("word/document.xml", ("word/vbaProject.bin", b"x")),
        "file-macros",
    ),
    "old macros": ("x.xls", samples.compound("Root Entry", "Workbook", "_VBA_PROJECT_CUR"), "file-macros"),
    "an installer": ("x.doc", samples.compound("Root Entry", "\u4840\u3b3f"), "file-kind"),
    "half an OLE file": ("x.doc", samples.compound("WordDocument")[:40], "file-damaged"),
    "half a zip file": ("x.docx", samples.office()[:60], "file-damaged"),
    "an endless OLE directory": (
        "x.doc",
        samples.compound("R")[:76] + b"\0" * 436 + b"\x01\0\0\0" * 128 * 3,
        "file-kind",
    ),
    "a picture of a phone": ("IMG_1.HEIC", samples.movie(b"heic"), "file-phone-picture"),
    "a movie nobody can play": ("x.mp4", samples.movie(b"qt  "), "file-kind"),
    "rubbish": ("x.bin", bytes(range(256)) * 4, "file-kind"),
    "a text with control characters": ("x.txt", b"abc\x00def", "file-kind"),
    "a text that turns binary late": ("x.txt", b"a" * 70_000 + b"\0", "file-kind"),
    "half a character": ("x.txt", b"abc\x81", "file-kind"),
    "nothing": ("x.txt", b"", "file-kind"),
    "a sound that is none": ("x.mp3", b"\xff\xff\xff\xff" + bytes(60), "file-kind"),
    "an unknown member of a known family": ("x.wav", b"RIFF\x24\0\0\0AVI LIST" + bytes(30), "file-kind"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_unknown_or_dangerous_or_mislabelled_is_refused(what: str) -> None:
    name, content, code = HOSTILE[what]

    with pytest.raises(Refused) as refusal:
        recognise(io.BytesIO(content), name)

    assert refusal.value.code == code
    assert refusal.value.message


def test_a_document_that_unpacks_to_gigabytes_is_refused() -> None:
    bomb = samples.office("word/document.xml", ("word/media.xml", bytes(210 * 1024 * 1024)))
    assert len(bomb) < 1024 * 1024

    with pytest.raises(Refused) as refusal:
        recognise(io.BytesIO(bomb), "bomb.docx")

    assert refusal.value.code == "file-bomb"


def test_a_document_of_countless_parts_is_refused_before_they_are_read() -> None:
    many = samples.packed(("[Content_Types].xml", b""), *((f"{n}.xml", b"") for n in range(5001)))

    with pytest.raises(Refused) as refusal:
        recognise(io.BytesIO(many), "many.docx")

    assert refusal.value.code == "file-bomb"


@pytest.mark.parametrize(
    "ending", ["exe", "js", "html", "htm", "svg", "bat", "sh", "docm", "zip", "heic", "xml"]
)
def test_the_file_picker_does_not_offer_what_is_refused(ending: str) -> None:
    assert f".{ending}" not in ACCEPT.split(",")


def test_every_beginning_of_every_honest_file_is_taken_or_refused_but_never_crashes() -> None:
    for name, (content, _type) in HONEST.items():
        for length in [*range(0, min(len(content), 700), 7)]:
            try:
                recognise(io.BytesIO(content[:length]), name)
            except Refused:
                continue
