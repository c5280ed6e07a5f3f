"""Any recording becomes a table, a picture and a page of what is heard in it when."""

import csv
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import soundfile
from PIL import Image

from audiokit.labels import prediction
from audiokit.labels.prediction import predict, predict_all
from audiokit.labels.scores_over_time import ScoresOverTime

RATE = 8000


@dataclass
class Loudness:
    """Hears how loud it is."""

    name = "loudness"
    labels: ClassVar = ("quiet", "loud")
    sample_rate = RATE
    length = RATE // 2
    hop = RATE // 4
    context = 10
    normalise = True

    def __call__(self, pieces):
        assert pieces.shape[1] == self.length + 2 * self.context
        loud = np.abs(pieces).mean(axis=1)
        return np.stack([1 - loud, loud], axis=1)


@pytest.fixture
def recording(tmp_path):
    """Half a second of quiet, a second and a bit of loud."""
    samples = np.concatenate([np.full(RATE // 2, 0.1), np.full(RATE + 77, 0.4)])
    soundfile.write(tmp_path / "call $1.wav", samples, RATE, subtype="FLOAT")
    return tmp_path / "call $1.wav"


def rows(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def test_the_table_has_a_row_for_each_piece(recording, tmp_path):
    predicted = predict(Loudness(), recording, tmp_path / "out")
    header, *table = rows(tmp_path / "out/call $1/scores.csv")
    assert header == ["start_s", "end_s", "quiet", "loud"]
    assert [row[:2] for row in table[:2]] == [["0.000", "0.500"], ["0.250", "0.750"]]
    assert table[-1][:2] == ["1.010", "1.510"]
    loud = [float(row[3]) for row in table]
    assert loud[0] == pytest.approx(0.25, abs=0.01)
    assert loud[2:] == pytest.approx([1] * (len(loud) - 2), abs=0.01)
    new = [1] * (len(loud) - 1) + [77 / (RATE // 4)]  # of a hop: the last piece hears the rest again
    mean = np.average(loud, weights=new)
    assert predicted.scores.mean == pytest.approx([1 - mean, mean], abs=1e-6)
    assert predicted.scores.top(1)[0][0] == "loud"


def test_the_picture_and_the_page_are_there_and_nothing_else(recording, tmp_path):
    predicted = predict(Loudness(), recording, tmp_path / "out")
    assert sorted(path.name for path in predicted.page.parent.iterdir()) == ["index.html", "scores.csv", "scores.png"]
    assert Image.open(predicted.page.with_name("scores.png")).size[0] == 1210
    text = predicted.page.read_text()
    assert "data:audio/flac;base64," in text
    assert "<span>loud</span><b>0.78" in text


def test_one_that_cannot_be_used_does_not_cost_the_others(recording, tmp_path, capsys):
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "short.wav", np.tile([0.2, -0.2], 400), RATE)
    names = [str(tmp_path / name) for name in ("bad.wav", "silent.wav", "short.wav", "call $1.wav")]
    assert predict_all(Loudness(), names, tmp_path / "out") == 1
    told = capsys.readouterr()
    assert told.out.count("index.html") == 2
    errors = [line for line in told.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "silent.wav is silent" in errors[1]
    assert "Shorter than the 0.50 s that are heard at once" in (tmp_path / "out/short/index.html").read_text()


def test_a_long_recording_that_lies_where_its_page_is_made_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(prediction, "EMBEDDED_SECONDS", 1)
    path = tmp_path / "call" / "call.wav"
    path.parent.mkdir()
    soundfile.write(path, np.full(2 * RATE, 0.1) * np.resize([1, -1], 2 * RATE), RATE, subtype="FLOAT")
    content = path.read_bytes()
    page = predict(Loudness(), path, tmp_path).page
    assert page.parent == path.parent
    assert path.read_bytes() == content
    assert soundfile.info(path.with_name("call_heard.wav")).frames == 2 * RATE


def test_the_order_of_labels_settles_what_is_equal():
    scores = ScoresOverTime("abc", np.array([[0.0, 1.0]]), np.array([[0.5, 0.7, 0.5]]))
    assert scores.top(2) == [("b", 0.7), ("a", 0.5)]


def test_the_mean_takes_pieces_by_their_weights():
    times = np.array([[0.0, 1.0], [0.5, 1.5]])
    assert ScoresOverTime("a", times, np.array([[0.2], [0.8]])).mean == pytest.approx([0.5])
    assert ScoresOverTime("a", times, np.array([[0.2], [0.8]]), np.array([1, 0.5])).mean == pytest.approx([0.4])
