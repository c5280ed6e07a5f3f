"""Tagging a long file goes on where it was, whatever has stopped it, and ends in the same numbers."""

import multiprocessing
import time

import numpy as np
import pytest
from audio_fixtures import save_transcoders, save_yamnet
from sensor_fixtures import make_levels, write_npy

import predict_third_octave
from audiokit.errors import UserError
from audiokit.reports.figures import new_figure
from spectral_transcoder.listening import generate
from spectral_transcoder.sensor.hearing import listener
from spectral_transcoder.sensor.hearing.kept_scores import KeptScores
from spectral_transcoder.sensor.hearing.predictor import Predictor

N_LABELS = 3
SETTINGS = {"source": "a.npy", "bytes": 5}


def batch(number, n_blocks=2):
    return np.full((n_blocks, 4), number, np.float32)


def double(seconds):
    return 2 * seconds[:, :N_LABELS]


def never(seconds):
    raise AssertionError("what is there is not computed again")


def opened(folder, settings=SETTINGS):
    return KeptScores(folder / "a_predicted", settings, n_labels=N_LABELS)


def go_on(folder, n_batches, settings=SETTINGS):
    """Do so many batches; gives how many were there."""
    with opened(folder, settings) as kept:
        for number in range(n_batches):
            assert np.array_equal(kept.scores(batch(number), double), double(batch(number)))
        return kept.n_there // 2


def test_batches_that_are_there_are_not_computed_again(tmp_path):
    assert go_on(tmp_path, 3) == 0
    with opened(tmp_path) as kept:
        scores = [kept.scores(batch(number), never) for number in range(3)]
        scores.append(kept.scores(batch(3, n_blocks=1), double))
    assert np.concatenate(scores)[:, 0].tolist() == [0, 0, 2, 2, 4, 4, 6]
    assert go_on(tmp_path, 3) == 3


def test_a_batch_that_was_cut_off_is_computed_as_a_whole(tmp_path):
    go_on(tmp_path, 3)
    journal = tmp_path / "a_predicted.part/journal"
    journal.write_bytes(journal.read_bytes()[:-2])
    assert go_on(tmp_path, 4) == 2


def test_another_source_begins_anew_and_says_so(tmp_path, capsys):
    go_on(tmp_path, 2)
    assert go_on(tmp_path, 1, SETTINGS | {"bytes": 6}) == 0
    assert "is begun anew: bytes was 5, is 6" in capsys.readouterr().err


def test_nothing_is_left_of_nothing_and_of_what_is_elsewhere(tmp_path):
    go_on(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []
    with opened(tmp_path) as kept:
        kept.scores(batch(1), double)
        kept.remove()
    assert list(tmp_path.iterdir()) == []


def test_two_processes_do_not_make_the_same(tmp_path):
    with opened(tmp_path), pytest.raises(UserError), opened(tmp_path):
        pass


def do_slowly(folder, begun):
    with opened(folder) as kept:
        for number in range(100):
            kept.scores(batch(number), double)
            begun.set()


def test_killed_it_goes_on(tmp_path):
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        begun = context.Event()
        process = context.Process(target=do_slowly, args=(tmp_path, begun))
        process.start()
        assert begun.wait(30)
        time.sleep(0.005)
        process.kill()
        process.join()
        with opened(tmp_path) as kept:
            assert kept.n_there > 0
    assert go_on(tmp_path, 100) > 0


# The script


@pytest.fixture
def tag(tmp_path, monkeypatch):
    """Tag two minutes, twenty seconds at a time; gives the tables, and how many batches were computed."""
    models = save_transcoders(save_yamnet(tmp_path / "models"))
    path = write_npy(tmp_path / "a.npy", make_levels(8 * 120))
    monkeypatch.setattr(generate, "REFERENCE_MODELS", tmp_path / "none")
    monkeypatch.setattr(listener, "SECONDS_HELD", 20)
    monkeypatch.setattr("spectral_transcoder.sensor.tagging.sensor_figure", lambda *_, **__: new_figure(1, 1))
    compute = Predictor.scores_of_blocks

    def run(output, *, stop_at=None, arguments=()):
        computed = []

        def counting(self, seconds):
            if len(computed) == stop_at:
                raise KeyboardInterrupt
            computed.append(len(seconds))
            return compute(self, seconds)

        monkeypatch.setattr(Predictor, "scores_of_blocks", counting)
        options = [
            "--output",
            output,
            "--models",
            models,
            "--device",
            "cpu",
            "--transcoder",
            "pinv",
            *arguments,
        ]
        try:
            predict_third_octave.main([str(option) for option in (path, *options)])
        except KeyboardInterrupt:
            assert stop_at is not None
        return {file.name: file.read_bytes() for file in output.glob("*.csv")}, len(computed)

    return run


def test_a_file_that_was_stopped_twice_has_the_tables_of_one_that_was_not(tmp_path, tag, capsys):
    expected, n_batches = tag(tmp_path / "whole")
    assert n_batches == 6
    assert tag(tmp_path / "out", stop_at=2) == ({}, 2)
    assert tag(tmp_path / "out", stop_at=3) == ({}, 3)
    assert "goes on; the scores of 100 s are there" not in capsys.readouterr().err
    assert tag(tmp_path / "out") == (expected, 1)
    assert "goes on; the scores of 100 s are there" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.part"))


def test_other_tables_are_made_of_the_scores_that_are_there_and_other_blocks_are_not(tmp_path, tag):
    tag(tmp_path / "out", stop_at=4)
    assert tag(tmp_path / "out", stop_at=0, arguments=["--threshold", "0.5"])[1] == 0
    assert tag(tmp_path / "out", arguments=["--threshold", "0.5"])[1] == 2
    assert tag(tmp_path / "out", arguments=["--block", "5"])[1] == 6
