"""Genres of any recording over time: asked from the command line, or by a number at the terminal."""

import csv
import io

import numpy as np
import pytest
import soundfile
import torch
from genre_fixtures import RATE, hum

from audiokit import cli
from exp_audioconcept import predict
from exp_audioconcept.classifiers.model_file import write_model_file
from exp_audioconcept.networks.kinds import create_network, n_samples

GENRES = ["hiss", "hum", "ticks"]


@pytest.fixture
def model(tmp_path):
    """A CNN that has learned nothing."""
    torch.manual_seed(0)
    length = n_samples(4.2)
    network = create_network("CNN", 3, length=length, adaptive=True)
    settings = {"genres": GENRES, "length": length, "adaptive": True}
    write_model_file(tmp_path / "cnn.pt", kind="CNN", settings=settings, state=network.state_dict())
    return tmp_path / "cnn.pt"


def run(model, *arguments):
    return cli.run(predict.main, ["--model-path", str(model), "--report-path", str(model.parent / "told"), *arguments])


def test_a_file_is_told_piece_by_piece_with_shares_that_sum_to_one(model, tmp_path, capsys):
    soundfile.write(tmp_path / "song.flac", np.stack([hum(10, np.random.default_rng(0))] * 2, axis=1), RATE)
    assert run(model, "CNN", str(tmp_path / "song.flac")) == 0
    with open(tmp_path / "told" / "song" / "scores.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["start_s", "end_s", *GENRES]
    assert [row[0] for row in rows] == ["0.000", "4.200", "5.800"]
    np.testing.assert_allclose([sum(map(float, row[2:])) for row in rows], 1, atol=1e-5)
    assert (tmp_path / "told" / "song" / "index.html").is_file()


def test_a_short_file_is_continued_with_silence_and_that_is_said(model, tmp_path):
    soundfile.write(tmp_path / "short.wav", hum(1, np.random.default_rng(0)), RATE)
    assert run(model, str(tmp_path / "short.wav")) == 0
    assert "Shorter than the 4.20 s" in (tmp_path / "told" / "short" / "index.html").read_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(np.zeros(5 * RATE), "is silent"), (None, "cannot read"), (np.full(RATE, np.nan), "not finite")],
)
def test_what_is_silent_or_broken_gets_no_genre(model, tmp_path, capsys, content, reason):
    path = tmp_path / "bad.wav"
    if content is None:
        path.write_bytes(b"RIFF")
    else:
        soundfile.write(path, content, RATE, subtype="FLOAT")
    assert run(model, str(path)) == 1
    told = capsys.readouterr()
    assert reason in told.err
    assert not told.out
    assert not (tmp_path / "told" / "bad" / "scores.csv").exists()


def test_a_piece_of_silence_is_of_all_genres_alike(model):
    from exp_audioconcept.classifiers.listening import GenreListener
    from exp_audioconcept.classifiers.loading import load_model

    listener = GenreListener(load_model(model))
    sounds = np.zeros((2, listener.length), np.float32)
    sounds[1] = hum(5, np.random.default_rng(0))[: listener.length]
    shares = listener(sounds)
    np.testing.assert_allclose(shares[0], 1 / 3)
    assert np.ptp(shares[1]) > 0


def test_without_a_file_one_is_chosen_by_its_number_and_asked_again(model, tmp_path, monkeypatch, capsys):
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, hum(5, np.random.default_rng(0)), RATE)
    monkeypatch.setattr("sys.stdin", io.StringIO("7\n2\n"))
    assert run(model, "--audio-path", str(tmp_path)) == 0
    told = capsys.readouterr().out
    assert "7 is no number from 1 to 2" in told
    assert "b.wav: " in told


def test_where_nobody_answers_a_file_is_asked_for(model, tmp_path, monkeypatch, capsys):
    soundfile.write(tmp_path / "a.wav", hum(5, np.random.default_rng(0)), RATE)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(model, "--audio-path", str(tmp_path)) == 1
    assert "name a file" in capsys.readouterr().err


def test_a_missing_model_is_told_of_before_anything_is_read(tmp_path, capsys):
    assert cli.run(predict.main, ["--model-path", str(tmp_path / "none.pt"), "song.wav"]) == 1
    assert "train it first" in capsys.readouterr().err
