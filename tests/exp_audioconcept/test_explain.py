"""Explanations of recordings from the command line: pages, sounds, numbers, and what is refused."""

import json

import numpy as np
import pytest
import soundfile
import torch
from genre_fixtures import RATE, hum, ticks, write_genres

from audiokit import cli
from exp_audioconcept import explain, train
from exp_audioconcept.classifiers.learned import MEAN_SPECTRUM
from exp_audioconcept.classifiers.model_file import write_model_file
from exp_audioconcept.networks.kinds import create_network, n_samples

GENRES = ["hiss", "hum", "ticks"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    random = np.random.default_rng(5)
    soundfile.write(folder / "song.wav", hum(5, random) + 0.1 * ticks(5, random), RATE)
    return folder


@pytest.fixture(scope="module")
def cnn(place):
    """A CNN that has learned nothing."""
    torch.manual_seed(0)
    length = n_samples(4.2)
    network = create_network("CNN", 3, length=length, adaptive=True)
    settings = {"genres": GENRES, "length": length, "adaptive": True, MEAN_SPECTRUM: [-40.0] * 128}
    write_model_file(place / "cnn.pt", kind="CNN", settings=settings, state=network.state_dict())
    return place / "cnn.pt"


def run(model, *arguments):
    places = ["--model-path", str(model), "--report-path", str(model.parent / "told"), "--repetitions", "2"]
    return cli.run(explain.main, [*places, *map(str, arguments)])


def test_a_network_s_reasons_are_seen_heard_and_written_down(place, cnn, capsys):
    assert run(cnn, place / "song.wav", "--genre", "hum", "--start", "0.5") == 0
    folder = place / "told" / "song"
    assert capsys.readouterr().out.splitlines()[-1] == str(folder / "index.html")
    told = json.loads((folder / "explanation.json").read_text())
    assert told["genre"] == "hum"
    assert told["start_s"] == pytest.approx(0.5)
    assert set(told["concepts"]) == {"parts", "bands", "beats"}
    assert all(
        row["low"] <= row["weight"] <= row["high"] for rows in told["concepts"].values() for row in rows.values()
    )
    assert told["integrated_gradients_miss"] < 0.2 * abs(told["integrated_gradients_should_sum_to"])
    assert set(told["curves"]["deletion"]) == {"integrated gradients", "occlusion", "by chance", "by chance, 95 %"}
    for name in ("concepts.png", "seen.png", "song.wav", "parts.wav", "bands.wav", "beats.wav"):
        assert (folder / name).stat().st_size > 1000
    page = (folder / "index.html").read_text()
    assert page.count("<audio") == 4
    assert page.count("<figure>") == 2
    song, _ = soundfile.read(place / "song.wav", dtype="float32")
    heard, rate = soundfile.read(folder / "song.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(heard, song[RATE // 2 :][: len(heard)], atol=1e-6)


@pytest.mark.slow
def test_an_svm_s_reasons_are_its_features_and_what_is_lost_without_a_component(tmp_path):
    write_genres(tmp_path / "music")
    places = ["--data", tmp_path / "music", "--stores", tmp_path, "--figures-path", tmp_path, "--workers", 1]
    model = tmp_path / "svm.pt"
    assert cli.run(train.main, ["main", "svm", "--model-path", str(model), *map(str, places)]) == 0
    assert run(model, tmp_path / "music" / "hum" / "1.wav", "--model", "svm") == 0
    folder = tmp_path / "told" / "1"
    told = json.loads((folder / "explanation.json").read_text())
    assert told["genre"] == "hum"
    assert told["concepts"]["parts"]["harmonic"]["weight"] > told["concepts"]["parts"]["percussive"]["weight"]
    total = sum(told["features"].values()) + told["mean_decision_value"]
    assert total == pytest.approx(told["decision_value"])
    assert "length" not in told["features"]
    for name in ("waterfall.png", "beeswarm.png", "heatmap.png"):
        assert (folder / name).stat().st_size > 5000


def test_stems_are_a_further_concept(place, cnn):
    song, _ = soundfile.read(place / "song.wav", dtype="float32")
    stems = place / "stems" / "song"
    stems.mkdir(parents=True)
    for name, share in (("drums", 0.25), ("voice", 0.75)):
        soundfile.write(stems / f"{name}.wav", share * song, RATE, subtype="FLOAT")
    assert run(cnn, place / "song.wav", "--stems", place / "stems") == 0
    told = json.loads((place / "told" / "song" / "explanation.json").read_text())
    assert set(told["concepts"]["stems"]) == {"drums", "voice"}


def test_what_another_model_has_left_goes_and_nothing_else(place, cnn):
    folder = place / "told" / "song"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("waterfall.png", "stems.wav", "mine.txt"):
        (folder / name).write_text("of before")
    assert run(cnn, place / "song.wav") == 0
    assert not (folder / "waterfall.png").exists()
    assert not (folder / "stems.wav").exists()
    assert (folder / "mine.txt").read_text() == "of before"
    assert (folder / "seen.png").exists()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--genre", "polka"], "the model knows no genre 'polka': ask for one of hiss, hum, ticks"),
        (["--start", "9"], "is beyond its end"),
        (["--stems", "nowhere"], "holds no stems of song.wav"),
    ],
)
def test_what_is_not_there_cannot_be_explained(place, cnn, capsys, more, reason):
    assert run(cnn, place / "song.wav", *more) == 1
    told = capsys.readouterr()
    assert reason in told.err
    assert not told.out


@pytest.mark.parametrize(
    ("content", "reason"),
    [(np.zeros(5 * RATE), "is silent"), (None, "cannot read"), (np.full(RATE, np.nan), "not finite")],
)
def test_what_is_silent_or_broken_is_not_explained_and_keeps_no_other_from_it(place, cnn, capsys, content, reason):
    path = place / "bad.wav"
    if content is None:
        path.write_bytes(b"RIFF")
    else:
        soundfile.write(path, content, RATE, subtype="FLOAT")
    assert run(cnn, path) == 1
    assert reason in capsys.readouterr().err
    assert not (place / "told" / "bad").exists()


def test_a_model_without_the_mean_of_its_songs_says_so(place, cnn, tmp_path, capsys):
    network = create_network("CNN", 3, length=n_samples(4.2), adaptive=True)
    settings = {"genres": GENRES, "length": n_samples(4.2), "adaptive": True}
    write_model_file(tmp_path / "old.pt", kind="CNN", settings=settings, state=network.state_dict())
    assert run(tmp_path / "old.pt", place / "song.wav") == 1
    assert "train it anew" in capsys.readouterr().err


def test_an_interval_needs_two_drawings(cnn, capsys):
    with pytest.raises(SystemExit):
        explain.parse(["song.wav", "--repetitions", "1"])
    assert "an interval needs two drawings" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["--start=nan", "--start=-5", "--seed=-1"])
def test_numbers_that_mean_nothing_are_refused(cnn, capsys, given):
    with pytest.raises(SystemExit):
        explain.main(["song.wav", "--model-path", str(cnn), given])
    option, _, number = given.partition("=")
    assert f"argument {option}: {number} is not" in capsys.readouterr().err
