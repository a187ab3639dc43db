"""The pictures in docs/images, made from the running system: `.venv/bin/python docs/screenshots.py`.

Makes the demo company in a temporary data folder (or uses `--home FOLDER`, where one was made before), serves
it with gunicorn, signs in as its people, and takes every picture with Chromium. Needs the test environment
(`./run test --help` makes it) and a Chromium.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tools import console, environment, serving  # noqa: E402

SHEET = ROOT / "docs" / "how-to" / "households-example.csv"
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000
SCREEN = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]

FACTS = """
import json
from huiyin.base.kit.scope import system_scope, use
from huiyin.engines.approvals.models import Approval
from huiyin.engines.clocks.models import Clock
from huiyin.insight.reports.models import Report
from huiyin.faces.demo.world import PASSWORD
from huiyin.records.customers.models import Holding
from huiyin.work.cases.models import Case, Incident
with use(system_scope("screenshots", via="command")):
    yunhe = Case.objects.filter(site__code="yunhe")
    live = yunhe.exclude(place=None).exclude(customer=None).select_related("place", "customer", "category")
    running = Clock.objects.filter(subject_type="cases.case", state="running", kind="close")
    ours = live.filter(state="answered", pk__in=running.values("subject_id"), kind__in=("repair", "complaint"))
    case = ours.order_by("-received_at").first() or live.order_by("-received_at").first()
    clock = Clock.objects.filter(subject_type="cases.case", subject_id=case.pk).order_by("pk").first()
    crowded = Holding.objects.filter(site__code="yunhe", place__in=live.values("place"))
    crowded = crowded.filter(customer__has_care=True) or crowded
    homes = [one.place for one in crowded.select_related("place").order_by("place_id", "pk")]
    report = Report.objects.filter(site__code="yunhe").order_by("code", "pk").last()
    approval = Approval.objects.filter(site__code="yunhe").order_by("pk").first()
    home = max(homes, key=homes.count) if homes else case.place
    incident = Incident.objects.filter(site__code="yunhe").order_by("-pk").first()
    told = yunhe.filter(kind="repair").exclude(description="")
    told = told.exclude(category=None).select_related("category").order_by("-received_at")
    plain = (one for one in told if any(word in one.title for word in one.category.keywords))
    story = next(plain, None) or told.first() or case
    mine = Case.objects.filter(responsible__username="repair1.yunhe", place__isnull=False)
    field = mine.order_by("ended_at", "-received_at").first() or case
    print(json.dumps({
        "password": PASSWORD, "case": case.code, "clock": clock.pk, "home": home.pk, "address": home.code,
        "incident": incident.code if incident else "", "field": field.code,
        "calendar": clock.original_calendar.code if clock.original_calendar else "cn-workdays",
        "report": report.pk, "approval": approval.code,
        "words": f"{story.title}\\n{story.description}",
    }))
"""


@dataclass(frozen=True)
class Shot:
    """One picture: who looks, where, at what size, and what is done before it is taken."""

    name: str
    login: str
    path: str
    phone: bool = False
    act: Callable[[Page, dict[str, Any]], None] | None = None


def take_in(page: Page, facts: dict[str, Any]) -> None:
    """Fill in the intake as at the counter: the caller's address, then the matter."""
    with page.expect_response("**/cases/new/caller/"):
        page.fill("[name=who]", facts["address"])
    page.wait_for_timeout(500)
    people = page.locator("#intake-caller [name=pick]:not([value=none])")
    if people.count() > 1:
        with page.expect_response("**/cases/new/caller/"):
            people.nth(1).check()
        page.wait_for_timeout(500)
    with page.expect_response("**/cases/new/matter/"):
        page.fill("[name=text]", facts["words"])


def try_import(page: Page, facts: dict[str, Any]) -> None:
    """Hand in a sheet with three wrong cells, and let the worker try it."""
    page.select_option("[name=preset]", "hc-assets")
    page.set_input_files("[name=file]", SHEET)
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/imports/\d+/"))
    subprocess.run(environment.django("worker", "--once", "--only", "imports"), env=facts["env"], check=True)
    page.reload()


SHOTS = (
    Shot("desk", "supervisor.yunhe", "/?tab=sites"),
    Shot("intake", "front1.yunhe", "/cases/new/", act=take_in),
    Shot("cases", "supervisor.yunhe", "/cases/"),
    Shot("case", "supervisor.yunhe", "/cases/{case}/"),
    Shot("why", "supervisor.yunhe", "/cases/{case}/why/{clock}/"),
    Shot("household", "front1.yunhe", "/customers/households/{home}/"),
    Shot("places", "manager.yunhe", "/places/"),
    Shot("import", "records.yunhe", "/imports/new/", act=try_import),
    Shot("figures", "manager.yunhe", "/insight/yunhe/"),
    Shot("limits", "manager.yunhe", "/packs/limits/"),
    Shot("calendar", "manager.yunhe", "/calendars/{calendar}/?site=yunhe"),
    Shot("duty", "manager.yunhe", "/duty/?site=yunhe"),
    Shot("approval", "supervisor.yunhe", "/approvals/{approval}/"),
    Shot("report", "manager.yunhe", "/reports/{report}/"),
    Shot("coverage", "manager.yunhe", "/coverage/"),
    Shot("posts", "admin", "/org/posts/front-desk/"),
    Shot("phone-desk", "supervisor.yunhe", "/?tab=sites", phone=True),
    Shot("phone-case", "repair1.yunhe", "/cases/{field}/", phone=True),
    Shot("phone-intake", "front1.yunhe", "/cases/new/", phone=True, act=take_in),
)


def main() -> int:
    """Take the pictures asked for; exit code 1 when a page did not open."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--home", type=Path, help="data folder with a demo company (default: made anew)")
    parser.add_argument("--only", action="append", default=[], help="names of pictures (default: all)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="huiyin-pictures-") as temporary:
        env = console.django_environment() | {
            "HUIYIN_HOME": str(options.home or temporary),
            "HUIYIN_DEBUG": "1",
        }
        for step in (["migrate", "--noinput", "--verbosity=0"], ["load_packs"], ["demo"]):
            subprocess.run(environment.django(*step), env=env, check=True)
        facts = found(env) | {"env": env, "cookies": {}}
        IMAGES.mkdir(parents=True, exist_ok=True)
        with server(env) as address, sync_playwright() as playwright:
            chromium = (
                shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
            )
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=FLAGS,
                env={**os.environ, "LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"},
            )
            wanted = [shot for shot in SHOTS if not options.only or shot.name in options.only]
            return max([picture(browser, address, shot, facts) for shot in wanted], default=0)


def found(env: dict[str, str]) -> dict[str, Any]:
    """Which rows of the demo company the pictures show."""
    told = subprocess.run(
        environment.django("shell", "--no-imports", "-c", FACTS),
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    facts: dict[str, Any] = json.loads(told.stdout.strip().splitlines()[-1])
    return facts


@contextmanager
def server(env: dict[str, str]) -> Iterator[str]:
    """A web server on the data folder; its address."""
    port = serving.free_port(8700)
    process = subprocess.Popen(serving.web_command(port), env=env)
    try:
        serving._wait_until_open(serving.Service("web server", [], env, process=process), port)
        yield f"http://127.0.0.1:{port}"
    finally:
        console.finish(process)


def picture(browser: Browser, address: str, shot: Shot, facts: dict[str, Any]) -> int:
    """Take one picture; 1 when the page did not open."""
    size = PHONE if shot.phone else SCREEN
    context = browser.new_context(
        viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", is_mobile=shot.phone, has_touch=shot.phone
    )
    page = context.new_page()
    try:
        sign_in(page, address, shot.login, facts)
        answer = page.goto(address + shot.path.format(**facts))
        if answer is None or answer.status != 200:
            console.warn(f"{shot.name}: {answer.status if answer else 'no answer'} at {page.url}")
            return 1
        if shot.act is not None:
            shot.act(page, facts)
        page.wait_for_timeout(600)
        kept = IMAGES / f"{shot.name}.png"
        kept.write_bytes(small(page.screenshot(animations="disabled", caret="hide")))
        console.say(f"{kept.relative_to(ROOT)}: {kept.stat().st_size // 1000} kB")
        return 0
    finally:
        context.close()


def sign_in(page: Page, address: str, login: str, facts: dict[str, Any]) -> None:
    """Sign in as somebody of the demo company; once for all pictures of the same person."""
    if login in facts["cookies"]:
        page.context.add_cookies(facts["cookies"][login])
        return
    page.goto(f"{address}/login/")
    page.fill("[name=username]", login)
    page.fill("[name=password]", facts["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    facts["cookies"][login] = page.context.cookies()


def small(png: bytes) -> bytes:
    """The picture with a palette, which is enough for screens. Refused when it is still too large."""
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(colors=256, dither=Image.Dither.NONE)
    kept = io.BytesIO()
    image.save(kept, "PNG", optimize=True)
    if len(kept.getvalue()) > MOST_BYTES:
        raise console.Failure(f"A picture has {len(kept.getvalue())} bytes; at most {MOST_BYTES} are kept.")
    return kept.getvalue()


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
