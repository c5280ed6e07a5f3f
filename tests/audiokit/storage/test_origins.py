"""Results are known by what they were made of: by a note beside them, and where there is none by times."""

import os

import pytest

from audiokit.errors import UserError
from audiokit.storage.origins import Origin, digests, is_current, noting

YEAR_NS = 365 * 24 * 3600 * 10**9


class Place:
    """A result, made of a dataset and of weights."""

    def __init__(self, folder):
        self.result, self.note = folder / "result", folder / "made" / "result_made_of.json"
        self.dataset, self.weights = folder / "dataset", folder / "weights"
        self.origins = {"dataset": Origin(self.dataset), "weights": Origin(self.weights)}
        self.dataset.write_text("sounds")
        self.weights.write_text("numbers")

    def make(self):
        with noting(self.note, self.origins):
            self.result.write_text(self.dataset.read_text() + self.weights.read_text())

    @property
    def is_current(self):
        return is_current([self.result], self.note, self.origins)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def dated(path, years):
    """Make a file so many years older, or younger."""
    changed = path.stat().st_mtime_ns + years * YEAR_NS
    os.utime(path, ns=(changed, changed))


def test_what_was_made_of_the_same_is_current(place):
    assert not place.is_current
    place.make()
    assert place.is_current


@pytest.mark.parametrize("years", [-1, 1])
def test_another_origin_is_known_whether_it_is_older_or_younger(place, years):
    place.make()
    place.weights.write_text("other numbers")
    dated(place.weights, years)
    assert not place.is_current
    place.make()
    assert place.is_current


def test_a_copy_of_an_origin_is_the_same(place):
    place.make()
    dated(place.dataset, 1)
    assert place.is_current


def test_nothing_is_read_again_as_long_as_the_file_is_the_same(place):
    place.make()

    def digest(path):
        raise AssertionError("it was read")

    place.origins = {name: Origin(origin.path, digest) for name, origin in place.origins.items()}
    assert place.is_current


def test_what_is_not_here_any_more_is_not_compared(place):
    place.make()
    place.dataset.unlink()
    assert place.is_current


def test_without_a_note_results_must_not_be_older(place):
    place.make()
    for left in ("{", "[]", '{"dataset": 1}', None):
        place.note.write_text(left) if left else place.note.unlink()
        dated(place.result, 2)
        assert place.is_current
        dated(place.result, -4)
        assert not place.is_current
        dated(place.result, 2)


def test_what_a_note_does_not_name_is_told_by_its_time(place, tmp_path):
    place.make()
    place.origins["more"] = Origin(tmp_path / "more")
    place.origins["more"].path.write_text("more")
    dated(place.origins["more"].path, -1)
    assert place.is_current
    dated(place.origins["more"].path, 2)
    assert not place.is_current


def stop(place):
    with pytest.raises(KeyboardInterrupt), noting(place.note, place.origins):
        raise KeyboardInterrupt


def test_what_was_stopped_on_the_way_to_others_is_current_with_neither(place):
    place.make()
    place.dataset.write_text("other sounds")
    dated(place.dataset, -1)
    stop(place)
    assert not place.is_current
    place.dataset.write_text("sounds")
    assert not place.is_current
    place.make()
    assert place.is_current


def test_what_was_stopped_on_the_way_to_the_same_stays_as_it_was(place):
    place.result.write_text("of before there were notes")
    stop(place)
    assert not place.note.exists()
    place.make()
    stop(place)
    assert place.is_current


def test_what_changes_meanwhile_is_not_what_was_read(place):
    with noting(place.note, place.origins):
        place.result.write_text("of sounds")
        place.dataset.write_text("other sounds")
    assert not place.is_current


def test_nothing_was_made_of_what_is_damaged(place):
    place.make()

    def digest(path):
        raise UserError(f"{path} is damaged")

    place.origins["dataset"] = Origin(place.dataset, digest)
    place.dataset.write_text("snd")
    assert not place.is_current


def test_digests_are_those_of_what_is_here(place):
    place.weights.unlink()
    assert digests(place.origins) == {"dataset": "395d4c382804699fa1063dd293af2e8d1aa17f3a40be4d5bf830d7110e3cb85f"}


def test_of_results_without_a_note_times_need_not_tell(place):
    place.make()
    place.note.unlink()
    dated(place.weights, 1)
    assert not place.is_current
    place.origins["weights"] = Origin(place.weights, tells_by_time=False)
    assert place.is_current
    dated(place.dataset, 1)
    assert not place.is_current
