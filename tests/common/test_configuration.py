"""The configuration page is complete, and every process starts lean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from portal.settings.env import Env, describe

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["numpy", "pandas", "scipy", "jax", "keras", "prophet", "statsforecast", "hmmlearn", "polars", "plotly"]
LOOK = f"""
import json, sys
import django; django.setup()
import portal.asgi
from django.urls import get_resolver; get_resolver().url_patterns
from integrations.registry import registry; found = registry()
print(json.dumps({{"heavy": [name for name in {HEAVY} if name in sys.modules],
                   "problems": [str(problem) for problem in found.problems]}}))
"""


def test_every_variable_is_documented_as_it_is() -> None:
    page = (ROOT / "docs/operators/configuration.md").read_text()

    assert describe() in page, "run: python -c 'from portal.settings.env import describe; print(describe())'"
    assert all(field.description for field in Env.model_fields.values())


def test_a_web_process_imports_no_numeric_library() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings.test"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(shown.stdout.splitlines()[-1]) == {"heavy": [], "problems": []}
