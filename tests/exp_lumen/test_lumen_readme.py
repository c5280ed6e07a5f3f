"""Every command of Lumen's README runs, in its order, in a copy of the code with small soundfonts and recordings."""

import csv
import json
import re

import numpy as np
import pytest
import yaml
from audio_fixtures import write
from documented_commands import commands, copy_code, put_teachers, python_in, replace_in
from lumen_fixtures import RATE, irmas_test, irmas_train, sound, write_table
from soundfont_fixtures import soundfont

from audiokit.files import sha256
from audiokit.paths import ROOT
from exp_lumen.evaluation.model_file import load_model
from exp_lumen.instruments import CODES, NAMES
from exp_lumen.synthesis.soundfonts import SOUNDFONTS

README = (ROOT / "exp_lumen" / "README.md").read_text(encoding="utf-8")
RUN_ELSEWHERE = {
    "python3 download_datasets.py --list IRMAS": "against a local server in test_lumen_download.py",
    "python3 exp_lumen/server.py --model-dir lumen_models --data-dir recordings": "it has no end; test_lumen_server.py",
}
COMMANDS = [command for command in commands(README) if command not in RUN_ELSEWHERE]
SHORTER = {
    "exp_lumen/demo.py": ("--n_clips", 12, "--epochs", 2),
    "exp_lumen/train.py": ("--epochs", 2, "--finetune-head-epochs", 1, "--workers", 1),
    "--model CONVNEXT_TINY": ("--image-size", 32, "--batch-size", 16, "--quick", "--epochs", 1, "--no-finetune-head"),
    "exp_lumen/svm.py": ("--workers", 1),
    "exp_lumen/make_instruments.py": ("--n_clips", 11, "--seconds", 1, "--workers", 1),
}
"""Part of a command → what it is told besides, for fewer and shorter sounds."""
(DEMO_MODEL,) = set(re.findall(r"lumen_models/demo_440/\S+\.ckpt", README))
"""The score in its name is of the music that the demo makes."""

for package in ("tensorboard", "tinysoundfont", "transformers"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the code, beside soundfonts of sines, teachers with random weights, IRMAS in small, and recordings."""
    folder = copy_code(tmp_path_factory.mktemp("lumen"), "audiokit", "teachers", "yamnet", "efficientat", "exp_lumen")
    put_teachers(folder)
    (folder / "soundfonts").mkdir()
    for name, found in SOUNDFONTS.items():
        path = soundfont(folder / "soundfonts" / f"{name}.sf2", presets=sorted({*range(128)} - {*found.borrowed}))
        replace_in(folder / "exp_lumen" / "synthesis" / "soundfonts.py", (found.checksum, f"sha256:{sha256(path)}"))
    soundfont(folder / "GeneralUser-v1.47.sf2")
    irmas_train(folder / "IRMAS" / "train", n_songs=2)
    irmas_test(folder / "IRMAS" / "test")
    write(folder / "song.wav", np.concatenate([sound("cel", seconds=3), sound("voi", seconds=3)]), RATE)
    write(folder / "mine" / "a.wav", sound("pia"), RATE)
    write_table(folder / "mine.csv", [{"file": "mine/a.wav"} | {c: int(c == "pia") for c in CODES}], ["file", *CODES])
    return folder


@pytest.fixture(scope="module")
def done(folder):
    """What each command came to, in their order."""
    done = {}
    with python_in(folder, "torch._dynamo", "transformers.models.convnext") as python:
        for command in COMMANDS:
            made = next(folder.glob("lumen_models/demo_*/checkpoints/*.ckpt"), folder)
            more = [option for part, options in SHORTER.items() if part in command for option in options]
            done[command] = python.run(command.replace(DEMO_MODEL, str(made.relative_to(folder))), *more)
    return done


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def models(folder):
    """Models that `train.py` has left, in their order."""
    paths = (path for path in folder.glob("lumen_models/*/checkpoints/*.ckpt") if "demo" not in path.parts[-3])
    return sorted(paths, key=lambda path: path.stat().st_mtime)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_runs(done, command):
    assert done[command].returncode == 0, done[command].stderr


def test_the_demo_tells_what_plays_and_what_is_heard(done, folder):
    told = done["python3 exp_lumen/demo.py"].stdout
    assert told.splitlines()[-1] == str(folder / "results" / "lumen" / "lumen_medley" / "index.html")
    sections = told[told.index("Section by section") :].splitlines()[2:-2]
    assert [line.split()[0] for line in sections] == ["0", "8", "16", "24", "32", "40"]
    assert all(any(name in line for name in NAMES) for line in sections)
    assert len(rows_of(folder / "results" / "lumen" / "lumen_medley" / "scores.csv")) == 6 * 8 - 2


def test_of_a_recording_there_are_a_page_a_picture_a_table_and_an_answer(done, folder):
    song = folder / "results" / "lumen" / "song"
    assert {path.name for path in song.iterdir()} == {"answer.json", "index.html", "scores.csv", "scores.png"}
    assert [float(row["start_s"]) for row in rows_of(song / "scores.csv")] == [0, 1, 2, 3]  # hearing 3 s at once
    assert list(json.loads((song / "answer.json").read_text())) == list(CODES)
    latest, named = (done[command].stdout for command in COMMANDS if "predict.py" in command)
    assert latest.splitlines()[-2] == named.splitlines()[-2] == str(song / "index.html")


def test_trainings_leave_models_with_thresholds_and_their_measures(done, folder):
    found = {path: yaml.safe_load((path.parents[1] / "config.yaml").read_text()) for path in models(folder)}
    assert [config["specification"]["teacher"] for config in found.values()] == ["", "YamNet", "mn04_as", "mn04_as"]
    assert [config["n_train"] for config in found.values()] == [32, 44, 32, 22]
    for path, config in found.items():
        assert f"_val_f1_{config['valid']['f1']:.4f}" in path.name
        assert len(config["valid"]["instruments"]) == 11
    convnext, yamnet, quick, _ = found
    assert found[convnext]["specification"]["audio_transform"] == "MEL_SPECTROGRAM"
    thresholds = [row["threshold"] for row in found[yamnet]["valid"]["instruments"].values()]
    assert load_model(yamnet).thresholds["mean"].tolist() == thresholds
    assert {f"f1_{code}_valid" for code in CODES} < set(rows_of(quick.parents[1] / "metrics.csv")[0])


def test_curves_for_tensorboard_are_whole(done, folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    quick = models(folder)[2].parents[1]
    events = EventAccumulator(str(quick / "tensorboard"))
    events.Reload()
    last = rows_of(quick / "metrics.csv")[-1]
    assert last["stage"] == "whole"
    assert events.Scalars("whole/f1/valid")[-1].value == pytest.approx(float(last["f1_valid"]), rel=1e-4)


def test_testing_leaves_answers_measures_of_recordings_and_pieces_and_pictures(done, folder):
    tested = folder / "export" / "lumen"
    assert len(json.loads((tested / "test.json").read_text())) == 22
    measures = {what: yaml.safe_load((tested / f"test_{what}.yaml").read_text()) for what in ("recordings", "pieces")}
    for name in ("f1", "precision", "recall", "lrap", "mean_average_precision", "hamming_score_of_all_zero"):
        assert all(0 <= found[name] <= 1 for found in measures.values())
    assert {path.name for path in tested.glob("*.png")} == {
        f"test_{what}.png" for what in ("instruments", "matrices", "scores", "roc", "precision_recall")
    }
    baseline = folder / "export" / "lumen_svm"
    assert list(json.loads((baseline / "answers.json").read_text())) == ["mine/a.wav"]
    assert yaml.safe_load((baseline / "measures.yaml").read_text())["n"] == 1


@pytest.mark.parametrize("name", ["TimGM6mb", "Merlin", "GeneralUser-v1.47"])
def test_music_has_a_table_of_what_plays(done, folder, name):
    rows = rows_of(folder / "instruments" / name / "labels.csv")
    assert len(rows) == 11 == len(list((folder / "instruments" / name / "audio").iterdir()))
    assert all(sum(int(row[code]) for row in rows) > 0 for code in CODES)


def test_every_script_has_a_command():
    named = set(re.findall(r"python3 (exp_lumen/\w+\.py)", "\n".join([*COMMANDS, *RUN_ELSEWHERE])))
    scripts = {path for path in ROOT.glob("exp_lumen/*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert named == {path.relative_to(ROOT).as_posix() for path in scripts}
