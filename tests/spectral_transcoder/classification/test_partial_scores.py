"""Scores in the making outlive whatever stops their making."""

import multiprocessing
import random
import time

import numpy as np
import pytest

from audiokit.errors import UserError
from spectral_transcoder.classification.clip_scores import ScoredClip
from spectral_transcoder.classification.partial_scores import PartialScores

N_CLIPS = 400
N_SCORES = 1500
"""Rows are longer than a page of the disk."""

STAMPS = np.arange(1, 2 * N_CLIPS + 1).reshape(-1, 2)

SETTINGS = {"models": {"YamNet/self": "abc"}, "paper": False}


def row(number):
    """Nowhere zero, and different everywhere."""
    return (number + 1 + np.arange(N_SCORES) / N_SCORES).astype(np.float32)


def clips(*numbers):
    return [ScoredClip(number, row(number)) for number in numbers]


def opened(folder, settings=SETTINGS, **sizes):
    return PartialScores(folder / "a.h5", settings, **{"stamps": STAMPS, "n_scores": N_SCORES} | sizes)


def check(partial, numbers):
    """Compare all that is there."""
    found, scores = partial.scores()
    assert found.tolist() == sorted(numbers)
    assert partial.done.tolist() == sorted(numbers)
    assert scores.dtype == np.float32
    for number, values in zip(found, scores, strict=True):
        assert np.array_equal(values, row(number))


def test_what_was_recorded_is_there_in_the_order_of_the_recordings(tmp_path):
    with opened(tmp_path) as partial:
        assert partial.done.tolist() == []
        partial.record(clips(5, 3))
        partial.record([ScoredClip(7, problem="no sound"), *clips(399)])
        partial.record([])
        assert partial.scores()[0].tolist() == [3, 5, 399]
    with opened(tmp_path) as partial:
        check(partial, [3, 5, 399])
        partial.record(clips(0, 7))
    with opened(tmp_path) as partial:
        check(partial, [0, 3, 5, 7, 399])


def test_nothing_is_there_at_first(tmp_path):
    with opened(tmp_path) as partial:
        numbers, scores = partial.scores()
    assert numbers.shape == (0,)
    assert scores.shape == (0, N_SCORES)


def test_what_is_elsewhere_is_removed(tmp_path):
    with opened(tmp_path) as partial:
        partial.record(clips(1))
        partial.remove()
    assert list(tmp_path.iterdir()) == []


# Other settings


@pytest.mark.parametrize(
    "other", [{"models": {"YamNet/self": "abd"}, "paper": False}, SETTINGS | {"paper": True}, SETTINGS | {"more": 1}]
)
def test_other_settings_begin_anew(tmp_path, capsys, other):
    with opened(tmp_path) as partial:
        partial.record(clips(1, 2))
    with opened(tmp_path, other) as partial:
        assert "a.h5.part is begun anew: " in capsys.readouterr().err
        check(partial, [])
        partial.record(clips(3))
    with opened(tmp_path, other) as partial:
        check(partial, [3])
    assert not capsys.readouterr().err


def test_a_row_that_was_cut_off_is_done_again(tmp_path):
    with opened(tmp_path) as partial:
        partial.record(clips(1, 2))
    with open(tmp_path / "a.h5.part/rows", "ab") as file:
        file.write(row(3).tobytes()[:-5])
    with opened(tmp_path) as partial:
        check(partial, [1, 2])
        partial.record(clips(9, 3))
    with opened(tmp_path) as partial:
        check(partial, [1, 2, 3, 9])


def test_rows_that_are_missing_are_done_again(tmp_path, capsys):
    with opened(tmp_path) as partial:
        partial.record(clips(1, 2))
    (tmp_path / "a.h5.part/rows").unlink()
    with opened(tmp_path) as partial:
        assert "begun anew: what it was writing to is missing" in capsys.readouterr().err
        check(partial, [])
        partial.record(clips(4))
    with opened(tmp_path) as partial:
        check(partial, [4])


def test_recordings_that_were_done_twice_count_once(tmp_path):
    with opened(tmp_path) as partial:
        partial.record(clips(1, 2))
        partial.record(clips(2, 3, 1))
        assert partial.scores()[0].tolist() == [1, 2, 3]


def record_on_and_on(folder, begun):
    with opened(folder) as partial:
        done = set(partial.done.tolist())
        todo = [number for number in range(N_CLIPS) if number not in done]
        for start in range(0, len(todo), 3):
            partial.record(clips(*todo[start : start + 3]))
            begun.set()


def test_killed_at_random_it_loses_nothing_that_was_recorded(tmp_path):
    generator = random.Random(0)
    context = multiprocessing.get_context("fork")
    counts = [0]
    for _ in range(12):
        begun = context.Event()
        process = context.Process(target=record_on_and_on, args=(tmp_path, begun))
        process.start()
        begun.wait(30)
        time.sleep(generator.uniform(0, 0.01))
        process.kill()
        process.join()
        with opened(tmp_path) as partial:
            check(partial, partial.done.tolist())
            counts.append(len(partial.done))
            assert sorted(partial.done.tolist()) == list(range(counts[-1]))
        if counts[-1] == N_CLIPS:
            break
    assert counts == sorted(counts)
    assert counts[-1] > 30


# Others at the same


def test_two_processes_do_not_make_the_same(tmp_path):
    with opened(tmp_path) as partial:
        partial.record(clips(1))
        with pytest.raises(UserError, match=r"another process is making .*a\.h5\.part"), opened(tmp_path, {"other": 1}):
            pass
        partial.record(clips(2))
    with opened(tmp_path) as partial:
        check(partial, [1, 2])
