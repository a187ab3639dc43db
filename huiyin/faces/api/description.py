"""The description of the interface as it is checked in, for those who read or generate from it."""

from __future__ import annotations

import json
from pathlib import Path

from .api import api

FILE = Path(__file__).resolve().parents[3] / "docs" / "api" / "openapi.json"


def written() -> str:
    """The OpenAPI description of the interface as text, the same for the same code."""
    return json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False, default=str) + "\n"
