"""`--help` of every script answers at once: what is slow to import waits until there is something to do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (".", "exp_*", "exp_*/*", "docs", "benchmarks")
PAGES = {"exp_audioconcept/app.py"}
"""Drawn by `streamlit run`, and without a command line."""
SCRIPTS = sorted(
    {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in ROOT.glob(f"{folder}/*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    - PAGES
)
HEAVY = {"torch", "librosa", "matplotlib", "pandas", "scipy", "sklearn", "numba", "h5py", "doce", "soundfile", "tqdm"}

ASK_ALL = """
import contextlib, io, json, os, runpy, sys

for script in sys.argv[1:]:
    process = os.fork()  # of an interpreter that has imported next to nothing
    if process:
        os.waitpid(process, 0)
        continue
    sys.argv, sys.path[0] = [script, "--help"], os.path.dirname(script)
    status, told = None, io.StringIO()
    with contextlib.redirect_stdout(told):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as ended:
            status = ended.code
    print(json.dumps([script, status, told.getvalue()[:6], *sys.modules]), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def answers():
    """Script → exit status, first letters, and the modules that were imported for them."""
    command = [sys.executable, "-c", ASK_ALL, *SCRIPTS]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {script: (status, start, modules) for script, status, start, *modules in map(json.loads, told.splitlines())}


def test_there_are_scripts():
    assert {"generate_audio.py", "exp_train_model/main_doce_training.py", "exp_emvd/experiment.py"} < set(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_waits_for_nothing_that_is_heavy(script, answers):
    status, start, modules = answers[script]
    assert (status, start) == (0, "usage:")
    assert not HEAVY.intersection(modules)
