"""The example of the documentation runs as it stands there."""

import re
from pathlib import Path

import pytest
from audio_fixtures import save_yamnet

from spectral_transcoder.listening import generate
from spectral_transcoder.sensor import load_predictor

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def cells():
    return re.findall(r"```python\n(.*?)```", (DOCS / "sensor_example.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_runs_from_top_to_bottom(tmp_path, monkeypatch, cells, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(generate, "REFERENCE_MODELS", tmp_path / "none")
    monkeypatch.setitem(load_predictor.__kwdefaults__, "models", save_yamnet(tmp_path / "models"))
    assert len(cells) == 8
    names = {}
    for cell in cells:
        exec(compile(cell, "sensor_example.md", "exec"), names)  # noqa: S102 - our own words
    printed = capsys.readouterr()
    assert "6 blocks of 10 s, 1 of them without scores for gaps" in printed.out
    assert "gaps between times: 1, 12 s in all" in printed.err
