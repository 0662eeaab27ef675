"""`manage.py workflow_tests [--workspace slug] [--workflow name-or-id]`: replay the tests of workflows."""

from __future__ import annotations

import json
import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.common.errors import PortalError
from workflows.cases import check
from workflows.models import Workflow


class Command(BaseCommand):
    """Exit code 1 when a test fails, so that a pipeline stops."""

    help = "Replay the saved tests of workflows, without touching any upstream."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", help="slug of one workspace; all when left out")
        parser.add_argument("--workflow", help="name or id of one workflow")
        parser.add_argument("--number", type=int, help="number of a version; the draft when left out")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Workflow.objects.filter(tests__isnull=False, archived_at=None).distinct().order_by("name")
        if options["workspace"]:
            found = found.filter(workspace__slug=options["workspace"])
        if wanted := options["workflow"]:
            found = found.filter(pk=wanted) if _is_id(wanted) else found.filter(name=wanted)
        results = []
        for workflow in found:
            data = None
            if options["number"]:
                version = workflow.versions.filter(number=options["number"]).first()
                if version is None:
                    raise CommandError(f"{workflow.name} has no version {options['number']}.")
                data = version.definition
            try:
                verdicts = check(workflow, data)
            except PortalError as error:
                raise CommandError(f"{workflow.name}: {error.explain()}") from None
            results += [(workflow, verdict) for verdict in verdicts]
        if not results and (options["workspace"] or options["workflow"]):
            raise CommandError("No test fits. Save a run as a test first.")
        failed = sum(not verdict.passed for _workflow, verdict in results)
        if options["json"]:
            rows = [
                {"workflow": workflow.name, "test": v.name, "passed": v.passed, "message": v.message}
                for workflow, v in results
            ]
            self.stdout.write(json.dumps({"tests": rows, "failed": failed}, ensure_ascii=False))
        else:
            for workflow, verdict in results:
                self.stdout.write(f"{'ok    ' if verdict.passed else 'FAILED'}  {workflow.name}: {verdict.name}")
                if verdict.message:
                    self.stdout.write("        " + verdict.message.replace("\n", "\n        "))
            self.stdout.write(f"{len(results) - failed} passed, {failed} failed")
        if failed:
            sys.exit(1)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
