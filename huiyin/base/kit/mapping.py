"""The map of the house: per app what it holds, does, says and shows, read off the running code.

`manage map` writes it to `docs/map.md`; a test keeps it current. Nothing in it is written by hand but the
docstrings it quotes, and it is in English whatever the language of the moment.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.core.management import load_command_class
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string
from django.utils.translation import override

from . import figures, jobs, permissions
from .models import ScopedModel
from .scope import SIGNED_IN

LAYERS = ("base", "engines", "records", "ledgers", "work", "insight", "faces")
"""The folders of the house from the ground up."""
ASIDE = {"tests", "migrations", "management", "templates", "static", "templatetags"}
MARKS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
INTRODUCTION = """\
# Map of the house

Generated from the code by `./run manage map`; do not edit. What the words mean: `docs/tour.md`.

A *command* is a write that names the permission it needs; an *effect* names none: other services call
it, or it asks for the right itself. Both take the actor as `by` and run in one transaction. An *event*
is what a write leaves in the trail; a *reaction* is what an app does on an event after the commit, a
*listener* hears every event inside the transaction. Rows marked *site* belong to one site and are found
only by those who reach it."""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """One app of the house (a package two levels below `huiyin`), with or without tables."""

    package: str
    order: int

    @property
    def short(self) -> str:
        """Its name in the map, e.g. `work.cases`."""
        return self.package.removeprefix("huiyin.")

    @property
    def config(self) -> AppConfig | None:
        """Its Django app, if it is one."""
        return next((one for one in apps.get_app_configs() if one.name == self.package), None)

    @cached_property
    def root(self) -> ModuleType:
        return import_module(self.package)

    @cached_property
    def modules(self) -> list[ModuleType]:
        """All its modules but tests, migrations and commands, by name."""
        found = pkgutil.walk_packages(self.root.__path__, f"{self.package}.")
        names = (info.name for info in found)
        return [import_module(name) for name in sorted(names) if not ASIDE & set(name.split("."))]

    @cached_property
    def trees(self) -> list[ast.Module]:
        files = [module.__file__ for module in (self.root, *self.modules)]
        return [ast.parse(Path(file).read_text(encoding="utf-8")) for file in files if file]

    def owns(self, thing: Any) -> bool:
        """Whether a function, class or dotted name was written here."""
        name = thing if isinstance(thing, str) else getattr(thing, "__module__", "")
        return name == self.package or name.startswith(f"{self.package}.")

    def declared(self, call: str) -> set[str]:
        """The first words of every call of that name, e.g. the codes in `verb("cases.closed", …)`."""
        return {
            str(node.args[0].value)
            for tree in self.trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == call
            and node.args
            and isinstance(node.args[0], ast.Constant)
        }


def places() -> list[Place]:
    """Every app, from the ground up; inside a layer in the order in which they are installed."""
    installed = [config.name for config in apps.get_app_configs()]
    found = []
    for level, layer in enumerate(LAYERS):
        try:
            folder = import_module(f"huiyin.{layer}")
        except ModuleNotFoundError:
            continue
        names = [
            f"huiyin.{layer}.{info.name}" for info in pkgutil.iter_modules(folder.__path__) if info.ispkg
        ]
        names.sort(key=lambda name: (installed.index(name) if name in installed else len(installed), name))
        found += [Place(name, level) for name in names]
    return found


def first_line(thing: Any) -> str:
    """The first sentence of a docstring, or nothing where there is none of our own."""
    text = (thing if isinstance(thing, str) else inspect.getdoc(thing)) or ""
    head = text.strip().split("\n\n")[0].split("\n")
    return " ".join(head[:1]).strip() if head[0].rstrip().endswith((".", "!")) else " ".join(head).strip()


def _table(title: str, heads: Row, rows: Iterable[Row]) -> list[str]:
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if not cells:
        return []
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return ["", f"**{title}**", "", *lines, *(f"| {' | '.join(row)} |" for row in cells)]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def stands_on(place: Place, others: list[Place]) -> list[str]:
    """The other apps it imports from."""
    dotted: set[str] = set()
    for tree in place.trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                dotted |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                dotted |= {alias.name for alias in node.names}
    return [other.short for other in others if other != place and any(other.owns(name) for name in dotted)]


def models_of(place: Place) -> list[Row]:
    """Its tables: the row, whether it belongs to a site, what one row is."""
    if place.config is None:
        return []
    models = sorted(place.config.get_models(), key=lambda model: model.__name__)
    return [
        (
            _code(model.__name__),
            "site" if issubclass(model, ScopedModel) else "",
            "" if (model.__doc__ or "").startswith(f"{model.__name__}(") else first_line(model),
        )
        for model in models
    ]


def services_of(place: Place) -> Iterator[Any]:
    """Its services, by module and name."""
    for module in place.modules:
        own = (value for _name, value in sorted(vars(module).items()) if getattr(value, "is_service", False))
        yield from (value for value in own if value.__module__ == module.__name__)


def _signature(function: Any) -> str:
    names, starred = [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            names.append("*")
            starred = True
        starred = starred or parameter.kind is parameter.VAR_POSITIONAL
        mark = MARKS.get(parameter.kind.name, "")
        names.append(mark + parameter.name + ("=" if parameter.default is not parameter.empty else ""))
    return f"{function.__name__}({', '.join(names)})"


def commands_of(place: Place) -> list[Row]:
    """Its commands: how they are called, what they need, where they stand, what they do."""
    return [
        (_code(_signature(one)), _code(one.needs), one.__module__.rpartition(".")[2], first_line(one))
        for one in services_of(place)
        if one.needs is not None
    ]


def effects_of(place: Place) -> list[Row]:
    """Its effects: how they are called, where they stand, what they do."""
    return [
        (_code(_signature(one)), one.__module__.rpartition(".")[2], first_line(one))
        for one in services_of(place)
        if one.needs is None
    ]


def _trail(name: str) -> Any:
    # The kit lies below the trail; it only looks at what the trail has been told.
    return import_string(f"huiyin.base.trail.registry.{name}")


def events_of(place: Place) -> list[Row]:
    """The verbs it declares, with their words."""
    verbs = _trail("VERBS")
    return [(_code(code), str(verbs[code])) for code in sorted(place.declared("verb") & set(verbs))]


def reactions_of(place: Place) -> list[Row]:
    """What it does on events, its own or others'."""
    rows = [("every event, inside its transaction", one) for one in _trail("LISTENERS")]
    for verb, known in sorted(_trail("REACTIONS").items()):
        rows += [(_code(verb), one.func) for one in sorted(known, key=lambda one: one.name)]
    return [(when, _code(func.__name__), first_line(func)) for when, func in rows if place.owns(func)]


def jobs_of(place: Place) -> list[Row]:
    """Its periodic work."""
    return [
        (_code(job.run.__name__), f"{job.every:g} s", first_line(job.run))
        for name, job in sorted(jobs.JOBS.items())
        if place.owns(name)
    ]


def permissions_of(place: Place) -> list[Row]:
    """The permissions it declares."""
    ours = place.declared("Permission")
    return [
        (_code(one.code), str(one.label), "whole organisation only" if one.company_wide else "")
        for one in permissions.every()
        if one.code in ours
    ]


def sections_of(place: Place) -> list[Row]:
    """The pack sections whose entries it defines."""
    known = import_string("huiyin.engines.packs.registry.sections")()
    return [
        (_code(one.name), ", ".join(_code(name) for name in one.entry.model_fields), first_line(one.entry))
        for one in known
        if place.owns(one.entry)
    ]


def urls_of(place: Place) -> list[Row]:
    """Its pages: address, name, view, the permission asked for."""
    rows = []
    for route, name, callback in _walk(get_resolver().url_patterns, "/", ""):
        view = getattr(callback, "view_class", callback)
        if place.owns(view):
            asked = getattr(view, "permission", "")
            needs = "signed in" if asked == SIGNED_IN else _code(asked) or "see the view"
            rows.append((_code(route), name, view.__name__, needs))
    return sorted(rows)


def _walk(patterns: Any, route: str, space: str) -> Iterator[tuple[str, str, Any]]:
    for one in patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver) and one.namespace != "api":
            inner = ":".join(part for part in (space, one.namespace) if part)
            yield from _walk(one.url_patterns, here, inner)
        elif isinstance(one, URLPattern):
            yield here, ":".join(part for part in (space, one.name) if part), one.callback


def operations_of(place: Place) -> list[Row]:
    """Its operations of the programming interface."""
    module = next((one for one in place.modules if one.__name__ == f"{place.package}.api"), None)
    router = getattr(module, "router", None)
    rows = []
    for path, view in router.path_operations.items() if router is not None else ():
        for operation in view.operations:
            for method in operation.methods:
                rows.append(
                    (_code(f"{method} /api/v1{path}"), operation.view_func.__name__, operation.summary or "")
                )
    return sorted(rows)


def figures_of(place: Place) -> list[Row]:
    """The indicators and breakdowns it declares."""
    rows = [("indicator", one.numerator, one) for one in figures.INDICATORS.values()]
    rows += [("breakdown", one.parts, one) for one in figures.BREAKDOWNS.values()]  # type: ignore[misc]
    ours = [(kind, one) for kind, function, one in rows if place.owns(function)]
    return [(_code(one.code), kind, str(one.label), str(one.meaning)) for kind, one in ours]


def checks_of(place: Place) -> list[Row]:
    """The invariants that `manage verify` checks for it."""
    module = next((one for one in place.modules if one.__name__ == f"{place.package}.verify"), None)
    known: dict[str, Any] = getattr(module, "CHECKS", {})
    label = place.config.label if place.config else place.short
    return [(_code(f"{label}.{name}"), first_line(check)) for name, check in sorted(known.items())]


def tools_of(place: Place) -> list[Row]:
    """Its management commands."""
    folder = Path(place.root.__path__[0]) / "management" / "commands"
    names = sorted(path.stem for path in folder.glob("[a-z]*.py"))
    return [(_code(f"./run manage {name}"), load_command_class(place.package, name).help) for name in names]


def page_of(place: Place, others: list[Place]) -> list[str]:
    """The part of the map about one app."""
    below = ", ".join(_code(name) for name in stands_on(place, others))
    return [
        "",
        f"## {place.short}",
        "",
        first_line(place.root) or "(no front page)",
        *(["", f"Stands on {below}."] if below else []),
        *_table("Rows", ("row", "reach", "what one is"), models_of(place)),
        *_table("Commands", ("command", "needs", "module", "what it does"), commands_of(place)),
        *_table("Effects", ("effect", "module", "what it does"), effects_of(place)),
        *_table("Events", ("event", "words"), events_of(place)),
        *_table("Reactions", ("on", "reaction", "what it does"), reactions_of(place)),
        *_table("Periodic work", ("job", "every", "what it does"), jobs_of(place)),
        *_table("Permissions", ("permission", "words", "held"), permissions_of(place)),
        *_table("Pack sections", ("section", "keys", "what an entry is"), sections_of(place)),
        *_table("Indicators", ("code", "kind", "words", "meaning"), figures_of(place)),
        *_table("Pages", ("address", "name", "view", "asks for"), urls_of(place)),
        *_table("Programming interface", ("operation", "function", "summary"), operations_of(place)),
        *_table("Invariants checked by `./run manage verify`", ("check", "what it counts"), checks_of(place)),
        *_table("Management commands", ("command", "what it does"), tools_of(place)),
    ]


def house() -> str:
    """The whole map as Markdown."""
    with override("en"):
        every = places()
        lines = [INTRODUCTION, "", "| app | what it is for |", "|---|---|"]
        for place in every:
            anchor = place.short.replace(".", "")
            lines.append(f"| [{place.short}](#{anchor}) | {first_line(place.root) or '(no front page)'} |")
        for place in every:
            lines += page_of(place, every)
    return "\n".join(lines) + "\n"


def unplaced() -> list[str]:
    """What the registries know and the map does not show: it was declared in a way the map cannot read."""
    every = places()
    told = {code for place in every for code in place.declared("verb") | place.declared("Permission")}
    known = {*_trail("VERBS"), *(one.code for one in permissions.every())}
    strange = [name for name in jobs.JOBS if not any(place.owns(name) for place in every)]
    return sorted(known - told) + sorted(strange)
