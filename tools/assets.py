"""The front-end packages: fetched by npm, what we use copied to `static/vendor`, icons made into a sprite."""

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools import console, environment

ROOT = console.ROOT
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
ICONS = ROOT / "tools" / "icons.txt"
NPM_FILES = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")
MODULES_MARK = MODULES / ".huiyin-mark.json"
VENDOR_MARK = VENDOR / ".huiyin-mark"

FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@alpinejs/csp/dist/cdn.min.js": "alpine.min.js",
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "tom-select/dist/js/tom-select.complete.min.js": "tom-select.min.js",
    "tom-select/dist/css/tom-select.bootstrap5.min.css": "tom-select.min.css",
}
# The maps stay behind (12 MB), and the hashing storage refuses a file that names a map it cannot find.
SOURCE_MAP = re.compile(rb"(?m)^\s*(?://[#@] ?sourceMappingURL=\S+|/\*[#@] ?sourceMappingURL=\S+ ?\*/)\s*$")
SVG = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
NO_SHAPE = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')
OUTLINE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
FILLED = 'fill="currentColor"'


def ensure(profile: environment.Profile) -> None:
    """Make `static/vendor` complete; "dev" also keeps `node_modules`, where the browser tests find axe.

    Refused when a package cannot be fetched or an icon of `tools/icons.txt` does not exist.
    """
    if _ready(profile):
        return
    with environment.one_at_a_time():
        if _ready(profile):
            return
        if not _modules_ready(profile):
            _fetch(profile)
        _copy()


def sprite(names: Sequence[str], icons: Path) -> str:
    """One SVG file with a `<symbol>` for each icon; `icons` is the folder with `outline` and `filled`.

    Refused when an icon does not exist.
    """
    symbols = []
    for name in names:
        style, _, plain = name.rpartition("/")
        path = icons / (style or "outline") / f"{plain}.svg"
        found = SVG.search(path.read_text()) if path.exists() else None
        if found is None:
            raise console.Failure(f"{ICONS.relative_to(ROOT)}: there is no icon “{name}” in @tabler/icons.")
        shape = re.sub(r"\s+", " ", NO_SHAPE.sub("", found[1])).replace("> <", "><").strip()
        identity, look = (f"{plain}-filled", FILLED) if style == "filled" else (plain, OUTLINE)
        symbols.append(f'<symbol id="{identity}" viewBox="0 0 24 24" {look}>{shape}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def icon_names(text: str) -> list[str]:
    """The names in the icon list: words, without comment lines, each once."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return list(dict.fromkeys(word for line in lines for word in line.split()))


def _vendor_digest() -> str:
    return environment.digest(*NPM_FILES, ICONS, Path(__file__))


def _ready(profile: environment.Profile) -> bool:
    try:
        copied = VENDOR_MARK.read_text() == _vendor_digest()
    except OSError:
        return False
    complete = all((VENDOR / name).exists() for name in (*FILES.values(), "icons.svg"))
    return copied and complete and (profile == "run" or _modules_ready(profile))


def _modules_ready(profile: environment.Profile) -> bool:
    try:
        mark = json.loads(MODULES_MARK.read_text())
    except (OSError, ValueError):
        return False
    return mark["packages"] == environment.digest(*NPM_FILES) and mark["profile"] in (profile, "dev")


def _fetch(profile: environment.Profile) -> None:
    """`npm ci`, by the system's npm, else by the node that PyPI carries."""
    arguments = ["ci", "--silent", "--no-progress"] + (["--omit=dev"] if profile == "run" else [])
    problem: str | None = "no npm on this machine"
    if shutil.which("npm") and shutil.which("node"):
        problem = console.call_with_retry("Front-end packages, npm", ["npm", *arguments], cwd=ROOT)
        if problem:
            console.say(problem)
    if problem:
        node = environment.ensure_node_wheel()
        npm = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
        problem = console.call_with_retry(
            "Front-end packages, npm from PyPI", [node / "node", npm, *arguments], env=env, cwd=ROOT
        )
    if problem:
        raise console.Failure(problem)
    MODULES_MARK.write_text(json.dumps({"packages": environment.digest(*NPM_FILES), "profile": profile}))


def _copy() -> None:
    if VENDOR.exists():
        shutil.rmtree(VENDOR)
    VENDOR.mkdir(parents=True)
    for source, target in FILES.items():
        (VENDOR / target).write_bytes(SOURCE_MAP.sub(b"", (MODULES / source).read_bytes()))
    names = icon_names(ICONS.read_text())
    (VENDOR / "icons.svg").write_text(sprite(names, MODULES / "@tabler" / "icons" / "icons"))
    VENDOR_MARK.write_text(_vendor_digest())
