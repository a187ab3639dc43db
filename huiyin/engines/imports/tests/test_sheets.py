"""Finding the table in honest but untidy files."""

import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from huiyin.engines.imports.columns import Columns, Integer, Text
from huiyin.engines.imports.dates import DatePolicy
from huiyin.engines.imports.limits import Limits
from huiyin.engines.imports.problems import BadFile
from huiyin.engines.imports.sheets import Table, open_table

from .files import PLAIN, TITLES, inline, ods, ods_cell, title_row, with_sheet, xlsx
from .old_office import xls

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROW = ("7", "漏水", "卫生间\n漏水", "2024-03-15 09:30", 2)


def opened(data: bytes, **more: Any) -> Table:
    return open_table(data, filename="a", **{"expected": PLAIN, **more})


def values(table: Table) -> list[tuple[Any, ...]]:
    return [(row.number, *list(row.values.values())[:2]) for row in table.rows()]


def workbook(tmp_path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    fill(book)
    book.close()
    return path.read_bytes()


CSV = '编号,标题,详情,时间,数量\r\n7,漏水,"卫生间\n漏水",2024-03-15 09:30,2\r\n'
HTML = (
    "<html><head><meta charset='gb2312'><style>td{color:red}</style></head><body><table><tr><td>菜单</td></tr></table>"
    "<table border=1><tr>" + "".join(f"<th>{title}</th>" for title in TITLES) + "</tr>"
    "<tr><td>7</td><td> 漏&#27700; </td><td>卫生间<br>漏水</td><td>2024-03-15&nbsp;09:30</td><td>2</td></tr></table>"
)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("xlsx", xlsx([TITLES, ROW])),
        ("xls", xls({"甲": [TITLES, ROW]})),
        (
            "ods",
            ods(
                "<table:table-row>"
                + "".join(ods_cell(title) for title in TITLES)
                + "</table:table-row><table:table-row>"
                + ods_cell("7")
                + ods_cell("漏水")
                + ods_cell("卫生间</text:p><text:p>漏水")
                + ods_cell("2024-03-15 09:30")
                + '<table:table-cell office:value-type="float" office:value="2"/></table:table-row>'
            ),
        ),
        ("csv", CSV.encode()),
        ("csv", CSV.encode("utf-8-sig")),
        ("csv", CSV.encode("gb18030")),
        ("csv", CSV.encode("utf-16")),
        ("csv", CSV.replace(",", "\t").encode("gb18030")),
        ("csv", CSV.replace(",", ";").encode()),
        ("csv", gzip.compress(CSV.encode(), mtime=0)),
        ("html", HTML.encode("gb18030")),
        ("html", HTML.encode()),
    ],
)
def test_the_same_table_is_read_from_every_kind_of_file(kind: str, data: bytes) -> None:
    table = opened(data)
    assert table.kind == kind
    assert [row.values for row in table.rows()] == [
        {
            "code": "7",
            "title": "漏水",
            "details": "卫生间\n漏水",
            "at": datetime(2024, 3, 15, 9, 30, tzinfo=SHANGHAI),
            "count": 2,
        }
    ]
    assert next(table.rows()).number == 2 and table.row_count == 1


def test_titles_are_found_below_headings_and_blank_rows() -> None:
    table = opened(
        xlsx([["某某物业 2024 年报事台账"], [], ["制表：张三", None, "编号"], TITLES, ROW, [], ROW])
    )
    assert table.header_row == 4
    assert values(table) == [(5, "7", "漏水"), (7, "7", "漏水")]
    assert table.blank_rows == 1
    given = opened(xlsx([TITLES, TITLES, ROW]), header_row=2)
    assert values(given) == [(3, "7", "漏水")]


def test_rows_and_letters_are_those_of_the_sheet_even_where_it_starts_late() -> None:
    shifted = [[None, None, *row] for row in (TITLES, ROW, ("", "x", None, "2024-02-30", "viel"))]
    table = opened(xlsx(shifted, first=6))
    assert table.header_row == 7 and table.column_letters["code"] == "C"
    errors = [error for row in table.rows() for error in row.errors]
    assert [(error.cell, error.code) for error in errors] == [
        ("C9", "required"),
        ("F9", "impossible-date"),
        ("G9", "not-a-number"),
    ]
    assert (errors[1].value_excerpt, errors[1].column_title, errors[1].column_name) == (
        "2024-02-30",
        "时间",
        "at",
    )
    assert errors[1].text() == "There is no such day or time: 2024-02-30."
    assert (
        errors[1].text({errors[1].message: "没有这一天：%(value)s"}.__getitem__) == "没有这一天：2024-02-30"
    )


def test_help_texts_at_the_right_edge_are_not_columns() -> None:
    data = xlsx(
        [
            [*TITLES, None, None, "说明", "编号"],
            [*ROW, None, None, "编号", "必须唯一"],
            [None] * 7 + ["标题", "必填"],
            ["8", "噪音", None, None, None, None, None, "注意", "…"],
        ]
    )
    table = opened(data)
    assert values(table) == [(2, "7", "漏水"), (4, "8", "噪音")]
    assert table.side_rows == [3] and table.problems == []


def test_unknown_missing_and_repeated_columns_are_reported() -> None:
    data = xlsx([["编号", "主题", "颜色", "标题"], ["1", "a", "红", "b"]])
    with pytest.raises(BadFile, match="标题"):
        opened(data)
    table = opened(data, strict=False)
    assert [(problem.code, problem.column_letter, problem.title) for problem in table.problems] == [
        ("unknown-column", "C", "颜色"),
        ("duplicate-column", "D", "标题"),
        ("missing-optional", "", "详情"),
        ("missing-optional", "", "时间"),
        ("missing-optional", "", "数量"),
    ]
    assert values(table) == [(2, "1", "a")]
    table = opened(xlsx([["编号", "数量"], ["1", 2]]), strict=False)
    assert table.problems[0].code == "missing-column"


def test_titles_may_be_marked_spaced_and_remarked() -> None:
    table = opened(xlsx([["* 编 号", "主题（必填）", "数量（个）："], ["1", "a", 3]]))
    assert table.column_letters == {"code": "A", "title": "B", "count": "C"}


def test_titles_merged_over_two_rows_or_columns_are_read(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.merge_range("A1:E1", "台账")
        page.merge_range("A2:A3", "编号")
        page.merge_range("B2:B3", "标题")
        page.merge_range("C2:D2", "发生")
        page.write_row("C3", ["时间", "数量"])
        page.write_row("A4", ["1", "a", "2024-01-02", 5])

    table = opened(workbook(tmp_path, fill))
    assert table.header_row == 3
    assert [row.values["count"] for row in table.rows()] == [5] and values(table) == [(4, "1", "a")]


def test_cells_merged_downwards_count_for_the_rows_below(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row("A1", ["编号", "标题"])
        page.merge_range("A2:A4", "1")
        for number, title in enumerate("abcd", 2):
            page.write(f"B{number}", title)
        page.write("A5", "2")
        page.merge_range("A7:A9", "9")

    table = opened(workbook(tmp_path, fill))
    assert values(table)[:4] == [(2, "1", "a"), (3, "1", "b"), (4, "1", "c"), (5, "2", "d")]


def test_the_sheet_that_fits_is_taken_and_hidden_ones_last(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("说明").write("A1", "请填写第二页")
        old = book.add_worksheet("旧")
        old.write_row("A1", TITLES)
        old.write_row("A2", ["0", "old"])
        old.hide()
        page = book.add_worksheet(" 数据 ")
        page.write_row("A1", TITLES)
        page.write_row("A2", ["1", "a"])
        book.add_chartsheet("图")

    data = workbook(tmp_path, fill)
    table = opened(data)
    assert (table.sheet, table.sheets) == (" 数据 ", ("说明", "旧", " 数据 "))
    assert opened(data, sheet="旧").sheet == "旧"
    assert opened(data, sheet="数据").sheet == " 数据 "
    assert opened(data, sheet=3).sheet == " 数据 "
    for wrong in ("没有", 9, 0):
        with pytest.raises(BadFile) as caught:
            opened(data, sheet=wrong)
        assert caught.value.code == "no-sheet" and "数据" in str(caught.value)


def test_titles_repeated_further_down_are_passed_over() -> None:
    table = opened(xlsx([TITLES, ROW, TITLES, ROW]))
    assert table.repeated_headers == [3] and table.row_count == 2


def test_a_formula_gives_its_value_and_an_error_is_told_at_its_cell(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row("A1", TITLES)
        page.write("A2", "1")
        page.write_formula("B2", '="a"&"b"', None, "ab")
        page.write_formula("E2", "=1/0", None, "#DIV/0!")
        page.write_formula("A3", "=NA()", None, "#N/A")
        page.write("B3", "x")
        page.write_formula("A4", "=NA()", None, "#N/A")

    rows = list(opened(workbook(tmp_path, fill)).rows())
    assert rows[0].values["title"] == "ab"
    assert [(error.cell, error.code, error.value_excerpt) for row in rows for error in row.errors] == [
        ("E2", "formula-error", "#DIV/0!"),
        ("A3", "formula-error", "#N/A"),
        ("A4", "formula-error", "#N/A"),
        ("B4", "required", ""),
    ]
    old = list(opened(xls({"a": [TITLES, ("1", "x", "", "", True)]})).rows())
    assert [(error.cell, error.code) for error in old[0].errors] == [("E2", "formula-error")]


def test_a_cell_of_forty_thousand_characters_is_one_error_and_no_more() -> None:
    data = with_sheet(
        title_row()
        + b'<row r="2">'
        + inline("A2", "1")
        + inline("B2", "a")
        + inline("C2", "长" * 40_000)
        + b"</row>"
        + b'<row r="3">'
        + inline("A3", "2")
        + inline("B3", "b")
        + b"</row>"
    )
    first, second = opened(data).rows()
    assert [(error.cell, error.code) for error in first.errors] == [("C2", "too-long")]
    assert len(first.errors[0].value_excerpt) <= 40 and first.values["details"] is None
    assert second.ok
    first, second = opened(("编号,标题,详情\n1,a," + "长" * 40_000 + "\n2,b,\n").encode()).rows()
    assert [error.cell for error in first.errors] == ["C2"] and second.ok


def test_nul_and_other_unprintable_characters_go_with_a_note() -> None:
    row = next(opened("编号,标题,详情\n1,a\0b,\x1bx\n".encode()).rows())
    assert (row.values["title"], row.values["details"]) == ("ab", "x")
    assert [(note.cell, note.code) for note in row.notes] == [("B2", "unprintable"), ("C2", "unprintable")]
    row = next(
        opened(
            with_sheet(
                title_row() + b'<row r="2">' + inline("A2", "1") + inline("B2", "a_x0000_b") + b"</row>"
            )
        ).rows()
    )
    assert row.values["title"] == "ab"


def test_numbers_that_are_ids_lose_their_point_and_damaged_ones_are_told() -> None:
    rows = list(
        opened(xlsx([TITLES, [123456.0, "a"], [1.1010119900307867e17, "b"], ["1.9E+10", "c"]])).rows()
    )
    assert rows[0].values["code"] == "123456"
    assert [(error.cell, error.code) for row in rows for error in row.errors] == [
        ("A3", "digits-lost"),
        ("A4", "digits-lost"),
    ]


def test_records_of_a_text_count_as_rows_even_with_line_breaks_in_cells() -> None:
    table = opened('编号,标题,详情\n1,a,"x\ny\n z"\n\n,b,\n'.encode())
    assert [(row.number, row.ok) for row in table.rows()] == [(2, True), (4, False)]
    assert table.encoding == "utf-8" and table.delimiter == ","


def test_a_text_with_one_column_or_none_of_the_usual_marks_is_read() -> None:
    one = Columns((Text(name="a", titles=("描述",), required=True),))
    assert [row.values["a"] for row in opened("描述\n水管爆裂\n噪音\n".encode(), expected=one).rows()] == [
        "水管爆裂",
        "噪音",
    ]
    assert values(opened("编号，标题\n1，a\n".encode())) == [(2, "1", "a")]
    assert values(opened("编号|标题\n1|a,b\n".encode())) == [(2, "1", "a,b")]


def test_apostrophes_that_our_own_export_wrote_are_taken_away() -> None:
    assert values(opened("编号,标题\n1,'=1+1\n2,'tis\n".encode())) == [(2, "1", "=1+1"), (3, "2", "'tis")]


def test_a_web_page_with_spans_is_read_cell_by_cell() -> None:
    page = (
        "<table><tr><td colspan=5>标题行</td></tr><tr><th>编号<th>标题<th>数量</tr>"
        "<tr><td rowspan='2'>1</td><td>a &amp; b</td><td>1</td></tr><tr><td>c</td><td>2</td></tr>"
        "<!-- <tr><td>9</td><td>hidden</td></tr> --><tr><td>2<td>d<td><script>9</script>3</table>"
    )
    table = opened(page.encode())
    assert [tuple(row.values[name] for name in ("code", "title", "count")) for row in table.rows()] == [
        ("1", "a & b", 1),
        ("1", "c", 2),
        ("2", "d", 3),
    ]


def test_rows_may_be_read_again_and_previewed() -> None:
    table = opened(xlsx([TITLES, *[[str(number), "a"] for number in range(50)]]))
    assert len(table.preview()) == 5
    assert list(table.rows()) == list(table.rows()) and table.row_count == 50


def test_a_table_without_rows_says_so() -> None:
    table = opened(xlsx([TITLES]))
    assert list(table.rows()) == [] and [problem.code for problem in table.problems] == ["no-rows"]


def test_sensitive_values_do_not_stand_in_errors() -> None:
    columns = Columns(
        (Integer(name="n", titles=("身份证号",), sensitive=True), Text(name="t", titles=("标题",)))
    )
    row = next(opened("身份证号,标题\nA10101199003078670,x\n".encode(), expected=columns).rows())
    assert row.errors[0].value_excerpt == "A1…"
    assert "199003" not in row.errors[0].text()


def test_limits_and_zone_are_the_callers() -> None:
    data = "编号,标题,时间\n1,a,2024-03-15 09:30\n".encode()
    table = opened(data, dates=DatePolicy(zone=ZoneInfo("Asia/Tokyo")), limits=Limits(rows=1))
    assert next(table.rows()).values["at"].isoformat() == "2024-03-15T09:30:00+09:00"


def test_a_column_of_unlike_true_dates_and_texts_is_read_alike() -> None:
    moment = datetime(2024, 3, 15, 9, 30, tzinfo=SHANGHAI).replace(tzinfo=None)
    rows = list(
        opened(
            xlsx(
                [
                    TITLES,
                    ["1", "a", None, moment],
                    ["2", "b", None, "2024年3月15日 9:30"],
                    ["3", "c", None, 45366.395833333336],
                ]
            )
        ).rows()
    )
    assert {row.values["at"] for row in rows} == {datetime(2024, 3, 15, 9, 30, tzinfo=SHANGHAI)}
