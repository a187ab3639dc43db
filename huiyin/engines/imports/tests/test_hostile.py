"""Files made to harm, and files that are something else than they say."""

import gzip
import io
import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from huiyin.engines.imports.limits import Limits
from huiyin.engines.imports.problems import BadFile
from huiyin.engines.imports.sheets import Table, open_table

from .files import PLAIN, TITLES, inline, ods, ods_cell, repacked, title_row, with_sheet, xlsx
from .old_office import compound, record, xls, xls_stream

GOOD = xlsx([TITLES, ["1", "a", "b", "2024-01-02 03:04", 5]])


def opened(data: bytes, **more: object) -> Table:
    return open_table(data, filename="a.xlsx", expected=PLAIN, **more)  # type: ignore[arg-type]


def refusal(data: bytes, **more: object) -> BadFile:
    with pytest.raises(BadFile) as caught:
        opened(data, **more)
    assert caught.value.text() and "%(" not in caught.value.text()
    return caught.value


@pytest.mark.parametrize("data", [b"", b"  \r\n\t", b"\0" * 500])
def test_an_empty_file_is_refused_as_empty(data: bytes) -> None:
    assert refusal(data).code == "empty"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7 ...", "not-spreadsheet"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not-spreadsheet"),
        (b"\xff\xd8\xff\xe0" + os.urandom(500), "not-spreadsheet"),
        (b"MZ" + os.urandom(2000), "not-spreadsheet"),
        (b"Rar!\x1a\x07" + b"\0" * 50, "not-spreadsheet"),
        (b"{\\rtf1 ...}", "not-spreadsheet"),
        (random.Random(1).randbytes(20_000), "not-spreadsheet"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\0" * 200, "old-binary"),
        (b"<?xml version='1.0'?><note>hello</note>", "not-spreadsheet"),
        (b"<html><body><p>Please log in</p></body></html>", "no-table"),
        (
            b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook></Workbook>',
            "xml-sheet",
        ),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (b"PK\x05\x06" + b"\0" * 18, "archive"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:-10], "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 2000, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "damaged"),
        (compound({"WordDocument": b"x"}), "not-spreadsheet"),
        (compound({"Something": b"x"}), "not-spreadsheet"),
        (compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), "password"),
        (xls({"a": [["x"]]}, locked=True), "password"),
        (compound({"Workbook": xls_stream({"a": [["x"]]}), "_VBA_PROJECT_CUR": b""}), "macros"),
        (repacked(GOOD, {"xl/vbaProject.bin": b"x"}), "macros"),
        (repacked(GOOD, {"xl/workbook.xml": None, "word/document.xml": b"<x/>"}), "not-spreadsheet"),
        (repacked(GOOD, {"xl/workbook.xml": None, "xl/workbook.bin": b"x"}), "old-binary"),
        (repacked(GOOD, {"xl/workbook.xml": None, "a.txt": b"x"}), "archive"),
        (repacked(GOOD, {"xl/worksheets/sheet1.xml": None}), "damaged"),
        (repacked(GOOD, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"}), "damaged"),
        (ods("", mimetype="application/vnd.oasis.opendocument.text"), "not-spreadsheet"),
        (gzip.compress(GOOD, mtime=0), "archive"),
        (gzip.compress(b"a,b\n" * 1000, mtime=0)[:-20], "damaged"),
        (gzip.compress(b"", mtime=0), "empty"),
        ('编号,标题\n1,"a\n2,b\n'.encode(), "open-quote"),
        ("一,二\n1,2\n".encode(), "no-header"),
        ("编号,数量\n1,2\n".encode(), "missing-columns"),
        ("编号,标题,编号\n1,2,3\n".encode(), "duplicate-columns"),
    ],
)
def test_what_is_no_readable_table_is_refused_with_its_reason(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_the_kind_of_a_refused_file_is_translated_with_its_message() -> None:
    words = {
        "This is not a spreadsheet but %(kind)s.": "这不是表格，而是%(kind)s。",
        "a PDF document": "PDF 文档",
    }
    assert refusal(b"%PDF-1.7").text(words.__getitem__) == "这不是表格，而是PDF 文档。"


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be opened"):
        open_table(tmp_path / "nothing.xlsx", filename="nothing.xlsx", expected=PLAIN)


def test_the_type_comes_from_the_content_and_not_from_the_name() -> None:
    text = "编号,标题\n1,a\n".encode()
    for name in ("a.xlsx", "a.pdf", "no name"):
        assert open_table(text, filename=name, expected=PLAIN).kind == "csv"
    assert open_table(GOOD, filename="a.csv", expected=PLAIN).kind == "xlsx"
    assert open_table(xls({"a": [list(TITLES), ["1", "a"]]}), filename="a.csv", expected=PLAIN).kind == "xls"


def test_a_file_above_the_size_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(BadFile) as caught:
        open_table(path, filename="big.csv", expected=PLAIN)
    assert caught.value.code == "too-large" and "32" in caught.value.text()
    assert refusal(b"x" * 2000, limits=Limits(file_bytes=1000)).code == "too-large"


def test_a_zip_bomb_is_refused_by_what_it_declares() -> None:
    bomb = repacked(GOOD, {"xl/media/x.bin": b"\0" * 300_000_000}, level=1)
    assert len(bomb) < 5_000_000
    started = time.process_time()
    assert refusal(bomb).code == "unpacked-too-large"
    assert time.process_time() - started < 3


def test_a_zip_bomb_that_lies_about_its_size_is_refused_too() -> None:
    bomb = bytearray(repacked(GOOD, {"xl/worksheets/sheet1.xml": b"<a>" + b" " * 3_000_000}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        start = bomb.find(b"xl/worksheets/sheet1.xml", bomb.find(mark))
        while start >= 0:
            header = bomb.rfind(mark, 0, start)
            place = header + (22 if mark == b"PK\x03\x04" else 24)
            if header >= 0 and start - header < 60:
                bomb[place : place + 4] = (500).to_bytes(4, "little")
            start = bomb.find(b"xl/worksheets/sheet1.xml", start + 1)
    assert refusal(bytes(bomb)).code == "damaged"
    assert refusal(GOOD, limits=Limits(unpacked_bytes=2000)).code == "unpacked-too-large"


def test_a_gzip_bomb_is_refused() -> None:
    assert (
        refusal(gzip.compress(b"a,b\n" * 1_000_000, mtime=0), limits=Limits(unpacked_bytes=1_000_000)).code
        == "unpacked-too-large"
    )


def test_two_values_in_far_corners_do_not_fill_the_memory() -> None:
    far = title_row() + b'<row r="1048576">' + inline("D1048576", "x") + b"</row>"
    assert refusal(with_sheet(far), limits=Limits(cells=1_000_000)).code == "too-many-cells"
    assert (
        refusal(with_sheet(title_row() + b'<row r="2">' + inline("XFD2", "x") + b"</row>")).code
        == "too-many-columns"
    )
    assert (
        refusal(with_sheet(title_row() + b'<row r="2"><c r="A9999999999"><v>1</v></c></row>')).code
        == "damaged"
    )


def test_cells_hidden_from_a_careless_scan_are_seen() -> None:
    far = '<c foo=">" r="XFD1048576" t="n"><v>1</v></c>'
    tricks = [
        far,
        f'<!-- <c r="A1" --> {far} <!-- -->',
        '<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="XFD1048576"><x:v>1</x:v></x:c>',
        '<row r="1048576" x=">"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="2"/><row r="3" ><c r="A3" s="1"/></row><row r="1048576"><c r="XFD1048576" s="1"><f>1</f><v>1</v></c></row>',
        '<row r="1048576"><c r="XFC1048576"/><c><v>1</v></c></row>',
    ]
    for trick in tricks:
        body = trick if trick.startswith("<row") else f'<row r="2">{trick}</row>'
        assert refusal(with_sheet(title_row() + body.encode())).code in ("too-many-columns", "too-many-cells")


def test_a_sheet_in_another_encoding_or_with_entities_is_refused() -> None:
    sheet = '<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData/></worksheet>'.encode("utf-16")
    assert refusal(repacked(GOOD, {"xl/worksheets/sheet1.xml": sheet})).code == "damaged"
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><styleSheet>&b;</styleSheet>'
    for part in ("xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml", "docProps/core.xml"):
        assert refusal(repacked(GOOD, {part: entity})).code == "damaged"


def test_one_long_text_used_a_million_times_is_refused() -> None:
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % row for row in range(2, 20_000))
    bomb = with_sheet(
        title_row() + b'<row r="2">' + cells + b"</row>", shared=b"<si><t>" + b"x" * 32_000 + b"</t></si>"
    )
    assert len(bomb) < 200_000
    assert refusal(bomb).code == "too-much-text"
    fair = with_sheet(
        title_row() + b'<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="s"><v>1</v></c></row>',
        shared=b"<si><t>" + b"x" * 900 + b"</t></si><si><t>y</t></si>",
    )
    assert next(opened(fair, limits=Limits(text_chars=1000)).rows()).values["code"] == "y"


def test_a_million_phantom_rows_are_passed_over_quickly() -> None:
    rows = b"".join(
        b'<row r="%d" spans="1:5"><c r="A%d" s="0"/><c r="B%d" s="0"/><c r="C%d" s="0"/></row>' % (n, n, n, n)
        for n in range(3, 1_000_003)
    )
    data = with_sheet(
        title_row() + b'<row r="2">' + inline("A2", "1") + inline("B2", "x") + b"</row>" + rows, level=1
    )
    started = time.process_time()
    table = opened(data)
    found = list(table.rows())
    assert time.process_time() - started < 10
    assert (table.row_count, len(found), table.phantom_rows) == (1, 1, 1_000_000)


def test_a_million_rows_of_empty_texts_are_passed_over_too() -> None:
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t></t></is></c></row>' % (n, n) for n in range(3, 300_000)
    )
    data = with_sheet(
        title_row() + b'<row r="2">' + inline("A2", "1") + inline("B2", "x") + b"</row>" + rows, level=1
    )
    table = opened(data)
    assert (table.row_count, table.blank_rows) == (1, 299_997)


def test_too_many_rows_sheets_and_columns_are_refused() -> None:
    text = "编号,标题\n" + "1,a\n" * 101
    assert refusal(text.encode(), limits=Limits(rows=100)).code == "too-many-rows"
    assert opened(text.encode(), limits=Limits(rows=101)).row_count == 101
    wide = "编号,标题," + ",".join(f"x{n}" for n in range(300)) + "\n"
    assert refusal(wide.encode()).code == "too-many-columns"
    assert refusal(xls({f"s{n}": [["x"]] for n in range(70)})).code == "too-many-sheets"
    names = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="rId1"/>' for n in range(70))
    book = (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"<sheets>{names}</sheets></workbook>"
    )
    assert refusal(repacked(GOOD, {"xl/workbook.xml": book.encode()})).code == "too-many-sheets"


@pytest.mark.parametrize("claim", ["uniqueCount", "count"])
def test_a_text_table_that_claims_billions_is_refused_before_memory_is_set_aside(claim: str) -> None:
    table = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" {claim}="4294967295"/>'
    assert (
        refusal(repacked(with_sheet(title_row()), {"xl/sharedStrings.xml": table.encode()})).code == "damaged"
    )


def test_an_xls_whose_header_claims_more_than_there_is_is_refused() -> None:
    honest = xls({"a": [list(TITLES), ["1", "x"]]})
    assert [row.values["title"] for row in opened(honest).rows()] == ["x"]
    directory = 512 + 512 * int.from_bytes(honest[48:52], "little")
    for place in (40, 44, 64, directory + 120, directory + 128 + 120):
        forged = honest[:place] + b"\xff\xff\xff\x7f" + honest[place + 4 :]
        assert refusal(forged).code == "damaged"
    strings = honest.find(b"\xfc\x00")
    forged = honest[: strings + 8] + b"\xff\xff\xff\x7f" + honest[strings + 12 :]
    assert refusal(forged).code == "damaged"
    looped = bytearray(honest)
    fat = 512 + 512 * int.from_bytes(honest[76:80], "little")
    looped[fat + 4 : fat + 8] = (0).to_bytes(4, "little")
    assert refusal(bytes(looped)).code == "damaged"


def test_an_xls_that_claims_or_repeats_too_much_is_refused() -> None:
    corner = record(0x203, b"\xff\xff\xff\x00\x00\x00" + b"\0" * 8)
    assert refusal(xls({"a": [list(TITLES)]}, extra=corner)).code == "too-many-cells"
    claim = record(0x200, b"\0\0\0\0\xff\xff\xff\xff\0\0\xff\xff\0\0")
    assert refusal(xls({"a": [list(TITLES)]}, extra=claim)).code == "damaged"
    long = [[*TITLES], ["x" * 30_000]]
    again = b"".join(record(0xFD, (2 + n).to_bytes(2, "little") + b"\0\0\0\0\5\0\0\0") for n in range(20_000))
    assert refusal(xls({"a": long}, extra=again)).code in ("too-much-text", "damaged")


def test_an_ods_that_repeats_too_much_is_refused() -> None:
    head = "<table:table-row>" + "".join(ods_cell(title) for title in TITLES) + "</table:table-row>"
    wide = ods_cell("x", 'table:number-columns-repeated="16384"')
    assert refusal(ods(f"{head}<table:table-row>{wide}</table:table-row>")).code == "too-many-columns"
    many = f'<table:table-row table:number-rows-repeated="9000000">{ods_cell("x")}</table:table-row>'
    assert refusal(ods(head + many)).code == "too-many-cells"
    long = f'<table:table-row table:number-rows-repeated="100000">{ods_cell("x" * 3000)}</table:table-row>'
    assert refusal(ods(head + long)).code == "too-much-text"
    calm = (
        f"{head}<table:table-row>{ods_cell('1')}{ods_cell('a')}"
        '<table:table-cell table:number-columns-repeated="16380"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert [row.values["title"] for row in opened(ods(calm)).rows()] == ["a"]


def test_a_web_page_made_to_be_slow_is_read_in_one_go() -> None:
    for junk in (
        "<!--" * 200_000,
        "<a '" * 200_000,
        '<td "<' * 150_000,
        "<table><tr>" * 50_000,
        "&" * 500_000,
    ):
        started = time.process_time()
        with pytest.raises(BadFile):
            opened(("<html><table>" + junk).encode())
        assert time.process_time() - started < 10


def test_broken_bytes_anywhere_are_a_refusal_and_never_a_crash() -> None:
    rng = random.Random(20190701)
    sources = [
        GOOD,
        xls({"甲": [list(TITLES), ["1", "a", "b", 43_000.5, 5]]}),
        ods("<table:table-row>" + ods_cell("编号") + ods_cell("标题") + "</table:table-row>"),
    ]
    outcomes = {"read": 0, "refused": 0}
    for source in sources:
        for _round in range(150):
            data = bytearray(source)
            for _change in range(rng.randint(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            if rng.random() < 0.2:
                del data[rng.randrange(len(data)) :]
            try:
                list(opened(bytes(data)).rows())
                outcomes["read"] += 1
            except BadFile:
                outcomes["refused"] += 1
    assert min(outcomes.values()) > 20


def test_broken_xml_inside_a_sound_zip_is_a_refusal_and_never_a_crash() -> None:
    rng = random.Random(7)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for _round in range(200):
        name = rng.choice(sorted(parts))
        data = bytearray(parts[name])
        for _change in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b"<>\"'/&=ABC019 \x00\xff")
        try:
            list(opened(repacked(GOOD, {name: bytes(data)})).rows())
        except BadFile:
            continue


def test_reading_stays_within_the_memory_the_limits_promise() -> None:
    code = (
        "import resource, sys; from huiyin.engines.imports.tests import files; "
        "from huiyin.engines.imports.sheets import open_table; "
        "rows = [files.TITLES] + [[str(n), 'x' * 50, 'y' * 100, '2024-01-02', n] for n in range(20000)]; "
        "data = files.xlsx(rows); rows = None; before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "table = open_table(data, filename='a', expected=files.PLAIN); assert sum(1 for _ in table.rows()) == 20000; "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 120 * 1024
