"""Pages on paper as PDF, with their fonts inside: by WeasyPrint where it is installed, else by Chromium."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from PIL import ImageFile

from huiyin.base.kit.service import Refused

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-pdf-header-footer",
)  # fmt: skip
PATIENCE = 60
"""Seconds a browser may take."""


@cache
def _weasyprint() -> Any:
    """The library, or None where it or what it stands on is not installed."""
    if importlib.util.find_spec("weasyprint") is None:
        return None
    try:
        library = importlib.import_module("weasyprint")
    except OSError:  # Pango is missing
        return None
    # It lets Pillow take pictures that are cut short, in the whole process; uploads must go on refusing them.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return library


def _browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def pdf_of(html: str) -> bytes:
    """A page as PDF. It must bring its styles along; nothing is fetched.

    Refused when nothing that makes PDFs is installed on the server.
    """
    weasyprint = _weasyprint()
    if weasyprint is not None:
        made: bytes = weasyprint.HTML(
            string=html, url_fetcher=weasyprint.URLFetcher(allowed_protocols=())
        ).write_pdf()
        return made
    browser = _browser()
    if browser is None:
        raise Refused(
            "no-pdf",
            _(
                "This server cannot make PDFs: neither WeasyPrint nor Chromium is installed. Print the page instead."
            ),
        )
    return _by_browser(browser, html)


def _by_browser(browser: str, html: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        page, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        page.write_text(html, encoding="utf-8")
        flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        done = subprocess.run(
            [browser, *flags, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", page.as_uri()],
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode or not target.is_file():
            raise Refused("pdf-failed", _("The PDF could not be made. Print the page instead."))
        return target.read_bytes()
