"""Taking files in: real ones of others, twice, tried, with wrong rows, by people who may and may not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from huiyin.base.kit.scope import system_scope, use
from huiyin.engines.clocks.models import Clock
from huiyin.engines.imports.jobs import take_in_files
from huiyin.engines.imports.models import ImportRun
from huiyin.work.cases.models import Case, Category
from huiyin.work.cases.tests.conftest import Centre, centre

__all__ = ["centre"]


def import_cases(file: Path, preset: str, *more: str, site: str = "yunhe") -> dict[str, Any]:
    """What the command printed last."""
    out = io.StringIO()
    call_command("import_cases", str(file), "--site", site, "--preset", preset, "--json", *more, stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue().strip().splitlines()[-1])
    return result


def counts(result: dict[str, Any]) -> tuple[int, int, int, int]:
    return result["rows"], result["created"], result["unchanged"], result["rejected"]


def sheet(path: Path, *rows: list[Any]) -> Path:
    """A small file as people would send it."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    book.save(path)
    return path


HEAD = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"]
GOOD = [
    1,
    "A1",
    "投诉楼下烧烤扰民",
    "2019/4/25 9:32:09",
    "\n\t\t每晚十二点以后",
    "已责令整改",
    "2019/4/30 10:00:00",
]


def test_every_message_with_its_reply_becomes_a_closed_case_at_its_own_time(
    centre: Centre, shared_data: Callable[[str], Path]
) -> None:
    file = shared_data("tipdm2020_messages_with_replies_dev.xlsx")
    first = import_cases(file, "tipdm-replies")
    assert first["rows"] == first["created"] + first["unchanged"] + first["rejected"] == 1423
    assert all(error["row"] > 1 and error["message"] for error in first["errors"])
    again = import_cases(file, "tipdm-replies")
    assert (again["created"], again["unchanged"]) == (0, first["created"])
    with use(system_scope("test")):
        assert Case.objects.count() == first["created"]
        closed = Case.objects.filter(state="closed")
        assert closed.count() > 1400
        for case in closed[:200]:
            assert case.answered_at is not None and case.answered_at >= case.received_at
            assert not case.description.startswith(("\n", "\t"))
        assert not Clock.objects.filter(
            kind="answer", state="running", subject_id__in=closed.values("pk")
        ).exists()


def test_a_sheet_that_claims_65202_rows_gives_its_495(
    centre: Centre, shared_data: Callable[[str], Path]
) -> None:
    import_cases(shared_data("tipdm2020_category_tree.xlsx"), "tipdm-category-tree")
    result = import_cases(shared_data("tipdm2020_labelled_sample.xlsx"), "tipdm-labelled")
    assert result["rows"] == 495
    assert result["created"] + result["unchanged"] + result["rejected"] == 495
    with use(system_scope("test")):
        assert Case.objects.count() == result["created"]
        assert Case.objects.filter(category=None).count() == 0


def test_the_tree_of_categories_is_taken_in_once(centre: Centre, shared_data: Callable[[str], Path]) -> None:
    file = shared_data("tipdm2020_category_tree.xlsx")
    first, again = import_cases(file, "tipdm-category-tree"), import_cases(file, "tipdm-category-tree")
    assert counts(first)[0] == 517 and first["rejected"] == 0
    assert (again["created"], again["unchanged"]) == (0, 517)
    with use(system_scope("test")):
        leaves = Category.objects.filter(site=centre.site, name="安全生产管理")
        assert {leaf.parent.parent.name for leaf in leaves} >= {"城乡建设"}


def test_wrong_rows_are_named_by_cell_and_the_good_ones_taken(centre: Centre, tmp_path: Path) -> None:
    file = sheet(
        tmp_path / "dirt.xlsx",
        HEAD,
        GOOD,
        [2, "A2", "请问几点开门", "2019-02-30 10:00", "x", None, None],
        [3, "A3", "", "2019/5/1 8:00:00", "没有主题", None, None],
        [4, "A4", "建议加座椅", "2019/5/1 8:00:00", "长" * 100, "好", "2019/4/1 8:00:00"],
        [1, "A1", "另一件事", "2019/5/2 8:00:00", "同号不同事", None, None],
        GOOD,
    )
    result = import_cases(file, "tipdm-replies")
    assert counts(result) == (6, 1, 1, 4)
    wrong = {(error["row"], error["column"]) for error in result["errors"]}
    assert {(3, "留言时间"), (4, "留言主题"), (6, "留言编号")} <= wrong
    assert any(row == 5 for row, _column in wrong)


def test_a_trial_tells_the_same_and_writes_nothing(centre: Centre, tmp_path: Path) -> None:
    rows = [
        [n, "A", f"投诉噪音 {n}", "2019/4/25 9:32:09", "x", "好", "2019/4/26 9:00:00"] for n in range(1, 30)
    ]
    file = sheet(tmp_path / "many.xlsx", HEAD, *rows, [30, "A", "", "2019/4/25", "x", None, None])
    tried = import_cases(file, "tipdm-replies", "--dry-run")
    with use(system_scope("test")):
        assert Case.objects.count() == 0
    assert counts(tried) == counts(import_cases(file, "tipdm-replies")) == (30, 29, 0, 1)


def test_what_is_no_such_sheet_is_refused_with_words(centre: Centre, tmp_path: Path) -> None:
    junk = tmp_path / "junk.xlsx"
    junk.write_bytes(b"\x00\x01 no spreadsheet")
    other = sheet(tmp_path / "other.xlsx", ["姓名", "电话"], ["张三", "1"])
    for file in (junk, other, tmp_path / "missing.xlsx"):
        with pytest.raises(CommandError):
            import_cases(file, "tipdm-replies")
    with pytest.raises(CommandError):
        import_cases(other, "no-such-preset")
    with pytest.raises(CommandError):
        import_cases(other, "tipdm-replies", site="nowhere")


def hand_in(client: Client, centre: Centre, file: Path, site: int | None = None) -> Any:
    content = SimpleUploadedFile(file.name, file.read_bytes())
    return client.post(
        "/imports/new/", {"site": site or centre.site.pk, "preset": "tipdm-replies", "file": content}
    )


def test_a_file_is_tried_marked_and_then_taken_in(centre: Centre, tmp_path: Path) -> None:
    file = sheet(tmp_path / "dirt.xlsx", HEAD, GOOD, [2, "A2", "x", "2019-02-30", "x", None, None])
    client = Client()
    client.force_login(centre.alice)
    assert hand_in(client, centre, file).status_code == 302
    with use(system_scope("worker")):
        assert take_in_files() == 1
        assert take_in_files() == 0
        tried = ImportRun.objects.get()
        assert Case.objects.count() == 0
    assert (tried.state, tried.created, tried.rejected) == ("done", 1, 1)
    page = client.get(tried.get_absolute_url())
    assert "D3" in page.content.decode()
    marked = client.get(f"/imports/{tried.pk}/marked.xlsx")
    cells = openpyxl.load_workbook(
        io.BytesIO(b"".join(marked) if marked.streaming else marked.content)
    ).active
    assert cells is not None and cells["D3"].comment is not None
    assert client.post(f"/imports/{tried.pk}/take-in/").status_code == 302
    with use(system_scope("worker")):
        take_in_files()
        assert Case.objects.get().responsible == centre.alice


def test_a_worker_killed_in_the_middle_is_followed_by_another(centre: Centre, tmp_path: Path) -> None:
    file = sheet(tmp_path / "one.xlsx", HEAD, GOOD)
    client = Client()
    client.force_login(centre.alice)
    hand_in(client, centre, file)
    with use(system_scope("worker")):
        long_ago = "2020-01-01T00:00Z"
        ImportRun.objects.update(state="running", started_at=long_ago)
        assert take_in_files() == 1
        assert ImportRun.objects.get().state == "done"


def test_nobody_imports_without_the_right_or_elsewhere(centre: Centre, tmp_path: Path) -> None:
    file = sheet(tmp_path / "one.xlsx", HEAD, GOOD)
    client = Client()
    client.force_login(centre.bob)
    assert client.get("/imports/new/").status_code == 403
    client.force_login(centre.alice)
    assert hand_in(client, centre, file, site=centre.other.pk).status_code == 422
    hand_in(client, centre, file)
    with use(system_scope("test")):
        run = ImportRun.objects.get()
    client.force_login(centre.carol)
    for address in ("", "take-in/", "marked.xlsx"):
        assert client.get(f"/imports/{run.pk}/{address}").status_code == 404
