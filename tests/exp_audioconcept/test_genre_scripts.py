"""What comes before training: a look at the songs, and their table of features."""

import shutil

import numpy as np
import pytest
from genre_fixtures import write_genres

from audiokit import cli
from exp_audioconcept import dataset, features
from exp_audioconcept.song_features.table import read_feature_table
from exp_audioconcept.songs.fault_filtered import fault_filtered_names


@pytest.fixture
def music(tmp_path):
    write_genres(tmp_path / "music")
    return tmp_path / "music"


def test_a_look_tells_songs_lengths_and_parts(music, capsys):
    assert cli.run(dataset.main, ["--data", str(music), "--groups", str(music.parent / "artists.csv")]) == 0
    told = capsys.readouterr().out
    assert [line.split()[:2] for line in told.splitlines()[1:4]] == [["hiss", "6"], ["hum", "6"], ["ticks", "6"]]
    assert "split grouped: 6 to train, 6 to choose by, 6 to test" in told


def test_a_look_at_songs_of_gtzan_tells_the_split_that_training_takes(music, capsys):
    for genre, numbers in (("hiss", "metal"), ("hum", "rock")):
        names = {
            part: [n for n in listed if n.startswith(f"{numbers}.")] for part, listed in fault_filtered_names().items()
        }
        chosen = [names["train"][0], names["train"][1], names["valid"][0], names["test"][0]]
        for number, name in enumerate(chosen):
            (music / genre / f"{number}.wav").rename(music / genre / name)
    shutil.rmtree(music / "ticks")
    assert cli.run(dataset.main, ["--data", str(music)]) == 0
    assert "split filtered: 4 to train, 2 to choose by, 2 to test" in capsys.readouterr().out


def test_a_look_finds_what_is_broken(music, capsys):
    (music / "hum" / "3.wav").write_bytes(b"RIFF")
    assert cli.run(dataset.main, ["--data", str(music)]) == 1
    assert "3.wav" in capsys.readouterr().out


def test_a_look_tells_which_files_are_passed_over(music, capsys):
    (music / "hum" / "disc 1").mkdir()
    (music / "hum" / "3.wav").rename(music / "hum" / "disc 1" / "3.wav")
    (music / "hum" / "4.wav").rename(music / "hum" / "4.m4a")
    (music / "hum" / ".cover.jpg").touch()
    assert cli.run(dataset.main, ["--data", str(music)]) == 0
    told = capsys.readouterr().out
    assert ["hum", "4"] in [line.split()[:2] for line in told.splitlines()]
    assert "passed over: 2 files, hum/4.m4a first; songs lie in the folder of their genre itself, as .aif," in told


def test_features_are_extracted_to_a_table_that_training_takes(music, tmp_path, capsys):
    path = tmp_path / "features.csv"
    places = ["--data", str(music), "--stores", str(tmp_path / "stores"), "--workers", "1", "--output", str(path)]
    assert cli.run(features.main, places) == 0
    table = read_feature_table(path)
    assert len(table.names) == 18
    assert np.isfinite(table.values).all()
    assert str(path) in capsys.readouterr().out
