"""Models from the command line: trained, tested on what they have not heard, and refused where they do not fit."""

import json

import pytest
from genre_fixtures import write_genres

from audiokit import cli
from audiokit.learning.interruption import Interrupted
from exp_audioconcept import evaluate, features, train
from exp_audioconcept.classifiers import runs
from exp_audioconcept.classifiers.materials import Source, split_of
from exp_audioconcept.classifiers.model_file import read_model_file


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("genres")
    write_genres(folder / "music")
    return folder


def options(music, *more):
    places = ["--data", music / "music", "--groups", music / "artists.csv", "--stores", music / "stores"]
    return [*map(str, [*places, "--figures-path", music / "figures", "--workers", 1, *more])]


@pytest.fixture(scope="module")
def cnn(music):
    """A CNN for short sounds, trained for two epochs."""
    path = music / "cnn.pt"
    arguments = ["experiment", "cnn", "--audio-length", "4.2", "--adaptive", "--epochs", "2", "--no-augmentation"]
    arguments += ["--mixed-precision"]
    assert cli.run(train.main, options_for_train(music, arguments, path)) == 0
    return path


def options_for_train(music, arguments, path):
    return [*arguments, *options(music, "--model-path", path)]


def test_an_svm_learns_from_the_sound_and_tells_the_genres_of_new_songs(music, capsys):
    path = music / "svm.pt"
    assert cli.run(train.main, options_for_train(music, ["main", "svm"], path)) == 0
    assert "on 6 songs that were not heard" in capsys.readouterr().out
    (statistics,) = (music / "figures").glob("SVM_run_stats_*.json")
    content = json.loads(statistics.read_text())
    assert content["test"]["accuracy"] >= 0.66 > 2 * content["test"]["chance"] - 0.01
    assert content["chosen_by"] == "songs to choose by"
    assert cli.run(evaluate.main, ["SVM", *options(music, "--model-path", path)]) == 0
    assert f"accuracy {content['test']['accuracy']:.4f}" in capsys.readouterr().out
    assert len(list((music / "figures").glob("SVM_confusion_matrix_*.png"))) == 1


def test_features_that_were_written_know_their_artists_too(music, capsys):
    table = music / "features.csv"
    assert cli.run(features.main, [*options(music)[:6], "--workers", "1", "--output", str(table)]) == 0
    with Source(music / "none", table=table, groups=music / "artists.csv").material("SVM") as material:
        known = {"names": material.names, "genres": material.genres, "groups": material.groups}
        _, parts = split_of("auto", **known, seed=0)
        artists = [{material.groups[song] for song in part} for part in (parts.train, parts.valid, parts.test)]
    assert [len(part) for part in artists] == [3, 3, 3]
    assert len(set.union(*artists)) == 9
    lines = (music / "artists.csv").read_text().splitlines()
    (music / "fewer.csv").write_text("\n".join(lines[:-1]) + "\n")
    arguments = ["main", "svm", "--features", str(table), "--groups", str(music / "fewer.csv")]
    assert cli.run(train.main, arguments) == 1
    assert "the table of artists lacks ticks/5.wav: add its row, or leave the table out" in capsys.readouterr().err


def test_a_network_is_trained_and_tested_with_the_length_that_it_keeps(music, cnn, capsys):
    assert cli.run(evaluate.main, ["cnn", *options(music, "--model-path", cnn)]) == 0
    assert "on 6 songs" in capsys.readouterr().out
    assert not cnn.with_name("cnn_checkpoint.pt").exists()


def test_a_model_keeps_the_split_that_suited_its_songs(music, cnn, capsys):
    assert read_model_file(cnn)[1]["split"] == "grouped"
    places = [*options(music)[:2], "--stores", str(music / "stores"), "--workers", "1", "--model-path", str(cnn)]
    assert cli.run(evaluate.main, ["cnn", *places]) == 1
    assert "no artist or album is known: name a table with --groups" in capsys.readouterr().err


def test_another_length_than_the_model_s_is_refused_with_the_reason(music, cnn, capsys):
    assert cli.run(evaluate.main, ["cnn", "--audio-length", "CNN", *options(music, "--model-path", cnn)]) == 1
    assert "the model hears 4.20 s at once, and --audio-length is 29.10 s" in capsys.readouterr().err


def test_other_genres_than_the_model_s_are_refused_with_the_reason(music, cnn, tmp_path, capsys):
    write_genres(tmp_path / "music")
    (tmp_path / "music" / "hum").rename(tmp_path / "music" / "drone")
    arguments = ["--data", str(tmp_path / "music"), "--stores", str(tmp_path), "--workers", "1"]
    assert cli.run(evaluate.main, ["cnn", "--model-path", str(cnn), *arguments]) == 1
    assert "the model knows hiss, hum, ticks, and the songs are of drone, hiss, ticks" in capsys.readouterr().err


def test_a_training_that_was_stopped_goes_on_with_the_same_songs_and_numbers_alone(
    music, tmp_path, capsys, monkeypatch
):
    begun = ["experiment", "cnn", "--audio-length", "4.2", "--adaptive", "--epochs", "1", "--no-augmentation"]
    arguments = options_for_train(music, begun, tmp_path / "cnn.pt")
    with monkeypatch.context() as patched:  # all is trained, and nothing written
        patched.setattr(runs, "save_learned", raise_interrupted)
        assert cli.run(train.main, arguments) != 0
    checkpoint = tmp_path / "cnn_checkpoint.pt"
    content = checkpoint.read_bytes()
    for other, told in [
        (["--split", "stratified"], "the recordings have changed"),
        (["--label-smoothing", "0"], "label_smoothing was 0.15, is 0.0"),
        (["--noise-level", "0"], "noise_level was 0.002, is 0.0"),
    ]:
        capsys.readouterr()
        assert cli.run(train.main, [*arguments, *other]) == 1
        assert f"cnn_checkpoint.pt is of another training ({told}): delete it" in capsys.readouterr().err
        assert checkpoint.read_bytes() == content
    assert cli.run(train.main, [*arguments, "--epochs", "2"]) == 0
    assert not checkpoint.exists()


def raise_interrupted(*_):
    raise Interrupted("stopped")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["main", "SVN"], "there is no model 'SVN'"),
        (["main", "CNN", "--audio-length", "VGG"], "CNN hears sounds from 16.7 to 33.4 s, and not 3.96 s"),
        (["main", "CNN", "--audio-length", "long"], "--audio-length long is no length"),
        (["main", "SVM", "--audio-length", "3"], "--audio-length is for networks, and SVM hears what it always hears"),
        (["main", "head", "--audio-length", "CNN"], "--audio-length is for networks, and head hears"),
        (["main", "SVM", "--data", "nowhere"], "there is no folder nowhere"),
        (["main", "head", "--teacher", "nobody"], "unknown teacher 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(music, tmp_path, capsys, arguments, reason):
    given = options_for_train(music, [], tmp_path / "model.pt")
    if "--data" in arguments:
        given = ["--model-path", str(tmp_path / "model.pt")]
    assert cli.run(train.main, [*arguments, *given]) == 1
    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1
    assert not (tmp_path / "model.pt").exists()


def test_numbers_that_are_zero_count(music):
    from exp_audioconcept.train import _network_settings, parse

    given = ["experiment", "CNN", "--lr", "0.1", "--label-smoothing", "0", "--noise-level", "0", "--weight-decay", "0"]
    settings = _network_settings(parse(given), "CNN", None)
    assert (settings.label_smoothing, settings.noise_level, settings.weight_decay) == (0, 0, 0)
    assert settings.learning_rate == 0.1


def test_each_network_has_the_numbers_that_its_sweep_found_best():
    from exp_audioconcept.train import _network_settings, parse

    found = {}
    for kind in ("CNN", "VGGish"):
        settings = _network_settings(parse(["main", kind]), kind, None)
        found[kind] = (settings.learning_rate, settings.weight_decay, settings.length)
    assert found == {"CNN": (5e-3, 5e-4, 641655), "VGGish": (4e-5, 5e-5, 641655)}


def test_the_original_s_pickles_are_refused(music, tmp_path, capsys):
    import pickle

    (tmp_path / "best_SVM_model.pkl").write_bytes(pickle.dumps({"model": 1}, protocol=2))
    assert cli.run(evaluate.main, options(music, "--model-path", tmp_path / "best_SVM_model.pkl")) == 1
    assert "damaged or no weight file" in capsys.readouterr().err
