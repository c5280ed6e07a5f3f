"""Scores of a dataset's recordings are made once each, whatever happens on the way, and models can be added."""

import errno
import itertools
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from audio_fixtures import noise, write
from classification_fixtures import SONYC, URBAN, save_models, write_clips, write_sonyc, write_urbansound8k

from audiokit import cli
from audiokit.errors import UserError
from exp_classif_eval import create_logit_dataset
from spectral_transcoder.classification import partial_scores, score_creation
from spectral_transcoder.classification.clip_scores import ClipScorer
from spectral_transcoder.classification.score_creation import create_scores
from spectral_transcoder.classification.score_file import ScoreFile, score_path
from spectral_transcoder.classification.scored_models import find_models
from teachers.registry import labels_of

SCRIPT = Path(create_logit_dataset.__file__)
N_CLIPS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Clips of noise, a second each."""
    return write_clips(tmp_path_factory.mktemp("clips"), N_CLIPS)


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(score_creation, "CLIPS_AT_ONCE", 2)


@pytest.fixture
def models(models_folder):
    """`models("self", "cnn")` of YAMNet."""
    return lambda *transcoders: find_models(["YamNet"], transcoders, folder=models_folder)[0]


@pytest.fixture(scope="module")
def expected(folder, models_folder, tmp_path_factory):
    """Scores that are made without a break, of the teacher, PINV and a CNN."""
    found, _ = find_models(["YamNet"], ["self", "pinv", "cnn"], folder=models_folder)
    return content(make(folder, tmp_path_factory.mktemp("expected"), found)[0])


def make(folder, output, models, *, dataset=URBAN, **options):
    """Make scores in this process; gives the path of the file, and the summary."""
    path = score_path(output, dataset.name)
    return path, create_scores(dataset, folder, path, models, **{"workers": 1} | options)


def content(path, *, of=None):
    """Names, folds, targets, and the scores by model."""
    file = ScoreFile(path)
    found = {"names": file.names, "folds": file.folds, "targets": file.targets.tolist()}
    return found | {name: file.model(name).scores for name in of or file.fingerprints}


def check(found, expected, *, exact=False):
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        if isinstance(values, np.ndarray):
            np.testing.assert_allclose(found[key], values, rtol=0 if exact else 1e-4, atol=0 if exact else 1e-6)
        else:
            assert found[key] == values


def only(expected, *models, rows=slice(None)):
    """A part of the models, and of the recordings."""
    kept = {key: expected[key][rows] for key in ("names", "folds", "targets")}
    return kept | {f"YamNet/{name}": expected[f"YamNet/{name}"][rows] for name in models}


def count_scored(monkeypatch):
    """Names of the recordings that are scored, as they come."""
    calls = []
    call = ClipScorer.__call__
    monkeypatch.setattr(
        ClipScorer, "__call__", lambda self, clips: calls.extend(name for _, name in clips) or call(self, clips)
    )
    return calls


def interrupt(folder, output, models, monkeypatch, *, after, **options):
    """Stop making scores after some batches."""
    with monkeypatch.context() as patch:
        calls = itertools.count()
        call = ClipScorer.__call__

        def stop(self, clips):
            if next(calls) == after:
                raise KeyboardInterrupt
            return call(self, clips)

        patch.setattr(ClipScorer, "__call__", stop)
        with pytest.raises(KeyboardInterrupt):
            make(folder, output, models, **options)


# The file


def test_the_file_holds_names_folds_labels_and_the_scores_of_each_model(folder, expected, models):
    names = [f"{number}.wav" for number in range(N_CLIPS)]
    assert expected["names"] == names
    assert expected["folds"] == ["1", "2"] * 4
    assert expected["targets"] == [[1, *[0] * 9]] * N_CLIPS
    scorer = ClipScorer(tuple(models("self", "pinv", "cnn")), folder / "URBAN-SOUND-8K/audio")
    alone = [scorer([(0, name)])[0].scores for name in names]
    joined = np.concatenate([expected[f"YamNet/{name}"] for name in ("self", "pinv", "cnn")], axis=1)
    np.testing.assert_allclose(joined, alone, rtol=1e-4, atol=1e-6)


def test_everything_about_the_scores_can_be_read_without_us(folder, tmp_path, models):
    path, summary = make(folder, tmp_path, models("self", "pinv"), paper=True)
    assert (summary.is_complete, summary.n_clips) == (True, N_CLIPS)
    assert summary.models == ("YamNet/self", "YamNet/pinv")
    with h5py.File(path) as file:
        assert file.attrs["dataset"] == "URBAN-SOUND-8K"
        assert file.attrs["classes"].startswith('["0_air_conditioner", "1_car_horn"')
        assert file.attrs["paper"]
        assert file["scores/YamNet/self"].dtype == np.float32
        assert file["scores/YamNet/self"].attrs["labels"].startswith('["Speech", "Child speech, kid speaking"')
    model = ScoreFile(path).model("YamNet/pinv")
    assert model.labels == labels_of("YamNet")
    assert model.fingerprint == models("pinv")[0].fingerprint()
    assert [path.name for path in tmp_path.iterdir()] == ["URBAN-SOUND-8K-LOGITS.h5"]


def test_any_teachers_and_datasets_will_do(tmp_path, models_folder):
    write_sonyc(tmp_path, n_clips=3)
    both, _ = find_models(["mn01_as", "YamNet"], ["self", "pinv"], folder=models_folder)
    path, _ = make(tmp_path, tmp_path, both, dataset=SONYC)
    file = ScoreFile(path)
    assert file.folds == ["train", "train", "test"]
    assert {name: file.model(name).scores.shape for name in file.fingerprints} == {
        "mn01_as/self": (3, 527), "mn01_as/pinv": (3, 527), "YamNet/self": (3, 521), "YamNet/pinv": (3, 521),
    }  # fmt: skip
    alone = ClipScorer(tuple(both), tmp_path / "SONYC-UST/audio")([(0, "00_000001.wav")])[0].scores
    found = [file.model(model.name).scores[1] for model in both]
    np.testing.assert_allclose(np.concatenate(found), alone, rtol=1e-4, atol=1e-6)


def test_two_processes_make_the_same_as_one(folder, tmp_path, models):
    one, _ = make(folder, tmp_path / "one", models("self", "pinv"))
    two, _ = make(folder, tmp_path / "two", models("self", "pinv"), workers=2)
    check(content(two), content(one), exact=True)


def test_files_that_are_missing_or_others_are_told(tmp_path):
    path = score_path(tmp_path, "ESC-10", paper=True)
    with pytest.raises(UserError, match=r"create_logit_dataset.py --audio_dataset_name ESC-10 --paper$"):
        ScoreFile(path)
    with pytest.raises(UserError, match=r"--audio_dataset_name ESC-10$"):
        ScoreFile(score_path(tmp_path, "ESC-10"))
    path.write_text("no HDF5")
    with pytest.raises(
        UserError, match=r"ESC-10-LOGITS-paper.h5 is damaged or no HDF5 file .*delete it and make it anew"
    ):
        ScoreFile(path)
    with h5py.File(path, "w") as file:
        file["names"] = 1
    with pytest.raises(UserError, match="holds no scores"):
        ScoreFile(path)


def test_models_that_are_missing_are_told_with_those_that_are_there(folder, tmp_path, models):
    path, _ = make(folder, tmp_path, models("pinv"))
    with pytest.raises(UserError, match=r"has no scores of PANN/cnn, but of YamNet/pinv"):
        ScoreFile(path).model("PANN/cnn")


# More models, more recordings


def test_what_is_there_is_not_made_again(folder, tmp_path, models, monkeypatch):
    path, first = make(folder, tmp_path, models("self"))
    before = path.read_bytes()
    calls = count_scored(monkeypatch)
    assert make(folder, tmp_path, models("self"))[1] == first
    assert not calls
    assert path.read_bytes() == before


def test_added_models_leave_the_others_as_they_are(folder, expected, tmp_path, models, monkeypatch):
    path, _ = make(folder, tmp_path, models("self"))
    before = content(path)
    calls = []
    score = ClipScorer._score
    monkeypatch.setattr(
        ClipScorer, "_score", lambda self, waveforms: calls.append([*self.models]) or score(self, waveforms)
    )
    assert make(folder, tmp_path, models("cnn"))[1].models == ("YamNet/self", "YamNet/cnn")
    assert make(folder, tmp_path, models("self", "pinv", "cnn"))[1].n_clips == N_CLIPS
    assert calls == [models("cnn")] * 4 + [models("pinv")] * 4
    found = content(path)
    assert np.array_equal(found["YamNet/self"], before["YamNet/self"])
    check(found, expected)


def test_changed_weights_are_scored_again_and_no_others(folder, expected, tmp_path, models_folder, monkeypatch):
    own = shutil.copytree(models_folder, tmp_path / "models")
    before, _ = find_models(["YamNet"], ["self", "cnn"], folder=own)
    path, _ = make(folder, tmp_path, before)
    shutil.copy(own / "reference_models/cnn_mels_YamNet.safetensors", before[1].stored.weights)
    calls = count_scored(monkeypatch)
    after, _ = find_models(["YamNet"], ["self", "cnn"], folder=own)
    make(folder, tmp_path, after)
    assert len(calls) == N_CLIPS
    found = content(path)
    check(content(path, of=["YamNet/self"]), only(expected, "self"))
    other = ClipScorer((after[1],), folder / "URBAN-SOUND-8K/audio")([(0, "3.wav")])[0].scores
    np.testing.assert_allclose(found["YamNet/cnn"][3], other, rtol=1e-4, atol=1e-6)
    assert np.abs(found["YamNet/cnn"] - expected["YamNet/cnn"]).max() > 1e-4


def test_other_models_of_a_teacher_whose_weights_were_replaced_are_dropped_and_named(
    folder, tmp_path, models_folder, capsys
):
    before, _ = find_models(["YamNet", "mn01_as"], ["self", "pinv"], folder=models_folder)
    path, _ = make(folder, tmp_path, before)
    own = shutil.copytree(models_folder, tmp_path / "models")
    (weights,) = (own / "yamnet").iterdir()
    torch.save({name: 0.9 * tensor for name, tensor in torch.load(weights).items()}, weights)
    capsys.readouterr()
    make(folder, tmp_path, find_models(["YamNet"], ["self"], folder=own)[0])
    assert "YamNet/pinv are dropped, for their teacher has other weights now" in capsys.readouterr().err
    assert ScoreFile(path).fingerprints.keys() == {"YamNet/self", "mn01_as/self", "mn01_as/pinv"}


def part_of(folder, parent, n_clips):
    """The same dataset with the first recordings only."""
    target = parent / "URBAN-SOUND-8K"
    shutil.copytree(folder / "URBAN-SOUND-8K" / "metadata", target / "metadata", dirs_exist_ok=True)
    (target / "audio").mkdir(exist_ok=True)
    for number in range(n_clips):
        link = target / "audio" / f"{number}.wav"
        link.unlink(missing_ok=True)
        link.symlink_to(folder / "URBAN-SOUND-8K" / "audio" / link.name)
    return parent


def test_recordings_that_came_since_are_added_and_no_others_scored(folder, expected, tmp_path, models, monkeypatch):
    part = part_of(folder, tmp_path, 3)
    path, summary = make(part, tmp_path, models("self", "cnn"))
    assert (summary.n_clips, len(summary.absent)) == (3, 5)
    check(content(path), only(expected, "self", "cnn", rows=slice(3)))
    before = content(path)
    part_of(folder, tmp_path, 6)
    calls = count_scored(monkeypatch)
    assert make(part, tmp_path, models("cnn", "self"))[1].n_clips == 6
    assert calls == [f"{number}.wav" for number in range(3, 6)]
    found = content(path)
    assert np.array_equal(found["YamNet/cnn"][:3], before["YamNet/cnn"])
    check(found, only(expected, "self", "cnn", rows=slice(6)))


def test_models_and_recordings_may_be_added_at_once(folder, expected, tmp_path, models, monkeypatch):
    part = part_of(folder, tmp_path, 5)
    make(part, tmp_path, models("self"))
    part_of(folder, tmp_path, N_CLIPS)
    calls = count_scored(monkeypatch)
    path, _ = make(part, tmp_path, models("self", "pinv", "cnn"))
    assert len(calls) == N_CLIPS
    check(content(path), expected)


def test_scores_outlive_the_recordings(folder, expected, tmp_path, models, monkeypatch):
    part = part_of(folder, tmp_path, 5)
    make(part, tmp_path, models("self"))
    for number in range(4):
        (part / f"URBAN-SOUND-8K/audio/{number}.wav").unlink()
    assert make(part, tmp_path, models("self"))[1].n_clips == 5
    (part / "URBAN-SOUND-8K/audio/6.wav").symlink_to(folder / "URBAN-SOUND-8K/audio/6.wav")
    calls = count_scored(monkeypatch)
    path, summary = make(part, tmp_path, models("self"))
    assert calls == ["6.wav"]
    assert summary.absent == ["5.wav", "7.wav"]
    check(content(path), only_rows(expected, "self", [0, 1, 2, 3, 4, 6]))


def test_recordings_that_were_replaced_are_scored_again_and_no_others(folder, tmp_path, models, monkeypatch, capsys):
    part = part_of(folder, tmp_path, 4)
    path, _ = make(part, tmp_path, models("self"))
    replaced = tmp_path / "URBAN-SOUND-8K/audio/2.wav"
    replaced.unlink()
    write(replaced, noise(44100, seed=99), 44100)
    before = content(path)
    calls = count_scored(monkeypatch)
    assert make(part, tmp_path, models("self"))[1].n_clips == 4
    assert calls == ["2.wav"]
    assert f"{path}: 1 recordings have changed and are scored anew\n" in capsys.readouterr().err
    is_same = (content(path)["YamNet/self"] == before["YamNet/self"]).all(axis=1)
    assert is_same.tolist() == [True, True, False, True]
    assert make(part, tmp_path, models("self"))[1].n_clips == 4
    assert calls == ["2.wav"]


def test_a_recording_that_was_replaced_after_a_stop_is_scored_again(folder, tmp_path, models, monkeypatch):
    part = part_of(folder, tmp_path, 4)
    interrupt(part, tmp_path, models("self"), monkeypatch, after=1)
    replaced = tmp_path / "URBAN-SOUND-8K/audio/0.wav"
    replaced.unlink()
    write(replaced, noise(44100, seed=99), 44100)
    calls = count_scored(monkeypatch)
    path, _ = make(part, tmp_path, models("self"))
    assert "0.wav" in calls
    fresh, _ = make(part, tmp_path / "fresh", models("self"))
    np.testing.assert_allclose(content(path)["YamNet/self"], content(fresh)["YamNet/self"], rtol=1e-5)


def only_rows(expected, model, rows):
    kept = {key: [expected[key][row] for row in rows] for key in ("names", "folds", "targets")}
    return kept | {f"YamNet/{model}": expected[f"YamNet/{model}"][rows]}


def test_models_that_lack_added_recordings_are_dropped_and_named(folder, expected, tmp_path, models, capsys):
    part = part_of(folder, tmp_path, 5)
    make(part, tmp_path, models("self", "pinv"))
    part_of(folder, tmp_path, 6)
    path, _ = make(part, tmp_path, models("self"))
    assert "YamNet/pinv are dropped, for recordings were added" in capsys.readouterr().err
    check(content(path), only(expected, "self", rows=slice(6)))


def test_other_labels_begin_anew(folder, expected, tmp_path, models, capsys):
    path, _ = make(folder, tmp_path, models("self", "pinv"))

    def other_labels(path):
        return [replace(clip, classes=frozenset({"8_siren"})) for clip in URBAN.read_clips(path)]

    other = replace(URBAN, read_clips=other_labels)
    make(folder, tmp_path, models("self"), dataset=other)
    assert "is made anew: the recordings or their labels have changed" in capsys.readouterr().err
    found = content(path)
    check(found, only(expected, "self") | {"targets": found["targets"]})
    assert np.argmax(found["targets"], axis=1).tolist() == [8] * N_CLIPS


# Recordings that cannot be used


@pytest.fixture
def with_faults(folder, tmp_path):
    """The dataset with one file that is no sound, and one that is missing."""
    part = part_of(folder, tmp_path, N_CLIPS)
    for number in (3, 5):
        (part / f"URBAN-SOUND-8K/audio/{number}.wav").unlink()
    (part / "URBAN-SOUND-8K/audio/3.wav").write_text("no sound")
    return part


GOOD = [0, 1, 2, 4, 6, 7]


def test_without_unreadable_recordings_the_file_is_not_completed(with_faults, models):
    path, summary = make(with_faults, with_faults, models("self"))
    assert not summary.is_complete
    assert not path.exists()
    assert summary.absent == ["5.wav"]
    assert summary.unusable.keys() == {"3.wav"}
    assert "it is a text" in summary.unusable["3.wav"]


def test_unless_they_may_be_left_out(with_faults, expected, models, monkeypatch, capsys):
    make(with_faults, with_faults, models("self"))
    calls = count_scored(monkeypatch)
    path, summary = make(with_faults, with_faults, models("self"), skip_errors=True)
    assert "going on: 6 of 8 recordings are done" in capsys.readouterr().err
    assert calls == ["3.wav"]
    assert summary.is_complete
    assert summary.n_clips == 6
    check(content(path), only_rows(expected, "self", GOOD))


def test_recordings_that_were_mended_are_added(with_faults, folder, expected, models, monkeypatch):
    make(with_faults, with_faults, models("self"), skip_errors=True)
    broken = with_faults / "URBAN-SOUND-8K/audio/3.wav"
    broken.unlink()
    broken.symlink_to(folder / "URBAN-SOUND-8K/audio/3.wav")
    calls = count_scored(monkeypatch)
    path, _ = make(with_faults, with_faults, models("self"))
    assert calls == ["3.wav"]
    check(content(path), only_rows(expected, "self", sorted([*GOOD, 3])))


def test_left_out_recordings_do_not_keep_models_from_being_added(with_faults, expected, models, monkeypatch):
    make(with_faults, with_faults, models("self"), skip_errors=True)
    path, summary = make(with_faults, with_faults, models("self", "cnn"), skip_errors=True)
    assert summary.models == ("YamNet/self", "YamNet/cnn")
    check(content(path), only_rows(expected, "self", GOOD) | only_rows(expected, "cnn", GOOD))


def test_where_there_is_nothing_to_score_it_is_told(tmp_path, folder, models):
    part = part_of(folder, tmp_path, 0)
    with pytest.raises(UserError, match=r"none of the 8 recordings of URBAN-SOUND-8K is in .*audio"):
        make(part, tmp_path, models("self"))
    (part / "URBAN-SOUND-8K/audio/0.wav").write_text("no sound")
    with pytest.raises(UserError, match="no recording of URBAN-SOUND-8K can be used: cannot read"):
        make(part, tmp_path, models("self"), skip_errors=True)


# Going on


def test_what_was_stopped_goes_on(folder, expected, tmp_path, models, monkeypatch, capsys):
    three = models("self", "pinv", "cnn")
    interrupt(folder, tmp_path, three, monkeypatch, after=2)
    interrupt(folder, tmp_path, three, monkeypatch, after=1)
    assert not score_path(tmp_path, URBAN.name).exists()
    calls = count_scored(monkeypatch)
    path, _ = make(folder, tmp_path, three)
    assert "going on: 6 of 8 recordings are done" in capsys.readouterr().err
    assert calls == ["6.wav", "7.wav"]
    check(content(path), expected)


def test_adding_a_model_goes_on_too(folder, expected, tmp_path, models, monkeypatch):
    make(folder, tmp_path, models("self"))
    interrupt(folder, tmp_path, models("self", "cnn"), monkeypatch, after=3)
    calls = count_scored(monkeypatch)
    path, _ = make(folder, tmp_path, models("self", "cnn"))
    assert len(calls) == 2
    check(content(path), only(expected, "self", "cnn"))


@pytest.mark.parametrize("other", [{"transcoders": ("self",)}, {"paper": True}])
def test_other_models_or_rules_begin_anew(folder, tmp_path, models, monkeypatch, capsys, other):
    transcoders = other.pop("transcoders", ("self", "cnn"))
    interrupt(folder, tmp_path, models("self", "cnn"), monkeypatch, after=2)
    make(folder, tmp_path, models(*transcoders), **other)
    assert re.search(r"is begun anew: (models: changed|paper was False, is True)", capsys.readouterr().err)


def make_for(folder, output, models):
    make(folder, output, models)


@pytest.mark.slow
def test_killed_at_random_it_goes_on_to_the_same(folder, expected, tmp_path, models, monkeypatch):
    three = models("self", "pinv", "cnn")
    generator = random.Random(0)
    journal = tmp_path / "URBAN-SOUND-8K-LOGITS.h5.part/journal"

    def n_done():
        return max(0, journal.read_bytes().count(b"\n") - 1) if journal.exists() else 0

    done = [0]
    for _ in range(3):
        process = multiprocessing.get_context("fork").Process(target=make_for, args=(folder, tmp_path, three))
        process.start()
        while process.is_alive() and n_done() == done[-1]:
            time.sleep(0.001)
        time.sleep(generator.uniform(0, 0.05))
        process.kill()
        process.join()
        done.append(N_CLIPS if score_path(tmp_path, URBAN.name).exists() else n_done())
        if done[-1] == N_CLIPS:
            break
    assert done == sorted(done)
    calls = count_scored(monkeypatch)
    path, _ = make(folder, tmp_path, three)
    assert len(calls) == N_CLIPS - done[-1] < N_CLIPS - 2
    check(content(path), expected)


def test_two_do_not_make_the_same_scores_at_once(folder, tmp_path, models, monkeypatch):
    call = ClipScorer.__call__

    def make_again(self, clips):
        with pytest.raises(UserError, match=r"another process is making .*URBAN-SOUND-8K-LOGITS\.h5\.part"):
            make(folder, tmp_path, models("pinv"))
        return call(self, clips)

    monkeypatch.setattr(ClipScorer, "__call__", make_again)
    assert make(folder, tmp_path, models("self"))[1].is_complete


# The command


def run(*arguments):
    return cli.run(create_logit_dataset.main, [*map(str, arguments), "--workers", "1"])


@pytest.fixture
def where(folder, models_folder, tmp_path):
    return (
        "--audio_dataset_name", "URBAN-SOUND-8K", "--audio_dataset_path", folder, "--models", models_folder,
        "--output_path", tmp_path / "data", "--teachers", "YamNet",
    )  # fmt: skip


def test_the_command_makes_them(folder, expected, tmp_path, where, capsys):
    assert run(*where, "--transcoders", "self", "pinv", "cnn") == 0
    path = score_path(tmp_path / "data", "URBAN-SOUND-8K")
    assert capsys.readouterr().out == f"{path} (8 recordings; YamNet/self, YamNet/pinv, YamNet/cnn)\n"
    check(content(path), expected)


def test_without_options_everything_is_where_the_paper_has_it(folder, tmp_path, monkeypatch, models_folder, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "URBAN-SOUND-8K").symlink_to(folder / "URBAN-SOUND-8K")
    arguments = ("--audio_dataset_name", "URBAN-SOUND-8K", "--models", models_folder, "--paper")
    monkeypatch.setattr("spectral_transcoder.classification.scored_models.REFERENCE_MODELS", tmp_path)
    assert run(*arguments, "--transcoders", "self", "cnn", "pinv") == 0
    out, err = capsys.readouterr()
    assert out.startswith("spectral_transcoder_data/data/URBAN-SOUND-8K-LOGITS-paper.h5 (8 recordings; ")
    assert "cnn is left out for YamNet: no trained one is here" in err  # --paper takes none of ours
    assert ScoreFile(tmp_path / out.partition(" (")[0]).fingerprints.keys() == {
        "YamNet/self", "YamNet/pinv", "mn01_as/self", "mn01_as/pinv",
    }  # fmt: skip


def test_paper_gives_other_scores_to_transcoders(expected, tmp_path, where):
    assert run(*where, "--transcoders", "self", "pinv", "--paper") == 0
    found = content(score_path(tmp_path / "data", "URBAN-SOUND-8K", paper=True))
    np.testing.assert_allclose(found["YamNet/self"], expected["YamNet/self"], rtol=1e-4, atol=1e-6)
    assert np.abs(found["YamNet/pinv"] - expected["YamNet/pinv"]).max() > 1e-3


def test_faults_are_told_in_the_end(with_faults, models_folder, tmp_path, capsys):
    where = (
        "--audio_dataset_name", "URBAN-SOUND-8K", "--audio_dataset_path", with_faults, "--models", models_folder,
        "--output_path", tmp_path / "data", "--teachers", "YamNet", "--transcoders", "self",
    )  # fmt: skip
    assert run(*where) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "1 recordings of the dataset's tables are not here (--verbose names them)" in err
    assert "left out: cannot read" in err
    assert "is not completed, for 1 recordings cannot be read" in err
    assert "add --skip_errors" in err
    assert run(*where, "--skip_errors", "--verbose") == 0
    out, err = capsys.readouterr()
    assert "(6 recordings; YamNet/self)" in out
    assert "not here: 5.wav" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--audio_dataset_name", "FSD50K"], "unknown dataset 'FSD50K'"),
        (["--audio_dataset_name", "ESC-50"], "ESC-50 is not in "),
        (["--teachers", "VGGish"], "unknown teacher 'VGGish'"),
        (["--transcoders", "telepathy"], "unknown transcoder 'telepathy'"),
        (["--device", "cuda:77"], "there is no device 'cuda:77'"),
        (["--models", "nowhere", "--transcoders", "self"], "no teacher is here"),
    ],
)
def test_mistakes_are_told_in_one_line(where, tmp_path, capsys, arguments, told):
    assert run(*where, *arguments) == 1
    out, err = capsys.readouterr()
    assert not out
    (line,) = (line for line in err.splitlines() if line.startswith("error: "))
    assert told in line
    assert "Traceback" not in err


def test_a_full_disk_is_told_in_one_line_and_leaves_what_is_done(expected, tmp_path, where, monkeypatch, capsys):
    flushes = itertools.count()

    def flush_until_full(path):
        if next(flushes) == 2:  # the second rows
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(score_creation, "CLIPS_AT_ONCE", 5)
        patch.setattr(partial_scores, "flush_to_disk", flush_until_full)
        assert run(*where, "--transcoders", "self") == 1
    err = capsys.readouterr().err
    assert err.startswith("error: the disk is full (")
    assert err.count("\n") == 1
    calls = count_scored(monkeypatch)
    assert run(*where, "--transcoders", "self") == 0
    assert "going on: 5 of 8 recordings are done" in capsys.readouterr().err
    assert len(calls) == 3
    check(content(score_path(tmp_path / "data", "URBAN-SOUND-8K")), only(expected, "self"))


def test_a_disk_that_is_full_in_the_end_leaves_what_is_done(expected, tmp_path, where, monkeypatch, capsys):
    def fill_up(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(score_creation, "write_score_file", fill_up)
        assert run(*where, "--transcoders", "self") == 1
    assert capsys.readouterr().err.startswith("error: the disk is full (")
    calls = count_scored(monkeypatch)
    assert run(*where, "--transcoders", "self") == 0
    assert not calls
    check(content(score_path(tmp_path / "data", "URBAN-SOUND-8K")), only(expected, "self"))


def test_help_comes_at_once():
    started = time.monotonic()
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True)
    assert "--audio_dataset_name" in done.stdout
    assert time.monotonic() - started < 5  # 0.1 s, and what a busy machine adds


def test_recordings_in_all_formats_are_scored(tmp_path, models):
    write_urbansound8k(tmp_path, folds=(1,), clips_per_fold=4)
    write(tmp_path / "URBAN-SOUND-8K/audio/1000-0-0-0.wav", noise(100), 32000)
    path, _ = make(tmp_path, tmp_path, models("self"))
    assert ScoreFile(path).names == ["1001-1-0-0.wav", "1002-2-0-0.wav", "1003-3-0-0.wav"]
