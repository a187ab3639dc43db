"""The rules of the house that can be read off the source; import-linter knows the others.

A rule is a function from a module to what is wrong in it. What is allowed all the same stands in
`tests/allowed.py`, each with its reason. `check` works on any tree, so the rules themselves are tested.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MODULE_LINES = 600
FUNCTION_LINES = 60
OPEN = {"models", "services", "selectors"}
"""What every app shows to the others. Other doors are listed, each with its reason."""
READERS = {"views", "api", "forms", "tables", "filters", "selectors", "indicators"}
"""Modules that look and show, but never write."""
SERVICE_MODULES = {"services", "joining"}
"""Modules in which every public function is a service; elsewhere, those that take `by`."""
ROW_WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "save", "delete"}
QUERIES = {"objects", "_default_manager", "filter", "exclude", "all", "select_related", "order_by", "allowed"}
CJK = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
MACHINE_PATH = re.compile(r"(?<![\w.~:/])/(?:work|root|home|Users)/[\w.]|[A-Z]:\\\\?Users")


@dataclass(frozen=True)
class Finding:
    """Something against a rule."""

    rule: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} [{self.rule}] {self.message}"


@dataclass(frozen=True)
class Module:
    """One Python file of the product."""

    root: Path
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def remarks(self) -> set[int]:
        """Which of its texts stand alone: docstrings, and the words under an attribute."""
        return {id(node.value) for node in self.nodes if isinstance(node, ast.Expr)}

    @property
    def name(self) -> str:
        """Its path below the root of the tree."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def dotted(self) -> str:
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.dotted if self.path.stem == "__init__" else self.dotted.rpartition(".")[0]

    @property
    def app(self) -> str:
        """Its app, e.g. `huiyin.work.cases`; empty for the configuration."""
        return app_of(self.dotted)

    @property
    def reads_only(self) -> bool:
        """Whether its name says that it only looks and shows."""
        return any(_is_kind(part, READERS) for part in self._below_app())

    def _below_app(self) -> list[str]:
        return self.dotted.split(".")[3:]

    @cached_property
    def imports(self) -> list[tuple[ast.Import | ast.ImportFrom, str, str]]:
        """Every import as (node, module, name); a plain `import x` has an empty name."""
        found: list[tuple[ast.Import | ast.ImportFrom, str, str]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(node, alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    above = self.package.split(".")
                    base = ".".join([*above[: len(above) - node.level + 1], *([base] if base else [])])
                found += [(node, base, alias.name) for alias in node.names]
        return found

    @cached_property
    def foreign_models(self) -> set[str]:
        """The names under which it holds rows of other apps (choices of other apps are no rows)."""
        names: set[str] = set()
        for node, module, name in self.imports:
            target = app_of(module)
            if not name or not target or target == self.app or not module.endswith(".models"):
                continue
            if target == "huiyin.base.kit" or name in _choices(self.root, module):
                continue
            alias = next(a for a in node.names if a.name == name)
            names.add(alias.asname or alias.name)
        return names


def app_of(dotted: str) -> str:
    """The app a module belongs to; empty outside of apps."""
    parts = dotted.split(".")
    return ".".join(parts[:3]) if len(parts) >= 3 and parts[0] == "huiyin" and parts[1] != "config" else ""


def _is_kind(stem: str, kinds: set[str]) -> bool:
    return any(stem == kind or stem.endswith(f"_{kind}") or stem.startswith(f"{kind}_") for kind in kinds)


_choices_of: dict[tuple[Path, str], set[str]] = {}


def _choices(root: Path, module: str) -> set[str]:
    """The classes of a models module that are choices, and its constants."""
    key = (root, module)
    if key not in _choices_of:
        path = root.joinpath(*module.split(".")).with_suffix(".py")
        tree = ast.parse(path.read_text()) if path.is_file() else ast.Module([], [])
        _choices_of[key] = {
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in node.bases)
        } | {ast.unparse(t) for node in tree.body if isinstance(node, ast.Assign) for t in node.targets}
    return _choices_of[key]


Rule = Callable[[Module], Iterator[tuple[int, str]]]
RULES: dict[str, Rule] = {}


def rule(func: Rule) -> Rule:
    """Declare a rule under its function's name."""
    RULES[func.__name__.replace("_", "-")] = func
    return func


@rule
def private_import(module: Module) -> Iterator[tuple[int, str]]:
    """Of another app one imports only models, services, selectors, and the listed front doors."""
    if not module.app:
        return
    for node, base, name in module.imports:
        target = app_of(base)
        if not target or target == module.app or target == "huiyin.base.kit":
            continue
        below = base.split(".")[3:] or [name]
        if below[0] not in OPEN:
            yield node.lineno, f"{target}.{'.'.join(below)} is private"


@rule
def foreign_row(module: Module) -> Iterator[tuple[int, str]]:
    """Rows of another app are built, changed and deleted by its own services only."""
    foreign = module.foreign_models
    if not foreign:
        return
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in foreign:
            yield node.lineno, f"builds a {node.func.id} of another app"
        elif isinstance(node.func, ast.Attribute) and node.func.attr in ROW_WRITES | {"update"}:
            start = _start(node.func.value)
            if start in foreign:
                yield node.lineno, f"writes {start} of another app"
    for function in module.nodes:
        if isinstance(function, ast.FunctionDef):
            yield from _foreign_parameters(function, foreign)


def _foreign_parameters(function: ast.FunctionDef, foreign: set[str]) -> Iterator[tuple[int, str]]:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    rows = {a.arg for a in arguments if a.annotation is not None and ast.unparse(a.annotation) in foreign}
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"save", "delete"}
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in rows
        ):
            yield node.lineno, f"writes {node.func.value.id}, a row of another app"


def _start(node: ast.expr) -> str:
    """The name a chain of attributes and calls starts from."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _chain(node: ast.expr) -> set[str]:
    """The attributes on the way along a chain."""
    names: set[str] = set()
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        node = node.func if isinstance(node, ast.Call) else node.value
    return names


@rule
def write_while_reading(module: Module) -> Iterator[tuple[int, str]]:
    """Views, interface, forms, tables, filters, selectors and indicators write nothing."""
    if not module.reads_only:
        return
    for node in module.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        verb, value = node.func.attr, node.func.value
        queries = bool(_chain(value) & QUERIES)
        if verb in ROW_WRITES and (queries or verb not in {"create", "get_or_create"}):
            yield node.lineno, f".{verb}() in {module.path.stem}: call a service"
        elif verb == "update" and queries:
            yield node.lineno, f".update() in {module.path.stem}: call a service"


@rule
def no_service(module: Module) -> Iterator[tuple[int, str]]:
    """What writes for others is a @service: transaction, right and actor in one place."""
    functions = [node for node in module.tree.body if isinstance(node, ast.FunctionDef)]
    strict = _is_kind(module.path.stem, SERVICE_MODULES)
    if not strict and not any(_is_service(function) for function in functions):
        return
    for function in functions:
        if function.name.startswith("_") or _is_service(function):
            continue
        takes_actor = any(a.arg == "by" for a in (*function.args.args, *function.args.kwonlyargs))
        if strict or takes_actor:
            yield function.lineno, f"{function.name} is no @service"


def _is_service(function: ast.FunctionDef) -> bool:
    decorators = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return any(isinstance(d, ast.Name) and d.id in {"service", "overload"} for d in decorators)


@rule
def service_shape(module: Module) -> Iterator[tuple[int, str]]:
    """A service takes its subject first, everything else by keyword, and the actor as `by`."""
    for node in module.nodes:
        if not isinstance(node, ast.FunctionDef) or not _is_service(node):
            continue
        if "by" not in {a.arg for a in node.args.kwonlyargs}:
            yield node.lineno, f"{node.name} does not take the actor as keyword `by`"
        if not node.args.args:
            yield node.lineno, f"{node.name} has no subject"


@rule
def no_docstring(module: Module) -> Iterator[tuple[int, str]]:
    """A model says what one row is; a service and a selector say what they do."""
    if not _is_kind(module.path.stem, OPEN | SERVICE_MODULES):
        return
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield node.lineno, f"{node.name} does not say what it is"


@rule
def inner_import(module: Module) -> Iterator[tuple[int, str]]:
    """Imports stand at the top, where a cycle shows itself."""
    if module.path.stem == "apps":
        return
    for function in module.nodes:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno, "import inside a function"


@rule
def long_module(module: Module) -> Iterator[tuple[int, str]]:
    lines = module.text.count("\n")
    if lines > MODULE_LINES:
        yield 1, f"{lines} lines; at most {MODULE_LINES}"


@rule
def long_function(module: Module) -> Iterator[tuple[int, str]]:
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines; at most {FUNCTION_LINES}"


@rule
def round_the_scope(module: Module) -> Iterator[tuple[int, str]]:
    """Nothing reads or writes rows in a way that reach does not see."""
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "_base_manager":
            yield node.lineno, "._base_manager knows no reach"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"raw", "extra"} and _chain(node.func.value) & QUERIES:
                yield node.lineno, f".{node.func.attr}() knows no reach"
            elif node.func.attr == "cursor" and "connection" in ast.unparse(node.func.value):
                yield node.lineno, "an own cursor knows no reach"
        elif isinstance(node, ast.Name) and node.id == "RawSQL":
            yield node.lineno, "RawSQL knows no reach"


@rule
def own_clock(module: Module) -> Iterator[tuple[int, str]]:
    """The present moment comes from kit/moment.py, so that it can be moved."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, verb = ast.unparse(node.func.value).rpartition(".")[2], node.func.attr
            asks = (owner in {"datetime", "date"} and verb in {"now", "utcnow", "today"}) or (
                owner == "timezone" and verb in {"now", "localtime", "localdate"}
            )
            if asks:
                yield node.lineno, f"{owner}.{verb}(): use huiyin.base.kit.moment"
    for importing, base, name in module.imports:
        if (base, name) in {("django.utils.timezone", "now"), ("django.db.models.functions", "Now")}:
            yield importing.lineno, f"{name} of {base}: use huiyin.base.kit.moment"


@rule
def model_signal(module: Module) -> Iterator[tuple[int, str]]:
    """Downward one calls a service, upward one leaves an event: no model signals."""
    for node, base, name in module.imports:
        if base == "django.db.models.signals" or (base == "django.db.models" and name == "signals"):
            yield node.lineno, "model signals are not used; leave an event in the trail"
        elif base.startswith("django.dispatch"):
            yield node.lineno, "no receivers; react to events of the trail"


@rule
def hidden_text(module: Module) -> Iterator[tuple[int, str]]:
    """A text to translate stands outside of f-strings: inside, no catalogue would ever learn of it."""
    for node in module.nodes:
        if not isinstance(node, ast.JoinedStr):
            continue
        for call in ast.walk(node):
            if not isinstance(call, ast.Call) or not any(isinstance(one, ast.Constant) for one in call.args):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else _start(call.func)
            if name == "_" or "gettext" in name:
                yield call.lineno, "a text to translate inside an f-string is in no catalogue"


@rule
def chinese_in_code(module: Module) -> Iterator[tuple[int, str]]:
    """Words on the screen are message ids; Chinese stands in catalogues, packs and tables of language."""
    for node in module.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if CJK.search(node.value) and id(node) not in module.remarks:
            yield node.lineno, f"Chinese in code: {node.value[:30]!r}"


def modules(root: Path) -> list[Module]:
    """The modules of the product below a root: without tests and migrations."""
    return [
        Module(root, path)
        for path in sorted((root / "huiyin").rglob("*.py"))
        if not {"tests", "migrations"} & set(path.relative_to(root).parts)
    ]


TEXT_ENDINGS = {
    ".py",
    ".html",
    ".js",
    ".css",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".md",
    ".txt",
    ".sh",
    ".po",
    "",
}
NOT_OURS = {"node_modules", ".venv", "var", "staticfiles", "vendor", "__pycache__"}
MARKED = re.compile(r"\{#.*?#\}|\{% comment .*?%\}.*?\{% endcomment %\}", re.DOTALL)


def texts(root: Path) -> Iterator[Path]:
    """Every text file of the repository that we wrote."""
    for path in sorted(root.iterdir()):
        if path.name in NOT_OURS or path.is_symlink() or (path.name.startswith(".") and path.name != ".ci"):
            continue
        if path.is_dir():
            yield from texts(path)
        elif path.suffix in TEXT_ENDINGS and path.name != "package-lock.json":
            yield path


def check_texts(root: Path) -> Iterator[Finding]:
    """Rules for all texts: no path of somebody's machine anywhere, no Chinese in templates and scripts."""
    for path in texts(root):
        name = path.relative_to(root).as_posix()
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield Finding("machine-path", name, number, f"a path of one machine: {line.strip()[:80]}")
        if path.suffix in {".html", ".js", ".css"} and "/tests/" not in f"/{name}":
            for match in CJK.finditer(MARKED.sub("", text)):
                line_number = text[: match.start()].count("\n") + 1
                yield Finding(
                    "chinese-in-templates", name, line_number, "Chinese in a template; use a message id"
                )
                break


def check(root: Path, allowed: Mapping[tuple[str, str], str]) -> tuple[list[Finding], list[tuple[str, str]]]:
    """What is against the rules in a tree, and which allowances nothing needs any more.

    `allowed` maps (rule, path or `path: word in the message`) to the reason.
    """
    findings: list[Finding] = []
    for module in modules(root):
        for name, func in RULES.items():
            findings += [Finding(name, module.name, line, message) for line, message in func(module)]
    findings += check_texts(root)
    used: set[tuple[str, str]] = set()
    left: list[Finding] = []
    for finding in dict.fromkeys(findings):
        covers = [key for key in allowed if _covers(key, finding)]
        used.update(covers)
        if not covers:
            left.append(finding)
    return left, [key for key in allowed if key not in used]


def _covers(key: tuple[str, str], finding: Finding) -> bool:
    name, where = key
    path, _colon, word = where.partition(": ")
    if name != finding.rule or not finding.message.__contains__(word):
        return False
    return finding.path.startswith(path) if path.endswith("/") else finding.path == path or path == "*"
