"""Web processes never import the numeric stack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("numpy", "polars", "pandas", "scipy", "jax", "keras", "statsforecast", "prophet", "hmmlearn", "a2a")
MODULES = (
    "timeseries.connector, timeseries.specs, timeseries.workflow_templates, timeseries.figures, timeseries.data.payload"
)


def test_what_the_web_process_imports_is_light():
    code = f"import sys; import {MODULES}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_services_and_views_import_numbers_only_inside_functions():
    heavy = tuple(f"import {name}" for name in HEAVY) + tuple(f"from {name}" for name in HEAVY)
    folder = Path(__file__).parents[2] / "timeseries"
    files = [*folder.glob("*.py"), *(folder / "api").glob("*.py"), *(folder / "services").glob("*.py")]
    workers_only = {"compute.py", "work.py"}
    found = [
        f"{file.name}: {line}"
        for file in files
        if file.name not in workers_only
        for line in file.read_text().splitlines()
        if line.startswith((*heavy, "from timeseries.compute", "from timeseries import compute"))
    ]
    assert found == []
