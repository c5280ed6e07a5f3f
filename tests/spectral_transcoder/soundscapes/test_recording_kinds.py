"""Recordings are named by what a teacher hears in them, and drawn so that each kind is heard about as often."""

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from audio_fixtures import save_yamnet, scene, write

from audiokit import cli
from audiokit.errors import UserError
from exp_train_model import list_kinds, make_scenes
from spectral_transcoder.soundscapes import recording_kinds
from spectral_transcoder.soundscapes.recording_kinds import (
    HeardKind,
    KindListener,
    collections_by_kind,
    loudest,
    read_heard,
    read_kinds,
    write_kinds,
)
from teachers.registry import load_teacher


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_yamnet(tmp_path_factory.mktemp("models"))


@pytest.fixture
def folder(tmp_path):
    for number, seconds in enumerate((0.3, 2, 9)):
        write(tmp_path / "recordings" / f"{number}.wav", scene(seconds, seed=number))
    return tmp_path / "recordings"


@pytest.fixture
def listed(folder, models, tmp_path):
    """Calls list_kinds.py."""

    def run(*further):
        arguments = [folder, "--output", tmp_path / "kinds.csv", "--models", models, "--workers", 1, *further]
        return cli.run(list_kinds.main, [str(argument) for argument in arguments])

    return run


# What is heard


def test_the_loudest_successive_seconds_are_listened_to():
    powers = np.array([1, 5, 0, 4, 4, 3, 0.0])
    seconds = np.sqrt(powers)[:, None] * np.ones(8)
    assert np.square(loudest(seconds, 3))[:, 0].round().tolist() == [4, 4, 3]
    assert len(loudest(seconds[:2], 4)) == 2


def test_the_kind_is_what_the_teacher_hears_most(models):
    listen = KindListener("YamNet", models / "yamnet" / "yamnet.pth")
    teacher = load_teacher("YamNet", folder=models)
    sound = scene(1, teacher.sample_rate, seed=3)
    second = torch.from_numpy(0.5 * sound / np.abs(sound).max())[None].float()
    spectrogram = teacher.front_end(second)[:, : teacher.front_end.chunk_frames]
    assert listen.kind(sound) == teacher.labels[int(teacher.scores(spectrogram).argmax())]
    assert listen.kind(0.01 * sound) == listen.kind(sound), "however loud it is"
    assert listen.kind(np.zeros(100, np.float32)) in teacher.labels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"), [("birds", "Animal"), ("music", "Music"), ("speech", "Speech"), ("typing", "Typing")]
)
def test_real_sounds_are_of_their_kinds(shared, name, kind):
    listen = KindListener("YamNet", shared / "weights" / "yamnet" / "yamnet.pth")
    assert listen(shared / "data" / "audio" / f"{name}.wav").kind == kind


# How often each is drawn


def test_common_kinds_have_more_collections_but_far_fewer_than_they_have_recordings():
    numbers = {"speech": 5000, "engine": 100, "dog": 10, "bell": 3, "horn": 2, "owl": 1, "siren": 2}
    kinds = {Path(f"{kind}_{number:04}"): kind for kind, n in numbers.items() for number in range(n)}
    collections = collections_by_kind(kinds | {Path("broken"): ""})
    assert sorted(path for paths in collections for path in paths) == sorted(kinds)
    of_kind = Counter(kinds[paths[0]] for paths in collections if len({kinds[path] for path in paths}) == 1)
    assert of_kind["speech"] == 10
    assert of_kind["engine"] == round(100**0.4) == 6
    assert of_kind["dog"] == 3
    assert of_kind["bell"] == 2
    rare = [paths for paths in collections if kinds[paths[0]] in ("horn", "owl", "siren")]
    assert [len(paths) for paths in rare] == [4, 1]


def test_a_table_is_read_as_it_was_written(tmp_path):
    kinds = {Path("/b, c.wav"): "Bird vocalization, bird call, bird song", Path("/a.wav"): "Dog"}
    heard = {path: HeardKind(path, kind, stamp=(7, 9), weights="8a9b") for path, kind in kinds.items()}
    write_kinds(tmp_path / "kinds.csv", heard.values(), "YamNet")
    assert read_heard(tmp_path / "kinds.csv", teacher="YamNet") == heard
    assert read_kinds(tmp_path / "kinds.csv") == kinds
    assert read_kinds(tmp_path / "kinds.csv", recordings=[Path("/a.wav")]) == {Path("/a.wav"): "Dog"}
    with pytest.raises(UserError, match=r"/d\.wav and 0 more are not in .*kinds\.csv"):
        read_kinds(tmp_path / "kinds.csv", recordings=[Path("/a.wav"), Path("/d.wav")])
    with pytest.raises(UserError, match="kinds by YamNet, not by PANN"):
        read_heard(tmp_path / "kinds.csv", teacher="PANN")


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe", None])
def test_what_is_no_table_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "kinds.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"kinds\.csv.*list_kinds\.py"):
        read_kinds(tmp_path / "kinds.csv")


# The scripts


def test_each_recording_is_listed_and_drawn_by_its_kind(listed, folder, tmp_path, capsys):
    assert listed() == 0
    assert "kinds.csv (3 recordings of " in capsys.readouterr().out
    with open(tmp_path / "kinds.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["recording"]).name for row in rows] == ["0.wav", "1.wav", "2.wav"]
    assert {row["teacher"] for row in rows} == {"YamNet"}
    arguments = [
        folder,
        "--kinds",
        tmp_path / "kinds.csv",
        "--output",
        tmp_path / "scenes",
        "--scenes",
        1,
        "--workers",
        1,
    ]
    assert cli.run(make_scenes.main, [str(argument) for argument in arguments]) == 0
    assert (tmp_path / "scenes" / "scene_00000.flac").is_file()


@pytest.fixture
def heard(monkeypatch):
    """Names of recordings that are listened to, as they come."""
    names = []
    kind_of = KindListener.__call__
    monkeypatch.setattr(KindListener, "__call__", lambda self, path: (names.append(path.name), kind_of(self, path))[1])
    return names


def test_only_what_is_new_is_listened_to(listed, folder, heard):
    assert listed() == 0
    heard.clear()
    write(folder / "new.wav", scene(1, seed=9))
    assert listed() == 0
    assert heard == ["new.wav"]


def test_what_was_replaced_is_listened_to_again(listed, folder, heard, capsys):
    assert listed() == 0
    heard.clear()
    write(folder / "1.wav", scene(2, seed=9))
    os.utime(folder / "1.wav", (1e9, 1e9))  # as a file is that comes from elsewhere
    assert listed() == listed() == 0
    assert heard == ["1.wav"]
    assert "1 recordings, or the teacher's weights, have changed: they are heard again" in capsys.readouterr().err


def test_all_is_listened_to_again_with_other_weights_of_the_teacher(listed, models, heard, tmp_path):
    assert listed() == 0
    heard.clear()
    other = tmp_path / "other.pth"
    torch.save({name: 0.9 * tensor for name, tensor in torch.load(models / "yamnet" / "yamnet.pth").items()}, other)
    assert listed("--teacher_weights", other) == 0
    assert sorted(heard) == ["0.wav", "1.wav", "2.wav"]


def test_in_a_table_of_before_only_younger_recordings_are_taken_for_others(listed, folder, heard, tmp_path):
    assert listed() == 0
    heard.clear()
    table = tmp_path / "kinds.csv"
    with open(table, encoding="utf-8", newline="") as file:
        rows = [row[:3] for row in csv.reader(file)]
    with open(table, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    os.utime(folder / "2.wav", (2e9, 2e9))
    assert listed() == 0
    assert heard == ["2.wav"]


def test_what_was_listed_of_other_folders_is_kept(listed, tmp_path, capsys):
    write_kinds(tmp_path / "kinds.csv", [HeardKind(Path("/other/a.wav"), "Dog")], "YamNet")
    assert listed() == 0
    assert "(3 recordings of " in capsys.readouterr().out
    kinds = read_kinds(tmp_path / "kinds.csv")
    assert len(kinds) == 4
    assert kinds[Path("/other/a.wav")] == "Dog"


def test_what_was_heard_before_it_was_stopped_is_kept(listed, monkeypatch, tmp_path):
    kind_of = KindListener.__call__

    def stopped_at_the_last(self, path):
        if path.name == "2.wav":
            raise KeyboardInterrupt
        return kind_of(self, path)

    monkeypatch.setattr(KindListener, "__call__", stopped_at_the_last)
    assert listed() == 130
    assert [path.name for path in read_kinds(tmp_path / "kinds.csv")] == ["0.wav", "1.wav"]


def test_what_cannot_be_read_is_told_and_left_out_of_scenes(listed, folder, tmp_path, capsys):
    (folder / "bad.wav").write_text("no sound")
    assert listed() == 1
    assert "left out: " in (told := capsys.readouterr()).err
    assert "bad.wav" in told.err
    assert "(3 recordings of " in told.out
    assert listed("--skip_errors") == 0
    kinds = read_kinds(tmp_path / "kinds.csv")
    assert kinds[(folder / "bad.wav").resolve()] == ""
    assert sum(map(len, collections_by_kind(kinds))) == 3


def test_scenes_are_not_made_of_what_is_not_listed(listed, folder, tmp_path, capsys):
    assert listed() == 0
    write(folder / "new.wav", scene(1, seed=9))
    arguments = [folder, "--kinds", tmp_path / "kinds.csv", "--output", tmp_path / "scenes"]
    assert cli.run(make_scenes.main, [str(argument) for argument in arguments]) == 1
    assert "new.wav and 0 more are not in" in capsys.readouterr().err


def test_it_takes_no_table_of_another_teacher(listed, tmp_path, capsys):
    write_kinds(tmp_path / "kinds.csv", [HeardKind(Path("/a.wav"), "Dog")], "PANN")
    assert listed() == 1
    assert "kinds by PANN, not by YamNet" in capsys.readouterr().err
    assert recording_kinds.read_kinds(tmp_path / "kinds.csv") == {Path("/a.wav"): "Dog"}
