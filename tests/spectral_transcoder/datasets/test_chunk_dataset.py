"""Datasets read back as tensors, or tell in a line why they do not."""

import os
import shutil

import h5py
import numpy as np
import pytest
import torch
from dataset_fixtures import content, make, write_tau
from torch.testing import assert_close

from audiokit.errors import UserError
from audiokit.files import sha256
from audiokit.storage.journal import partial_folder
from spectral_transcoder.datasets.chunk_dataset import dataset_digest, load_split, mel_name, open_chunks
from spectral_transcoder.datasets.dataset_files import dataset_path
from spectral_transcoder.datasets.dataset_recipe import Recipe

TEACHERS = ("PANN", "YamNet", "mn04_as")
SHAPES = {"third_octave": (8, 29), "mel_pann": (101, 64), "mel_yamnet": (96, 64), "mel_mn04_as": (100, 128)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tau(tmp_path_factory.mktemp("tau"), 8)


@pytest.fixture(scope="module")
def path(folder):
    return make(folder, folder / "plain", recipe=Recipe(teachers=TEACHERS))[0]


def test_it_lies_in_a_folder_of_its_name(path, folder):
    assert path == dataset_path(folder / "plain", "chunks") == folder / "plain/chunks/chunks.h5"


def test_a_split_comes_as_tensors(path):
    split = load_split(path, "train")
    assert {name: tuple(values.shape) for name, values in split.items()} == {
        name: (12, *shape) for name, shape in SHAPES.items()
    }
    assert {values.dtype for values in split.values()} == {torch.float32}
    assert all(values.isfinite().all() for values in split.values())


def test_only_what_is_named_is_loaded(path):
    assert list(load_split(path, "valid", [mel_name("mn04_as"), "third_octave"])) == ["mel_mn04_as", "third_octave"]
    assert load_split(path, "valid", []) == {}


def test_it_tells_what_is_in_it(path):
    with open_chunks(path) as dataset:
        assert dataset.path == path
        assert set(dataset.names) == set(SHAPES)
        assert [dataset.n_chunks(split) for split in ("train", "valid", "eval")] == [12, 2, 2]
        assert len(dataset.fnames("train")) == len(dataset.scenes("train")) == 12


def test_datasets_of_the_same_recordings_and_recipe_have_one_digest(path, folder, tmp_path):
    again = make(folder, tmp_path / "again", recipe=Recipe(teachers=TEACHERS))[0]
    copied = shutil.copy(path, tmp_path / "copied.h5")
    assert dataset_digest(path) == dataset_digest(again) == dataset_digest(copied)
    others = Recipe(teachers=TEACHERS, seed=1), Recipe(teachers=TEACHERS[:2])
    made = [make(folder, tmp_path / str(number), recipe=recipe)[0] for number, recipe in enumerate(others)]
    assert len({dataset_digest(one) for one in (path, *made)}) == 3


def test_of_recordings_that_have_changed_since_it_has_another_digest(path, tmp_path):
    folder = write_tau(tmp_path / "tau", 8)
    os.utime(next(folder.rglob("*.wav")), (0, 0))
    again = make(folder, tmp_path / "again", recipe=Recipe(teachers=TEACHERS))[0]
    assert dataset_digest(again) != dataset_digest(path)


def test_of_a_dataset_that_tells_nothing_of_itself_all_bytes_count(path, tmp_path):
    copied = shutil.copy(path, tmp_path / "copied.h5")
    with h5py.File(copied, "r+") as file:
        del file.attrs["fingerprint"]
        file["train"]["third_octave"][0] = 0
    assert dataset_digest(copied) == sha256(copied)


def test_successive_rows_are_successive_seconds_of_a_recording(path):
    with open_chunks(path) as dataset:
        for split in ("train", "valid", "eval"):
            fnames, scenes = dataset.fnames(split), dataset.scenes(split)
            assert [name[-2:] for name in fnames] == ["_0", "_1"] * (len(fnames) // 2)
            assert [name[:-2] for name in fnames[::2]] == [name[:-2] for name in fnames[1::2]]
            assert [name.removeprefix("audio/").split("-")[0] for name in fnames] == scenes


@pytest.mark.parametrize("n_chunks", [1, 5, 12, 100])
def test_arrays_come_in_blocks_of_successive_chunks(path, n_chunks):
    with open_chunks(path) as dataset:
        blocks = list(dataset.blocks("train", "mel_pann", n_chunks))
    assert [len(block) for block in blocks[:-1]] == [n_chunks] * (len(blocks) - 1)
    assert torch.equal(torch.cat(blocks), load_split(path, "train")["mel_pann"])


def test_its_attributes_tell_how_it_was_made(path):
    with open_chunks(path) as dataset:
        attributes = dataset.attributes
    expected = {
        "teachers": list(TEACHERS), "seed": 71, "train_ratio": 0.75, "valid_ratio": 0.125, "eval_ratio": 0.125,
        "split_by_city": False, "dataset_type": "full", "float16": False, "compress": False, "calibration_db": 26.0,
        "third_octave_frame_length": 4096, "third_octave_hop_length": 4000, "device": "cpu",
        "version_torch": torch.__version__, "version_numpy": np.__version__,
    }  # fmt: skip
    assert expected.items() <= attributes.items()
    assert {"version_spectral_transcoder", "version_soxr", "date", "fingerprint"} <= attributes.keys()
    assert {type(value) for value in attributes.values()} == {str, int, float, bool, list}


def test_splits_and_arrays_have_attributes_too(path):
    with h5py.File(path) as file:
        assert dict(file["train"].attrs) == {"n_files": 6, "n_chunks": 12}
        assert file["train/third_octave"].attrs["unit"] == "dB"
        assert file["train/mel_pann"].attrs["unit"] == "Mel power (dB)"


def test_arrays_are_contiguous_float32(path):
    with h5py.File(path) as file:
        for name in SHAPES:
            assert file["train"][name].chunks is None
            assert file["train"][name].dtype == np.float32


def test_float16_halves_mel_spectrograms_and_loads_as_float32(folder, path):
    small, _ = make(folder, folder / "float16", recipe=Recipe(teachers=TEACHERS, float16=True))
    with h5py.File(small) as file:
        assert {name: file["train"][name].dtype.str for name in SHAPES} == {
            name: "<f4" if name == "third_octave" else "<f2" for name in SHAPES
        }
    exact, rounded = load_split(path, "train"), load_split(small, "train")
    for name, values in rounded.items():
        assert values.dtype == torch.float32
        assert_close(values, exact[name] if name == "third_octave" else exact[name].half().float(), atol=0, rtol=0)


def test_compression_changes_nothing_but_the_size(folder, path):
    packed, _ = make(folder, folder / "packed", recipe=Recipe(teachers=TEACHERS, compress=True))
    with h5py.File(packed) as file:
        assert file["train/mel_pann"].compression == "gzip"
        assert file["train/mel_pann"].shuffle
    expected, found = content(path), content(packed)
    for changed in ("compress", "fingerprint"):
        assert expected["attributes"].pop(changed) != found["attributes"].pop(changed)
    assert found == expected
    assert packed.stat().st_size < path.stat().st_size


# What cannot be read


def test_missing_ones_are_told_with_how_to_make_them(tmp_path):
    with pytest.raises(UserError, match=r"there is no dataset .*x\.h5: make it with python3 exp_train_model"):
        load_split(tmp_path / "x.h5", "train")


def test_unfinished_ones_are_told_with_how_to_go_on(tmp_path):
    partial_folder(tmp_path / "x.h5").mkdir()
    with pytest.raises(UserError, match="not complete: run the command that makes it again"):
        load_split(tmp_path / "x.h5", "train")


def test_those_in_shards_are_told_with_how_to_join_them(tmp_path):
    (tmp_path / "x.shard-1-of-2.h5").touch()
    with pytest.raises(UserError, match=r"in shards: join them with .* --merge"):
        load_split(tmp_path / "x.h5", "train")


@pytest.mark.parametrize("bytes_", [b"", b"no HDF5 file", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_damaged_ones_are_refused(tmp_path, bytes_):
    (tmp_path / "x.h5").write_bytes(bytes_)
    with pytest.raises(UserError, match=r"x\.h5 is damaged or no HDF5 file"):
        open_chunks(tmp_path / "x.h5")


def test_other_hdf5_files_are_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["train"] = [1]
    with pytest.raises(UserError, match=r"x\.h5 is no dataset of chunks"):
        open_chunks(tmp_path / "x.h5")


def test_unknown_splits_and_arrays_are_refused_with_those_that_are_there(path):
    with pytest.raises(UserError, match="no split 'test': choose one of train, valid, eval"):
        load_split(path, "test")
    with pytest.raises(UserError, match=r"no mel_mn10_as, but .*mel_yamnet.* --teachers"):
        load_split(path, "train", ["mel_mn10_as"])
