"""Batches from the disk are those that memory would give, in an order of their own, and the same again."""

import threading

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from audiokit.learning.streaming import BLOCK_ROWS, Streamed
from audiokit.storage.row_reader import RowReader

N_ROWS = 331
SOUNDS = np.arange(N_ROWS * 6, dtype=np.int16).reshape(N_ROWS, 6)
LABELS = np.arange(N_ROWS)


@pytest.fixture
def reader(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["rows/sound"] = SOUNDS
        return RowReader.of(tmp_path / "a.h5", file["rows/sound"])


def source(reader, rows=LABELS, batch_size=7, buffer_batches=4, **options):
    arrays = {"sound": reader, "label": LABELS}
    row_bytes = SOUNDS[0].nbytes + LABELS.itemsize
    return Streamed(arrays, rows, batch_size, buffer_bytes=row_bytes * batch_size * buffer_batches, **options)


def labels(batches):
    return torch.cat([batch["label"] for batch in batches]).tolist()


def test_each_row_comes_once_with_what_belongs_to_it(reader):
    streamed = source(reader)
    batches = list(streamed.batches(0))
    assert len(batches) == len(streamed) == 48
    assert {len(batch["label"]) for batch in batches[:-1]} == {7}
    assert sorted(labels(batches)) == LABELS.tolist()
    for batch in batches:
        assert np.array_equal(batch["sound"].numpy(), SOUNDS[batch["label"].numpy()])


def test_epochs_have_orders_of_their_own_which_seeds_tell(reader):
    streamed = source(reader, seed=3)
    orders = [labels(streamed.batches(epoch)) for epoch in (0, 1)]
    assert orders[0] != orders[1] != LABELS.tolist()
    assert labels(source(reader, seed=3).batches(1)) == orders[1]
    assert labels(source(reader, seed=4).batches(1)) != orders[1]


@pytest.mark.parametrize("shuffled", [True, False])
@pytest.mark.parametrize("first", [0, 1, 3, 4, 5, 47, 48])
def test_it_goes_on_from_any_batch(reader, first, shuffled):
    streamed = source(reader, shuffled=shuffled)
    assert labels(streamed.batches(2))[first * 7 :] == (labels(streamed.batches(2, first)) if first < 48 else [])


def test_in_order_rows_come_as_they_are_given(reader):
    rows = np.array([5, 3, 200, 201, 202, 3])
    assert labels(source(reader, rows, shuffled=False).batches(0)) == rows.tolist()


def test_a_smaller_last_batch_can_be_left_out(reader):
    streamed = source(reader, drop_last=True)
    batches = list(streamed.batches(0))
    assert len(batches) == len(streamed) == 47 and {len(batch["label"]) for batch in batches} == {7}
    assert labels(batches) == labels(source(reader).batches(0))[: 47 * 7]


def test_neighbours_are_parted(reader):
    order = np.array(labels(source(reader, buffer_batches=30).batches(0)))
    # Of a random order about two in 331 stay together, of one of whole blocks 15 in 16.
    assert (np.abs(np.diff(order)) == 1).sum() < 331 / BLOCK_ROWS * 2


def test_batches_are_prepared(reader):
    def prepare(batch):
        return {"x": batch["sound"].float() / 2}

    batch = next(iter(source(reader, shuffled=False, prepare=prepare).batches(0)))
    assert batch["x"].tolist() == (SOUNDS[:7] / 2).tolist()


def test_no_thread_is_left_where_it_is_stopped(reader):
    before = threading.active_count()
    batches = source(reader).batches(0)
    next(batches)
    batches.close()
    assert threading.active_count() == before


def test_an_error_of_reading_reaches_the_training(reader):
    reader.path.write_bytes(reader.path.read_bytes()[: reader.offset + 100])
    with pytest.raises(OSError, match="is shorter than it says"):
        list(source(reader).batches(0))


@given(st.lists(st.integers(0, N_ROWS - 1), max_size=40))
def test_a_reader_gives_what_an_array_gives(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "rows.h5"
    if not path.exists():
        with h5py.File(path, "w") as file:
            file["rows/sound"] = SOUNDS
    with h5py.File(path) as file:
        reader = RowReader.of(path, file["rows/sound"])
    assert np.array_equal(reader[np.array(rows, int)], SOUNDS[rows])


@pytest.mark.parametrize("row", [-1, N_ROWS])
def test_rows_that_are_not_there_are_refused(reader, row):
    with pytest.raises(IndexError, match=f"of {N_ROWS}"):
        reader[np.array([0, row])]


def test_rows_are_drawn_as_often_as_their_weights_say(reader):
    rows = np.array([3, 5, 8, 13])
    streamed = source(reader, np.tile(rows, 100), weights=np.tile([1, 0, 2, 1], 100))
    drawn = [labels(streamed.batches(epoch)) for epoch in (0, 1, 1)]
    assert drawn[0] != drawn[1] == drawn[2]
    assert len(drawn[0]) == 400
    counts = [drawn[0].count(row) for row in rows]
    assert counts[1] == 0
    assert counts == pytest.approx([100, 0, 200, 100], abs=40)


def test_drawn_rows_come_with_what_belongs_to_them_from_any_batch_on(reader):
    streamed = source(reader, weights=np.ones(N_ROWS))
    batches = list(streamed.batches(2))
    for batch in batches:
        np.testing.assert_array_equal(batch["sound"], SOUNDS[batch["label"]])
    assert labels(streamed.batches(2, first=6)) == labels(batches[6:])
