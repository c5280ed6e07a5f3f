"""predict.py: what is heard when, in recordings of any length and rate."""

import csv
import tarfile

import numpy as np
import pytest
import soundfile
import torch
from samplecnn_fixtures import small_task

from audiokit import cli
from audiokit.sound.audio import load
from exp_samplecnn import predict
from exp_samplecnn.data.standardisation import Standardisation
from exp_samplecnn.learning.model_files import SPOKEN_DIGITS, ModelSettings, read_model, write_model
from exp_samplecnn.listening import SegmentListener
from exp_samplecnn.segments import segments_of
from exp_samplecnn.tasks import SAMPLE_RATE


@pytest.fixture
def model(tmp_path, monkeypatch):
    small_task(monkeypatch)
    torch.manual_seed(1)
    settings = ModelSettings("scd", ("no", "yes"), standardisation=Standardisation(0.01, 0.3))
    write_model(tmp_path / "m.safetensors", settings, settings.network().state_dict())
    return tmp_path / "m.safetensors"


def run(tmp_path, model, *more):
    options = ["--model", model, "--output", tmp_path / "out", "--device", "cpu", *more]
    return cli.run(predict.main, [str(option) for option in options])


def write(path, n_samples, rate=22050):
    soundfile.write(path, 0.3 * np.random.default_rng(0).standard_normal(n_samples), rate, subtype="FLOAT")
    return path


def test_scores_are_the_network_s_of_each_segment(model, tmp_path):
    path = write(tmp_path / "a.wav", 3 * 2187)
    assert run(tmp_path, model, path) == 0
    rows = list(csv.reader((tmp_path / "out" / "a" / "scores.csv").open()))
    assert rows[0] == ["start_s", "end_s", "no", "yes"]
    sound = soundfile.read(path, dtype="float32")[0].reshape(3, 2187)
    network, _ = read_model(model)
    with torch.inference_mode():
        expected = network((torch.from_numpy(sound) - 0.01) / 0.3).softmax(dim=1).numpy()
    np.testing.assert_allclose(np.array(rows[1:], float)[:, 2:], expected, atol=1e-5)
    assert {"scores.csv", "scores.png", "index.html"} <= {path.name for path in (tmp_path / "out" / "a").iterdir()}


def test_a_smaller_hop_gives_more_rows_and_short_files_are_heard_too(model, tmp_path):
    paths = [write(tmp_path / "a.wav", 22050), write(tmp_path / "b.wav", 300, 8000)]
    assert run(tmp_path, model, "--hop", "0.05", *paths) == 0
    counts = [len((tmp_path / "out" / name / "scores.csv").read_text().splitlines()) - 1 for name in "ab"]
    assert counts == [20, 1]


def test_a_recording_that_cannot_be_used_does_not_keep_the_others_back(model, tmp_path, capsys):
    (tmp_path / "empty.mp3").write_bytes(b"")
    assert run(tmp_path, model, tmp_path / "empty.mp3", write(tmp_path / "a.wav", 9000)) == 1
    told = capsys.readouterr()
    assert "empty.mp3" in told.err
    assert "a.wav: " in told.out
    assert "one of its 2 words at any time" in told.err


def test_an_impossible_hop_is_refused(model, tmp_path, capsys):
    assert run(tmp_path, model, "--hop", "nan", write(tmp_path / "a.wav", 9000)) == 1
    assert "a hop of nan s" in capsys.readouterr().err


# The network that is shipped


def test_without_a_model_spoken_digits_are_heard(tmp_path):
    path = write(tmp_path / "myfile.wav", 2 * 22050)
    assert cli.run(predict.main, [str(path), "--output", str(tmp_path / "out"), "--device", "cpu"]) == 0
    heading, *rows = csv.reader((tmp_path / "out" / "myfile" / "scores.csv").open())
    assert heading[2:] == ["eight", "five", "four", "nine", "one", "seven", "six", "three", "two", "zero"]
    assert len(rows) == 2
    np.testing.assert_allclose(np.array(rows, float)[:, 2:].sum(axis=1), 1, atol=1e-3)


def test_the_shipped_network_hears_a_speaker_that_it_has_not_heard(shared, tmp_path):
    network, settings = read_model(SPOKEN_DIGITS)
    listener = SegmentListener(network, settings)
    n_right, n_words = 0, 0
    with tarfile.open(shared / "data" / "spoken_digits" / "spoken_digits.tar.xz") as archive:
        for member in archive:
            word, _, name = member.name.rpartition("/")
            if not (name.startswith("s6_nohash_") and int(name[10:-4]) < 8):
                continue
            (tmp_path / "word.wav").write_bytes(archive.extractfile(member).read())
            sound = load(tmp_path / "word.wav", sample_rate=SAMPLE_RATE, normalise=False)
            scores = listener(segments_of(sound, settings.task, "silence"))
            n_right += settings.labels[int(scores[0].argmax())] == word.rpartition("/")[2]
            n_words += 1
    assert n_words == 80
    assert n_right > 0.4 * n_words  # chance and thirty points; the whole test split is in docs/results.md
