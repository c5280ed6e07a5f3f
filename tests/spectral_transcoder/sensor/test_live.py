"""Levels that still come: a line of JSON for each block, with the numbers of the file that they make."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audio_fixtures import save_yamnet
from sensor_fixtures import make_levels, make_table, make_times, toy_predictor, write_csv

import predict_third_octave
from audiokit.errors import UserError
from spectral_transcoder.sensor import Reading, Wanted, follow, load_predictor, prepare_tagger, tag_all
from spectral_transcoder.sensor.reading.following import following
from spectral_transcoder.sensor.reading.opening import follow_levels

SCRIPT = Path(predict_third_octave.__file__)
WANTED = Wanted(picture=False)


def csv_lines(n_frames):
    """Header and rows of a table of fast levels."""
    return make_table(make_levels(n_frames), make_times(n_frames)).to_csv(index=False).splitlines(keepends=True)


def json_lines(n_frames):
    table = make_table(make_levels(n_frames), make_times(n_frames))
    return [json.dumps(row) + "\n" for row in json.loads(table.to_json(orient="records", date_format="iso"))]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_yamnet(tmp_path_factory.mktemp("models"))


@pytest.fixture
def as_input(monkeypatch):
    """Put a text on the standard input, through a pipe; gives a function to write to it."""
    readable, writable = os.pipe()
    with os.fdopen(readable) as stdin, os.fdopen(writable, "w") as pipe:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield pipe


@pytest.mark.parametrize("lines", [csv_lines, json_lines], ids=["CSV", "lines of JSON"])
def test_lines_have_the_numbers_of_the_file(lines, as_input, models, tmp_path, capsys):
    text = "".join(lines(3 * 80 + 8))
    path = tmp_path / ("a.csv" if lines is csv_lines else "a.jsonl")
    path.write_text(text)
    predictor = load_predictor("YamNet", "pinv", models=models, device="cpu")
    tag_all(predictor, [path], tmp_path / "out", wanted=WANTED)
    expected = pd.read_csv(tmp_path / "out" / "a_summary.csv")
    threading.Thread(target=lambda: (as_input.write(text), as_input.close())).start()
    capsys.readouterr()
    follow(prepare_tagger(predictor, db_offset=-90, reading=Reading(), wanted=WANTED), "-")
    found = pd.DataFrame([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    assert list(found) == list(expected)
    for name in ("traffic_present", "voice_present", "birds_present"):
        found[name] = found[name].astype(int)
    # Single blocks are computed by other kernels than many at once: the last digit may differ.
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, atol=1e-5)


def test_a_block_is_told_while_the_next_ones_have_not_come(as_input):
    lines = csv_lines(200)
    as_input.write("".join(lines[:100]))
    as_input.flush()
    with follow_levels("-", first_seconds=0.1) as source:
        blocks = toy_predictor().score(source, db_offset=-90, seconds_held=1)
        assert len(next(blocks).times) == 1
        as_input.write("".join(lines[100:170]))
        as_input.flush()
        assert len(next(blocks).times) == 1
        as_input.close()
        assert [scored.seconds.tolist() for scored in blocks] == [[1]]


def test_a_file_is_followed_while_it_grows(tmp_path):
    path = tmp_path / "growing.csv"
    lines = csv_lines(161)
    path.write_text("".join(lines[:50]))
    told = []

    def grow():
        # A row may be there in part, and the rest of it later.
        for part in ("".join(lines[50:70]) + lines[70][:9], lines[70][9:] + "".join(lines[71:])):
            time.sleep(0.3)
            with open(path, "a") as file:
                file.write(part)

    writer = threading.Thread(target=grow)
    writer.start()
    with follow_levels(path, first_seconds=0.1) as source:
        for scored in toy_predictor().score(source, db_offset=-90, seconds_held=1):
            told += scored.seconds.tolist()
            if len(told) == 2:
                break
    writer.join()
    assert told == [10, 10]


def test_a_file_that_is_begun_anew_is_told(tmp_path):
    path = tmp_path / "levels.csv"
    path.write_text("".join(csv_lines(20)))
    with following(path, first_seconds=0) as stream:
        stream.read()
        path.write_text("31.5\n")
        with pytest.raises(UserError, match="has become shorter"):
            stream.read()


def test_the_first_reading_waits_for_enough_to_tell_what_the_rows_are(as_input):
    as_input.write("header\n")
    as_input.flush()
    threading.Timer(0.2, lambda: (as_input.write("row\n"), as_input.flush())).start()
    with following("-", first_seconds=1) as stream:
        assert stream.read() == b"header\nrow\n"


def test_what_is_compressed_is_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    write_csv(path, make_table(make_levels(80), make_times(80)), compression="gzip")
    with pytest.raises(UserError, match="compressed"), following(path, first_seconds=0):
        pass


@pytest.mark.slow
def test_the_script_answers_while_levels_come(models):
    """From rows to a line, the pipe still open."""
    command = [sys.executable, str(SCRIPT), "-", "--live", "--teacher", "YamNet", "--transcoder", "pinv"]
    command += ["--models", str(models), "--device", "cpu"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write("".join(csv_lines(1000)))
        process.stdin.flush()
        line = json.loads(process.stdout.readline())
        process.stdin.close()
        rest = process.stdout.read().splitlines()
    assert line["time"].startswith("2024")
    assert line["seconds"] == 10
    assert process.returncode == 0
    assert len(rest) == 12
    assert np.isfinite([json.loads(each)["traffic"] for each in rest]).all()


@pytest.mark.parametrize("options", [["a.csv", "b.csv"], ["a.csv", "--auto_offset"], ["-", "--audio", "0", "1"]])
def test_what_needs_all_of_the_levels_is_refused(options, capsys):
    with pytest.raises(SystemExit):
        predict_third_octave.parse([*options, "--live"])
    assert "--live takes one file" in capsys.readouterr().err
