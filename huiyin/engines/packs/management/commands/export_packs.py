"""Write the packs in force as folders of YAML: `export_packs [--pack CODE] [--site CODE] [--merged] DIR`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from huiyin.base.kit.scope import system_scope, use
from huiyin.base.org.models import Site
from huiyin.engines.packs.exporting import folders, merged_folder
from huiyin.engines.packs.writing import write_folder


class Command(BaseCommand):
    """Each pack becomes a folder of its name, which `load_packs` takes as unchanged."""

    help = "Write the packs in force as folders of YAML that load again to the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="where the folders are made")
        parser.add_argument("--pack", default="", help="only this pack, by its code")
        parser.add_argument("--site", default="", help="only what counts at this site, by its code")
        parser.add_argument("--merged", action="store_true", help="everything in force as one pack")

    def handle(self, *args: Any, **options: Any) -> None:
        with use(system_scope("export_packs", via="command")):
            site = Site.objects.filter(code=options["site"]).first() if options["site"] else None
            if options["site"] and site is None:
                raise CommandError(_("There is no site %(code)s.") % {"code": options["site"]})
            if options["merged"]:
                made = dict([merged_folder(site)])
            else:
                made = folders(options["pack"], options["site"])
        if not made:
            raise CommandError(_("There is no such pack in force."))
        for code, content in made.items():
            write_folder(options["directory"] / code, content)
            self.stdout.write(f"{options['directory'] / code}: {', '.join(content)}")
