"""Pack folders on disk, and a scope to load them in."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from django.utils import translation

from huiyin.base.kit.scope import Scope, system_scope, use
from huiyin.engines.packs import selectors

WritePack = Callable[..., Path]

HEAD = """\
code: {code}
name: {{zh: 试用, en: Trial}}
layer: {layer}
requires: [{requires}]
version: "1"
"""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Messages in the language of the source, whatever catalogues there are."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    selectors.forget()
    yield
    selectors.forget()


@pytest.fixture
def scope() -> Iterator[Scope]:
    """Everything may be done."""
    with use(system_scope("test")) as opened:
        yield opened


@pytest.fixture
def write_pack(tmp_path: Path) -> WritePack:
    """`write_pack("trial", phrases="…", layer="base")` makes a pack folder; a given pack.yaml wins."""

    def write(
        code: str,
        files: Mapping[str, str | bytes] | None = None,
        layer: str = "base",
        requires: str = "",
        **sections: str,
    ) -> Path:
        folder = tmp_path / code
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        content: dict[str, str | bytes] = {
            "pack.yaml": HEAD.format(code=code, layer=layer, requires=requires)
        }
        content.update({f"{name}.yaml": dedent(text) for name, text in sections.items()})
        content.update(files or {})
        for name, text in content.items():
            data = text if isinstance(text, bytes) else dedent(text).encode()
            (folder / name).write_bytes(data)
        return folder

    return write
