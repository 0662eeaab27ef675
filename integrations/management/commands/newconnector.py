"""`manage.py newconnector NAME` writes a connector folder that works at once and passes the contract tests."""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.discovery import ROOT
from integrations.registry import registry
from integrations.sdk.connector import NAME

SOURCES = Path(__file__).with_name("newconnector_files")


class Command(BaseCommand):
    help = "Writes a new connector folder: connector, sandbox, icon, README and test."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="lower case letters, digits and underscores, for example my_service")
        parser.add_argument("--title", default="", help="English title; made from the name when left out")
        parser.add_argument("--title-ko", default="", help="Korean title")
        parser.add_argument("--into", type=Path, default=ROOT / "integrations" / "connectors", help="parent folder")
        parser.add_argument("--tests", type=Path, default=ROOT / "tests" / "integrations", help="folder for the test")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["name"]
        if not NAME.match(name) or keyword.iskeyword(name):
            raise CommandError(f"{name!r} cannot be an id: use lower case letters, digits and underscores.")
        if name in registry().connectors:
            raise CommandError(f"There is a connector {name!r} already ({registry().connectors[name].module}).")
        folder: Path = options["into"] / name
        test: Path = options["tests"] / f"test_{name}_connector.py"
        for path in (folder, test):
            if path.exists():
                raise CommandError(f"{path} exists already.")
        title = options["title"] or name.replace("_", " ").title()
        words = {
            "@NAME@": name,
            "@CLASS@": "".join(part.title() for part in name.split("_")),
            "@ENV@": f"{name.upper()}_BASE_URL",
            "@TITLE@": title.replace('"', "'"),
            "@TITLE_KO@": (options["title_ko"] or f"{title} 서비스").replace('"', "'"),
        }
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        for source in sorted(SOURCES.iterdir()):
            target = test if source.name == "test.py.txt" else folder / source.name.removesuffix(".txt")
            target.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text()
            for mark, word in words.items():
                text = text.replace(mark, word)
            target.write_text(text)
        self.stdout.write(
            f"Wrote {folder} and {test}.\n"
            f"Next: put real requests into connector.py and their shapes into sandbox.py, then run\n"
            f"  pytest tests/contracts -k {name}\n"
        )
