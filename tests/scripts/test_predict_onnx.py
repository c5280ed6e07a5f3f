"""`predict_onnx.py` needs NumPy and ONNX Runtime only, and gives the numbers of `predict_third_octave.py`."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from audio_fixtures import save_yamnet
from sensor_fixtures import NAMES, make_levels

import export_onnx
from audiokit import cli
from audiokit.paths import ROOT
from spectral_transcoder.sensor import load_predictor
from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS, find_thresholds
from teachers.label_groups import group_members

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

N_FRAMES = 8 * 27 + 3
"""Two blocks, one of seven seconds, and some frames that are left over."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folder with a YamNet of random weights and what is exported of it.

    `tags.onnx` by default, `tcn.onnx`, and `front.onnx`, in which voices and birds are heard in front.
    """
    folder = save_yamnet(tmp_path_factory.mktemp("models"))
    options = ["--teacher", "YamNet", "--with_teacher", "--models", str(folder)]
    assert cli.run(export_onnx.main, [*options, "--output", str(folder / "tags.onnx")]) == 0
    assert cli.run(export_onnx.main, [*options, "--transcoder", "tcn", "--output", str(folder / "tcn.onnx")]) == 0
    assert cli.run(export_onnx.main, [*options, "--foreground", "--output", str(folder / "front.onnx")]) == 0
    return folder


def levels_with_gaps():
    levels = make_levels(N_FRAMES)
    levels[100] = np.nan  # a second of the second block
    levels[50, 3] = -np.inf
    levels[0, 7] = 999
    return levels


def run(models, *arguments, text=None, name="tags"):
    command = [sys.executable, str(ROOT / "predict_onnx.py"), str(models / f"{name}.onnx"), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True)


def as_csv(levels):
    """A column too many in front, and a gap that is written as meters do."""
    rows = [["time", *NAMES], *([number, *row] for number, row in enumerate(levels.tolist()))]
    return "\n".join(",".join(map(str, row)) for row in rows).replace("nan", "---")


@pytest.mark.parametrize(
    ("name", "transcoder", "way"),
    [
        ("tags", "tagger", "npy"),
        ("tags", "tagger", "csv"),
        ("tcn", "tcn", "npy"),
        ("front", "tagger+foreground", "npy"),
    ],
)
def test_numbers_are_those_of_the_large_script(name, transcoder, way, models, tmp_path):
    levels = levels_with_gaps()
    path = tmp_path / f"levels.{way}"
    np.save(path, levels) if way == "npy" else path.write_text(as_csv(levels))
    done = run(models, str(path), "--db_offset", "-80", "--top", "2", name=name)
    assert done.returncode == 0, done.stderr
    assert "taken for unweighted levels, one every 125 ms" in done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    heard, _, front = transcoder.partition("+")
    predictor = load_predictor("YamNet", heard, models=models, device="cpu", foreground=bool(front))
    path = tmp_path / "levels.npy"
    np.save(path, levels)
    expected = predictor.table(path, db_offset=-80)
    assert [(row["second"], row["seconds"]) for row in rows] == [("0", "9"), ("10", "9"), ("20", "7")]
    for group, members in group_members(predictor.labels, PRESENCE_LABELS).items():
        found = np.array([float(row[group]) for row in rows])
        np.testing.assert_allclose(found, expected.to_numpy()[:, members].max(axis=1), atol=2e-5)
        hearing = {"teacher": "YamNet", "transcoder": transcoder, "hop_seconds": 0.125}
        least = find_thresholds([group], **hearing)[group].score
        assert [row[f"{group}_present"] for row in rows] == [str(int(score >= least)) for score in found]
    assert [row["label_1"] for row in rows] == expected.idxmax(axis=1).tolist()
    np.testing.assert_allclose([float(row["score_1"]) for row in rows], expected.max(axis=1), atol=2e-5)


def test_standard_input_is_read_and_a_block_of_gaps_has_no_scores(models):
    levels = make_levels(160)
    levels[80:130:8] = np.nan
    rows = list(csv.DictReader(io.StringIO(run(models, "-", text=as_csv(levels)).stdout)))
    assert rows[0]["traffic"]
    assert rows[1]["seconds"] == "3"
    assert not rows[1]["traffic"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,20,25\n0,50,50\n", "the header must name each band once, and does not so with 31.5, 40"),
        (f"{','.join(NAMES)}\n{','.join(['50'] * 30)}\n", "line 2: 30 cells, and the header has 29"),
    ],
)
def test_what_is_not_surely_understood_is_refused(text, message, models):
    done = run(models, "-", text=text)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["missing", "folder", "Latin-1", "no array", "no model"])
def test_files_that_cannot_be_read_are_a_line(kind, models, tmp_path):
    levels = tmp_path / ("levels.npy" if kind == "no array" else "levels.csv")
    if kind == "folder":
        levels.mkdir()
    elif kind != "missing":
        levels.write_bytes("température,20\n".encode("latin-1"))
    done = run(tmp_path if kind == "no model" else models, str(levels))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr


def test_the_file_tells_what_it_gives(models):
    session = onnxruntime.InferenceSession(models / "tags.onnx", providers=["CPUExecutionProvider"])
    facts = {name: json.loads(text) for name, text in session.get_modelmeta().custom_metadata_map.items()}
    assert facts["groups"] == list(group_members(facts["labels"], PRESENCE_LABELS)) == ["voice", "birds", "traffic"]
    chosen = find_thresholds(facts["groups"], teacher="YamNet", transcoder="tagger", hop_seconds=0.125)
    assert facts["thresholds"] == [chosen[group].score for group in facts["groups"]]
    assert len(facts["labels"]) == 521
    assert (facts["bands"][0], facts["bands"][-1], facts["calibration_db"]) == (20, 12500, 26)
    assert facts["floor_db"] == pytest.approx(-154, abs=0.01)
    assert [given.name for given in session.get_outputs()] == ["scores", "groups"]


def test_of_groups_of_ones_own_no_threshold_is_known(models, tmp_path, capsys):
    groups, path = tmp_path / "groups.csv", tmp_path / "own.onnx"
    groups.write_text("label,group\nSpeech,voice\nDog,dogs\n")
    options = ["--teacher", "YamNet", "--with_teacher", "--models", str(models), "--output", str(path)]
    assert cli.run(export_onnx.main, [*options, "--groups", str(groups)]) == 0
    assert capsys.readouterr().out.startswith(f"{path} (YamNet through tagger, within ")
    facts = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_modelmeta().custom_metadata_map
    assert json.loads(facts["groups"]) == ["voice", "dogs"]
    assert json.loads(facts["thresholds"]) == [0.2, 0.2]


def test_the_script_stands_alone_and_is_short():
    text = (ROOT / "predict_onnx.py").read_text(encoding="utf-8")
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported - sys.stdlib_module_names == {"numpy", "onnxruntime"}
    assert len(text.splitlines()) < 100
