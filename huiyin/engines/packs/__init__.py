"""Packs: the handbook of an organisation as data — posts, limits, phrases, categories, each with its source.

A *pack* is a folder with `pack.yaml` and one YAML file per *section*; a section is declared by the app
that uses it (`pack.py`). An *entry* has a code, the requirement ids it keeps (`source`) and its `clause`.
Packs lie over each other in *layers*: base ← industry ← company ← site. Loading stores a *version*.

Commands: `manage load_packs [folder …] [--check]`. Events: `packs.loaded`.
"""
