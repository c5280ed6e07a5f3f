"""Shards that are made one by one and joined are the dataset that is made at once."""

import h5py
import pytest
from dataset_fixtures import content, make, write_tau

from audiokit.errors import UserError
from spectral_transcoder.datasets.chunk_dataset import load_split, open_chunks
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_shards import Shard, merge_shards


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tau(tmp_path_factory.mktemp("tau"), 11, seconds=1)


@pytest.fixture(scope="module")
def whole(folder):
    return make(folder, folder / "whole")[0]


def make_shards(folder, output, count, **options):
    """Make all shards; gives the path of the whole dataset."""
    for number in range(1, count + 1):
        path, _ = make(folder, output, shard=Shard(number, count), **options)
    return path


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_they_are_the_whole(folder, whole, tmp_path, count):
    path = make_shards(folder, tmp_path, count)
    with open_chunks(whole) as dataset:
        expected = {split: dataset.n_chunks(split) for split in ("train", "valid", "eval")}
    assert merge_shards(path) == expected
    merged, expected = content(path), content(whole)
    assert merged["attributes"].pop("n_shards") == count
    assert merged == expected


def test_their_names_tell_which_they_are(folder, tmp_path):
    make_shards(folder, tmp_path, 2)
    assert {path.name for path in (tmp_path / "chunks").iterdir()} == {
        "chunks.shard-1-of-2.h5",
        "chunks.shard-2-of-2.h5",
    }


def test_nothing_is_copied_and_all_can_be_moved_together(folder, whole, tmp_path):
    path = make_shards(folder, tmp_path / "here", 2)
    merge_shards(path)
    with h5py.File(path) as file:
        assert file["train/mel_pann"].is_virtual
    (tmp_path / "here").rename(tmp_path / "there")
    moved = tmp_path / "there" / path.relative_to(tmp_path / "here")
    assert load_split(moved, "train")["mel_pann"].equal(load_split(whole, "train")["mel_pann"])


def test_they_can_be_joined_again(folder, tmp_path):
    path = make_shards(folder, tmp_path, 2)
    assert merge_shards(path) == merge_shards(path)


def test_a_missing_one_is_told_when_joining_and_when_reading(folder, tmp_path):
    path = make_shards(folder, tmp_path, 3)
    merge_shards(path)
    Shard(2, 3).path(path).unlink()
    with pytest.raises(UserError, match=r"lacks the shards 2/3: make them with --shard 2/3"):
        merge_shards(path)
    with pytest.raises(UserError, match=r"lacks its shards chunks\.shard-2-of-3\.h5"):
        load_split(path, "train")


def test_without_any_it_is_told_how_to_make_them(tmp_path):
    with pytest.raises(UserError, match=r"no shards of .* --shard 1/2"):
        merge_shards(tmp_path / "x.h5")


def test_those_of_two_divisions_are_refused(folder, tmp_path):
    path = make_shards(folder, tmp_path, 2)
    make_shards(folder, tmp_path, 3)
    with pytest.raises(UserError, match="shards of 2 and of 3"):
        merge_shards(path)


def test_those_of_other_parameters_are_refused(folder, tmp_path):
    path, _ = make(folder, tmp_path, shard=Shard(1, 2))
    make(folder, tmp_path, shard=Shard(2, 2), recipe=Recipe(seed=72))
    with pytest.raises(UserError, match=r"2-of-2\.h5 does not belong to .*1-of-2\.h5: seed was 71, is 72;"):
        merge_shards(path)


def test_a_whole_dataset_is_not_overwritten(folder, tmp_path):
    path, _ = make(folder, tmp_path)
    make_shards(folder, tmp_path, 2)
    before = path.read_bytes()
    with pytest.raises(UserError, match="is there, and whole"):
        merge_shards(path)
    assert path.read_bytes() == before


def test_shards_without_recordings_are_made_too(folder, tmp_path):
    _, summary = make(folder, tmp_path, shard=Shard(1, 100))
    assert summary.is_complete
    assert sum(summary.n_chunks.values()) == 0


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "-1/2", "1/2/3", "a/b", ""])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(UserError, match="give two numbers such as 3/16"):
        Shard.parse(text)


def test_shards_are_read_as_they_are_written():
    assert Shard.parse("3/16") == Shard(3, 16)
    assert str(Shard(3, 16)) == "3/16"
