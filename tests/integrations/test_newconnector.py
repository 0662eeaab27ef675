"""`manage.py newconnector` writes a folder that is finished as far as the contract goes."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]


def write(tmp_path, name, **options):
    call_command("newconnector", name, into=tmp_path / "connectors", tests=tmp_path / "tests", **options)


def test_the_new_folder_passes_contracts_and_its_own_test(tmp_path):
    write(tmp_path, "weather_station", title="Weather station", title_ko="기상 관측소", stdout=io.StringIO())
    folder, own = tmp_path / "connectors", tmp_path / "tests"
    assert {path.name for path in (folder / "weather_station").iterdir()} == {
        "__init__.py", "connector.py", "sandbox.py", "icon.svg", "README.md",
    }  # fmt: skip
    (own / "conftest.py").write_text((ROOT / "tests/integrations/conftest.py").read_text())
    environment = {**os.environ, "CONTRACT_CONNECTORS": str(folder), "PYTHONPATH": str(ROOT)}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "COV_CORE_SOURCE"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    targets = [str(ROOT / "tests/contracts"), str(own), "-k", "weather_station"]

    done = subprocess.run([*command, *targets], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    passed = int(done.stdout.rsplit(" passed", 1)[0].rsplit(maxsplit=1)[-1])
    assert passed > 35 and "failed" not in done.stdout


@pytest.mark.parametrize("name", ["Weather", "my-service", "9lives", "class", "", "a b", "text"])
def test_a_name_that_cannot_be_or_is_taken_is_refused(tmp_path, name):
    with pytest.raises(CommandError):
        write(tmp_path, name)
    assert not (tmp_path / "connectors").exists()


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "connectors" / "mine").mkdir(parents=True)
    with pytest.raises(CommandError, match="exists already"):
        write(tmp_path, "mine")
