"""The recordings of a dataset and their splits are those of the paper."""

import shutil
from pathlib import Path

import pytest
from dataset_fixtures import TAU, tau_rows, write_tables
from sklearn.model_selection import train_test_split

from audiokit.errors import UserError
from spectral_transcoder.datasets.dataset_split import (
    Ratios,
    Source,
    city_split,
    find_audio_dataset,
    folder_sources,
    own_split,
    random_split,
    tau_sources,
)

PUBLISHED = {"train": 7908, "valid": 1318, "eval": 1319}


def sources(count):
    return [Source(None, str(number), "park") for number in range(count)]


def names(splits):
    return {split: [source.name for source in chosen] for split, chosen in splits.items()}


def split_by_sklearn(items, ratios, seed):
    train, held_out = train_test_split(items, test_size=1 - ratios.train, random_state=seed)
    valid, evaluation = train_test_split(
        held_out, test_size=ratios.eval / (ratios.eval + ratios.valid), random_state=seed
    )
    return {"train": train, "valid": valid, "eval": evaluation}


# Splits


def in_folders(*chosen):
    return [Source(None, name, "park") for name in chosen]


def test_folders_called_train_valid_and_eval_are_the_split():
    chosen = in_folders("eval/a.wav", "train/b/c.wav", "train/d.wav", "valid/e.wav")
    assert names(own_split(chosen)) == {
        "train": ["train/b/c.wav", "train/d.wav"], "valid": ["valid/e.wav"], "eval": ["eval/a.wav"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "others",
    [("eval/a.wav", "train/b.wav"), ("eval/a.wav", "train/b.wav", "valid/c.wav", "d.wav"), ("train", "valid", "eval")],
)
def test_other_folders_are_no_split(others):
    assert own_split(in_folders(*others)) is None


def test_the_split_has_the_published_sizes():
    splits = random_split(sources(10545), ratios=Ratios(), seed=71)
    assert {split: len(chosen) for split, chosen in splits.items()} == PUBLISHED


@pytest.mark.parametrize("seed", [0, 71])
@pytest.mark.parametrize(
    "ratios", [Ratios(), Ratios(0.7, 0.2, 0.1), Ratios(0.6, 0.1, 0.3), Ratios(1 / 3, 1 / 3, 1 / 3)]
)
@pytest.mark.parametrize("count", [8, 9, 50, 101, 1000, 10545])
def test_the_split_is_that_of_scikit_learn_in_its_order(count, ratios, seed):
    all_ = sources(count)
    assert random_split(all_, ratios=ratios, seed=seed) == split_by_sklearn(all_, ratios, seed)


@pytest.mark.parametrize("count", range(1, 8))
def test_few_recordings_leave_splits_empty_rather_than_none_to_train_on(count):
    if count == 1:
        with pytest.raises(UserError, match=r"1 recordings are too few .* --train_ratio 1"):
            random_split(sources(count), ratios=Ratios(), seed=71)
        return
    splits = names(random_split(sources(count), ratios=Ratios(), seed=71))
    assert splits["train"]
    assert sorted(name for chosen in splits.values() for name in chosen) == [str(number) for number in range(count)]


@pytest.mark.parametrize("none", [0, 1e-9])
def test_all_may_be_to_train_on(none):
    splits = random_split(sources(3), ratios=Ratios(1, none, 0), seed=71)
    assert {split: len(chosen) for split, chosen in splits.items()} == {"train": 3, "valid": 0, "eval": 0}


@pytest.mark.parametrize("ratios", [(0.5, 0.5, 0.5), (0, 0.5, 0.5), (1.5, -0.25, -0.25), (float("nan"), 0.5, 0.5)])
def test_ratios_that_are_none_are_refused(ratios):
    with pytest.raises(UserError, match="add up to 1"):
        Ratios(*ratios)


def test_cities_are_split_as_published():
    cities = ["london", "lyon", "milan", "paris", "stockholm", "vienna", "lisbon", "prague", "barcelona", "helsinki"]
    splits = city_split(Source(None, f"audio/bus-{city}-1-2-a.wav", "bus") for city in cities)
    found = {split: [name.split("-")[1] for name in chosen] for split, chosen in names(splits).items()}
    assert found == {"train": cities[:6], "valid": cities[6:8], "eval": cities[8:]}


def test_unknown_cities_are_refused():
    with pytest.raises(UserError, match="nantes, which is no city of TAU"):
        city_split([Source(None, "audio/bus-nantes-1-2-a.wav", "bus")])


# TAU


@pytest.fixture
def published(shared, tmp_path):
    """The tables of TAU 2020 Mobile."""
    setup = tmp_path / "evaluation_setup"
    setup.mkdir()
    for part in ("train", "evaluate"):
        shutil.copy(shared / f"data/metadata/TAU2020mobile_fold1_{part}.csv", setup / f"fold1_{part}.csv")
    return tmp_path


def test_the_full_dataset_has_10545_files(published):
    chosen = tau_sources(published)
    assert len(chosen) == 10545
    assert all(source.name.endswith("-a.wav") for source in chosen)
    assert chosen[0].name == "audio/airport-lisbon-1000-40000-a.wav"
    assert chosen[0].path == published / chosen[0].name
    splits = random_split(chosen, ratios=Ratios(), seed=71)
    assert {split: len(chosen) for split, chosen in splits.items()} == PUBLISHED


def test_the_urban_dataset_has_four_scenes(published):
    chosen = tau_sources(published, dataset_type="urban")
    scenes = {source.scene for source in chosen}
    assert scenes == {"street_pedestrian", "public_square", "street_traffic", "park"}
    assert chosen == [source for source in tau_sources(published) if source.scene in scenes]


def test_the_test_dataset_is_the_first_50_rows(published):
    lines = (published / "evaluation_setup/fold1_train.csv").read_text().splitlines()
    chosen = tau_sources(published, dataset_type="test")
    assert [f"{source.name}\t{source.scene}" for source in chosen] == lines[1:51]


def test_the_table_for_evaluation_comes_last(tmp_path):
    rows = tau_rows(10)
    assert [(source.name, source.scene) for source in tau_sources(write_tables(tmp_path, rows))] == rows[2:] + rows[:2]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.unlink(), r"cannot read .*fold1_train\.csv \(No such file"),
        (lambda path: path.write_text("filename,scene_label\na.wav,bus\n"), r"fold1_train\.csv has no columns"),
        (lambda path: path.write_bytes(b"filename\tscene_label\n\xff\tbus\n"), r"fold1_train\.csv has no columns"),
        (
            lambda path: path.write_text("filename\tscene_label\naudio/a.wav\tbus\n"),
            r"audio/a\.wav is no file name of TAU",
        ),
    ],
)
def test_damaged_tables_are_refused(tmp_path, damage, told):
    write_tables(tmp_path, tau_rows(5))
    damage(tmp_path / "evaluation_setup/fold1_train.csv")
    with pytest.raises(UserError, match=told):
        tau_sources(tmp_path)


def test_tables_without_a_matching_recording_are_refused(tmp_path):
    with pytest.raises(UserError, match="no recording of type full"):
        tau_sources(write_tables(tmp_path, tau_rows(5, device="b")))


# Folders


def touch(folder, *files):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_all_recordings_of_a_folder_are_found_at_any_depth(tmp_path):
    touch(tmp_path, "b/2.WAV", "b/1.flac", "a/deep/er/x.ogg", "0.mp3", "b/3.aif", "b/4.opus")
    touch(tmp_path, "b/notes.txt", "b/x.npy", "b/raw.raw", ".hidden/x.wav", "b/._1.flac")
    found = folder_sources(tmp_path)
    expected = ["0.mp3", "a/deep/er/x.ogg", "b/1.flac", "b/2.WAV", "b/3.aif", "b/4.opus"]
    assert [source.name for source in found] == expected
    assert [source.scene for source in found] == [tmp_path.name, "er", "b", "b", "b", "b"]


def test_the_folder_may_be_the_one_where_the_user_is(tmp_path, monkeypatch):
    touch(tmp_path, "street/x.wav")
    monkeypatch.chdir(tmp_path / "street")
    (source,) = folder_sources(find_audio_dataset(Path(), "none").folder)
    assert (source.name, source.scene) == ("x.wav", "street")


def test_names_are_utf8_whatever_the_file_system_holds(tmp_path):
    touch(tmp_path, "Straße/Öl läuft 🎧.wav")
    bad = tmp_path / "b\udce9b\udce9.wav"
    bad.touch()
    found = {source.name for source in folder_sources(tmp_path)}
    assert found == {"Straße/Öl läuft 🎧.wav", "b\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}.wav"}


def test_folders_without_recordings_are_refused(tmp_path):
    touch(tmp_path, "notes.txt")
    with pytest.raises(UserError, match="no recordings in"):
        folder_sources(tmp_path)


# Where they are


def test_tau_is_found_in_the_folder_and_as_the_folder(tmp_path, monkeypatch):
    (tmp_path / TAU / "evaluation_setup").mkdir(parents=True)
    for given in (tmp_path, tmp_path / TAU):
        dataset = find_audio_dataset(given, TAU)
        assert dataset.is_tau
        assert dataset.folder.samefile(tmp_path / TAU)
    monkeypatch.chdir(tmp_path)
    assert find_audio_dataset(None, TAU).is_tau


def test_other_folders_are_taken_as_they_are(tmp_path):
    (tmp_path / "mine").mkdir()
    for given, name in ((tmp_path / "mine", TAU), (tmp_path, "mine")):
        dataset = find_audio_dataset(given, name)
        assert not dataset.is_tau
        assert dataset.name == "mine"


def test_without_a_folder_only_tau_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"there is no TAU dataset {TAU}: download it"):
        find_audio_dataset(None, TAU)


def test_missing_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no folder .*nowhere"):
        find_audio_dataset(tmp_path / "nowhere", TAU)
