"""Tables that leave the house: nothing runs, nothing is lost, and wrong cells are shown."""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from huiyin.base.kit.sheets import OutColumn, display_width, is_dangerous, write_csv, write_xlsx
from huiyin.engines.imports.columns import Columns, Text
from huiyin.engines.imports.layouts import LAYOUTS
from huiyin.engines.imports.marking import mark_errors
from huiyin.engines.imports.problems import BadFile, CellError
from huiyin.engines.imports.sheets import open_table

from .files import PLAIN, TITLES, with_sheet, xlsx
from .old_office import xls

EVIL = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1+1",
    "＋1",
    "－1",
    "＠a",
    "\u3000=1",
]
TAME = ["\n \t", "电梯困人", "a=b", "3-2-501", "1+1", "'quoted", "", "http://example.org/?a=1", "{=SUM(A1)}"]


def written(rows: list[list[Any]], columns: list[OutColumn], **more: Any) -> bytes:
    out = io.BytesIO()
    write_xlsx(columns, rows, out, **more)
    return out.getvalue()


def cells(data: bytes) -> list[list[Any]]:
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(data))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name).decode()


@pytest.mark.parametrize("text", EVIL)
def test_a_cell_that_looks_like_a_formula_never_becomes_one(text: str) -> None:
    assert is_dangerous(text)
    data = written([[text]], [OutColumn("内容")])
    assert "<f>" not in part(data, "xl/worksheets/sheet1.xml")
    assert 'quotePrefix="1"' in part(data, "xl/styles.xml")
    kept = text.replace("\r", "\n")
    assert cells(data)[1][0] == kept
    assert openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"].data_type == "s"
    out = io.BytesIO()
    write_csv([OutColumn("内容")], [[text]], out)
    record = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))[1]
    assert record == ["'" + kept]


def test_ordinary_text_is_left_alone() -> None:
    assert not any(is_dangerous(text) for text in TAME)
    assert [row[0] for row in cells(written([[text] for text in TAME], [OutColumn("a")]))[1:]] == TAME


def test_titles_cannot_be_formulas_either() -> None:
    data = written([["x"]], [OutColumn("=1+1")])
    assert "<f>" not in part(data, "xl/worksheets/sheet1.xml")
    out = io.BytesIO()
    write_csv([OutColumn("=1+1")], [], out)
    assert out.getvalue() == b"\xef\xbb\xbf'=1+1\r\n"


def test_values_keep_their_type_and_times_are_local() -> None:
    moment = datetime(2024, 3, 15, 16, 30, 5, tzinfo=UTC)
    columns = [OutColumn(str(place)) for place in range(9)] + [
        OutColumn("金额", "money"),
        OutColumn("日", "date"),
        OutColumn("号", "text"),
    ]
    row = [
        moment,
        date(2024, 3, 15),
        5,
        1.5,
        Decimal("12.50"),
        True,
        None,
        110101199003078670,
        float("nan"),
        Decimal("-3.1"),
        moment,
        7,
    ]
    data = written([row], columns)
    assert cells(data)[1] == [
        datetime(2024, 3, 16, 0, 30, 5, tzinfo=UTC).replace(tzinfo=None),
        date(2024, 3, 15),
        5.0,
        1.5,
        12.5,
        "TRUE",
        "",
        "110101199003078670",
        "nan",
        -3.1,
        datetime(2024, 3, 16, 0, 30, 5, tzinfo=UTC).replace(tzinfo=None),
        "7",
    ]
    assert openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["K2"].number_format == "yyyy-mm-dd"
    tokyo = written([[moment]], [OutColumn("a")], zone=ZoneInfo("Asia/Tokyo"))
    assert cells(tokyo)[1][0].hour == 1
    out = io.BytesIO()
    write_csv(columns, [row], out)
    assert out.getvalue().decode("utf-8-sig").splitlines()[1] == (
        "2024-03-16 00:30:05,2024-03-15,5,1.5,12.50,TRUE,,110101199003078670,nan,-3.1,2024-03-16,7"
    )


def test_days_before_1900_and_broken_characters_are_written_as_text() -> None:
    data = written([[date(1899, 1, 2)], ["a\x00b\ud800c\uffffd\x0be"]], [OutColumn("a")])
    assert [row[0] for row in cells(data)[1:]] == ["1899-01-02", "ab\ufffdc\ufffdde"]


def test_a_text_too_long_for_a_cell_is_cut_and_counted() -> None:
    out = io.BytesIO()
    result = write_xlsx([OutColumn("a")], [["长" * 40_000], ["b"]], out)
    assert (result.rows, result.cut) == (2, 1)
    text = cells(out.getvalue())[1][0]
    assert len(text) == 32_767 and text.endswith("…")


def test_the_head_is_frozen_and_columns_are_as_wide_as_chinese_needs() -> None:
    assert display_width("工单ab") == 6 and display_width("a\n长长") == 4 and display_width("") == 0
    data = written(
        [["云河花园三栋二单元501", "x" * 500, "y"]],
        [OutColumn("地址"), OutColumn("描述"), OutColumn("宽", width=33)],
        sheet="报事/台账[1]",
    )
    page = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert page.freeze_panes == "A2" and page.title == "报事 台账 1"
    assert 22 <= page.column_dimensions["A"].width <= 26
    assert 60 <= page.column_dimensions["B"].width <= 61
    assert 33 <= page.column_dimensions["C"].width <= 34


def test_rows_beyond_one_sheet_go_on_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiyin.base.kit.sheets.SHEET_ROWS", 11)
    data = written([[number] for number in range(25)], [OutColumn("n")], sheet="台账")
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names == ["台账", "台账 2", "台账 3"]
    assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [11, 11, 6]


def test_exports_may_go_to_a_path(tmp_path: Path) -> None:
    assert write_csv([OutColumn("a")], [["b"]], tmp_path / "a.csv").rows == 1
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbfa\r\nb\r\n"
    write_xlsx([OutColumn("a")], [["b"]], tmp_path / "a.xlsx")
    assert cells((tmp_path / "a.xlsx").read_bytes()) == [["a"], ["b"]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_what_is_exported_comes_back_as_it_was(texts: list[str]) -> None:
    columns = Columns((Text(name="a", titles=("内容",), strip=False, multiline=True),))
    rows = [[text] for text in texts]
    xlsx_out, csv_out = io.BytesIO(), io.BytesIO()
    write_xlsx([OutColumn("内容")], rows, xlsx_out)
    write_csv([OutColumn("内容")], rows, csv_out)
    found = []
    for data in (xlsx_out.getvalue(), csv_out.getvalue()):
        table = open_table(data, filename="a", expected=columns)
        found.append([row.values["a"] for row in table.rows()])
        assert "<f>" not in part(xlsx_out.getvalue(), "xl/worksheets/sheet1.xml")
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_twelve_cells_take_bounded_memory(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from datetime import UTC, datetime; from decimal import Decimal; "
        "from huiyin.base.kit.sheets import OutColumn, write_csv, write_xlsx; "
        "row = ['C1', '电梯困人', '三栋二单元电梯停在五楼不动' * 2, datetime(2024, 1, 1, tzinfo=UTC), Decimal('12.50'), 5, "
        "'13800000000', '云河花园3-2-501', '维修', '处理中', '张三', '=1+1']; "
        "columns = [OutColumn(str(n)) for n in range(12)]; "
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "write_xlsx(columns, (row for _ in range(1000)), sys.argv[1]); before = peak(); "
        "write_xlsx(columns, (row for _ in range(100_000)), sys.argv[1]); "
        "write_csv(columns, (row for _ in range(100_000)), sys.argv[1] + '.csv'); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "big.xlsx")],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert int(done.stdout) < 30 * 1024


# ---- the user's own file with its errors


def errors_of(data: bytes, **more: Any) -> list[CellError]:
    table = open_table(data, filename="a", expected=PLAIN, **more)
    return [error for row in table.rows() for error in row.errors]


WRONG = [
    TITLES,
    ["1", "a", "=1+1", "2024-02-30", "many"],
    ["2", "b", None, "2024-01-01", 3],
    ["", "c", None, None, "x"],
]


def translate(message: str) -> str:
    return "译：" + message


def test_wrong_cells_are_coloured_commented_and_listed_in_an_own_column() -> None:
    data = xlsx(WRONG)
    marked = mark_errors(data, errors_of(data), title="错误", translate=translate)
    page = openpyxl.load_workbook(io.BytesIO(marked)).worksheets[0]
    assert page["F1"].value == "错误"
    assert page["F2"].value == (
        "时间: 译：There is no such day or time: 2024-02-30.\n数量: 译：“many” is not a number."
    )
    assert page["F3"].value is None
    for address in ("D2", "E2", "A4", "E4"):
        assert page[address].fill.fgColor.rgb == "FFFFC7CE", address
        assert page[address].comment.text.startswith("译：")
    assert page["A2"].comment is None and page["D3"].fill.fgColor.rgb != "FFFFC7CE"
    assert page["C2"].value == "=1+1" and page["B2"].value == "a"


def test_a_marked_file_that_is_put_right_and_sent_again_loses_its_marks() -> None:
    data = xlsx(WRONG)
    marked = mark_errors(data, errors_of(data), title="错误")
    book = openpyxl.load_workbook(io.BytesIO(marked))
    page = book.worksheets[0]
    page["D2"].value, page["E2"].value, page["A4"].value = "2024-02-29", 4, "3"
    again = io.BytesIO()
    book.save(again)
    left = errors_of(again.getvalue())
    assert [error.cell for error in left] == ["E4"]
    page = openpyxl.load_workbook(io.BytesIO(mark_errors(again.getvalue(), left, title="错误"))).worksheets[0]
    assert [cell.value for cell in page["F"]] == ["错误", None, None, "数量: “x” is not a number."]
    assert page["G1"].value is None and page["D2"].comment is None
    assert page["D2"].fill.fgColor.rgb != "FFFFC7CE" and page["E4"].fill.fgColor.rgb == "FFFFC7CE"


def test_looks_formulas_and_merged_cells_of_the_user_are_kept(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("台账")
    page.merge_range("A1:E1", "标题行", book.add_format({"bold": True}))
    page.write_row("A2", TITLES)
    page.merge_range("A3:A4", "x" * 5)
    page.write_row("B3", ["a", None, None, "no"])
    page.write_row("B4", ["b", None, None, "no"])
    page.write_formula("C3", "=1+1", None, 2)
    page.set_column("B:B", 44)
    book.add_worksheet("别的").write("A1", "bleibt")
    book.close()
    data = (tmp_path / "a.xlsx").read_bytes()
    on_merged = CellError(4, "A", "code", "x", "wrong")
    marked = mark_errors(data, [*errors_of(data), on_merged], title="错误", header_row=2, sheet="台账")
    copy = openpyxl.load_workbook(io.BytesIO(marked))
    page = copy["台账"]
    assert copy.sheetnames == ["台账", "别的"] and page["A1"].font.bold
    assert page["C3"].value == "=1+1" and page.column_dimensions["B"].width > 40
    assert page["F2"].value == "错误" and page["A3"].fill.fgColor.rgb == "FFFFC7CE"


@pytest.mark.parametrize(
    "data",
    [
        "编号;标题;详情;时间;数量\n1;a;=1+1;2024-02-30;many\n\n;c;;;x\n".encode("gb18030"),
        xls({"甲": [TITLES, ["1", "a", "=1+1", "2024-02-30", "many"], [], ["", "c", "", "", "x"]]}),
        (
            "<table><tr>"
            + "".join(f"<td>{title}</td>" for title in TITLES)
            + "</tr><tr><td>1<td>a<td>=1+1<td>2024-02-30<td>many"
            "</tr><tr></tr><tr><td><td>c<td><td><td>x</tr></table>"
        ).encode(),
    ],
    ids=["csv", "xls", "html"],
)
def test_other_kinds_of_file_come_back_as_a_workbook_with_the_same_cells(data: bytes) -> None:
    marked = mark_errors(data, errors_of(data), title="错误")
    page = openpyxl.load_workbook(io.BytesIO(marked)).worksheets[0]
    assert [cell.value for cell in page[1]] == [*TITLES, "错误"]
    assert page["C2"].value == "=1+1" and page["C2"].data_type == "s"
    assert page["D2"].fill.fgColor.rgb == "FFFFC7CE" and page["A4"].comment is not None
    assert "no such day" in page["F2"].value


def test_a_workbook_of_countless_formatted_cells_comes_back_without_its_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huiyin.engines.imports.marking.FORMATTED_CELLS", 20)
    data = xlsx([*WRONG, *[["9", "z", None, None, 1]] * 20])
    page = openpyxl.load_workbook(io.BytesIO(mark_errors(data, errors_of(data), title="错误"))).worksheets[0]
    assert page["F1"].value == "错误" and page["D2"].comment is not None and page["B24"].value == "z"


def test_one_formatted_cell_in_the_far_corner_costs_nothing() -> None:
    body = b'<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    marked = mark_errors(with_sheet(body), [CellError(1, "A", "a", "x", "wrong")], title="错误")
    page = openpyxl.load_workbook(io.BytesIO(marked)).worksheets[0]
    assert page["B1"].value == "a: wrong" or page["B1"].value == "错误"


def test_hostile_files_are_refused_here_too() -> None:
    with pytest.raises(BadFile):
        mark_errors(b"PK\x03\x04junk", [], title="错误")


def test_a_real_file_of_65_000_phantom_rows_is_marked(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("tipdm2020_labelled_sample.xlsx")
    table = open_table(path, filename=path.name, expected=LAYOUTS["tipdm-labelled"].columns)
    error = CellError(312, table.column_letters["message_number"], "message_number", "repeated", "again")
    marked = mark_errors(path.read_bytes(), [error], title="错误", header_row=table.header_row)
    page = openpyxl.load_workbook(io.BytesIO(marked), read_only=True).worksheets[0]
    row = next(page.iter_rows(min_row=312, max_row=312, values_only=True))
    assert row[6] == "message_number: again" and row[0] == 37042
