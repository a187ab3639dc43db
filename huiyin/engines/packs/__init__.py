"""Packs: the handbook of an organisation as data — posts, limits, phrases, categories, each with its source.

A *pack* is a folder with `pack.yaml` and one YAML file per *section*; a section is declared by the app
that uses it (`pack.py`). An *entry* has a code, the requirement ids it keeps (`source`) and its `clause`.
Packs lie over each other in *layers*: base ← industry ← company ← site. Loading stores a *version*.

A version counts from a moment on, at once or later (`planning`, `timeline`). On screen changes are collected in
a *draft* of the company or of a site and take effect together (`editing`). Running records keep their rules.

Commands: `manage load_packs [folder …] [--check] [--from …]`, `manage export_packs`, `manage pack_sections`.
Events: `packs.loaded`, `packs.changed`, `packs.restored`, `packs.scheduled`, `packs.started`, `packs.withdrawn`.
"""
