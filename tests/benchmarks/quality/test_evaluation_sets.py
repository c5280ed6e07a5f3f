"""Evaluation sets: which recordings a folder holds, and what their names tell."""

import pytest
from quality.evaluation_sets import find_set

from audiokit.errors import UserError


@pytest.fixture
def make(tmp_path):
    """`make(name, …)` gives a folder with empty files, which nothing reads."""

    def make(*names):
        for name in names:
            (tmp_path / "my city" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "my city" / name).touch()
        return tmp_path / "my city"

    return make


def told(folder, **options):
    """Source, fold and class of each recording."""
    return [
        (one.source, one.clip and one.clip.fold, one.clip and "".join(one.clip.classes))
        for one in find_set(folder, **options).recordings
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1-17367-A-10.wav", ("17367", "1", "rain")),
        ("5-9032-C-0.wav", ("9032", "5", "dog")),
        ("2-100-A-49.wav", ("100", "2", "hand_saw")),
        ("1-17367-A-010.ogg", ("17367", "1", "crackling_fire")),
        ("1-17367-A-001.ogg", ("17367", "1", "dog")),
        ("1-17367-A-50.wav", ("17367", None, None)),
        ("1-17367-A-011.ogg", ("17367", None, None)),
        ("fold3/101415-3-0-2.wav", ("101415", "3", "3_dog_bark")),
        ("fold10/6-9-12-0.ogg", ("6", "10", "9_street_music")),
        ("audio/101415-3-0-2.wav", ("101415", "", "3_dog_bark")),
        ("street_pedestrian-paris-152-4607-a.wav", ("street_pedestrian-paris-152-4607-a", None, None)),
        ("birds.WAV", ("birds", None, None)),
    ],
)
def test_names_tell_source_fold_and_class(make, name, expected):
    assert told(make(name)) == [expected]


@pytest.mark.parametrize(
    ("names", "dataset"),
    [
        (["1-1-A-10.wav", "2-2-A-0.wav"], "ESC-10"),
        (["1-1-A-10.wav", "2-2-A-3.wav"], "ESC-50"),
        (["fold1/1-3-0-0.wav", "fold2/2-9-0-0.wav"], "URBAN-SOUND-8K"),
        (["1-1-A-10.wav", "birds.wav"], None),
        (["1-1-A-10.wav", "fold1/1-3-0-0.wav"], None),
    ],
)
def test_where_all_names_tell_a_class_the_set_is_labelled(make, names, dataset):
    found = find_set(make(*names)).dataset
    assert (found and found.name) == dataset


def test_all_recordings_below_the_folder_are_found_in_order(make):
    folder = make("b.wav", "fold1/a.ogg", "fold1/notes.txt", "fold2/c.flac", "LICENSE")
    found = find_set(folder)
    assert [str(one.path.relative_to(folder)) for one in found.recordings] == ["b.wav", "fold1/a.ogg", "fold2/c.flac"]
    assert found.title == "my city"
    assert [source for source, *_ in told(folder, match="[ab]*")] == ["b", "a"]


def test_clips_are_named_by_their_way_from_the_folder(make):
    folder = make("fold1/101415-3-0-2.wav")
    (recording,) = find_set(folder).recordings
    assert recording.clip.name == "fold1/101415-3-0-2.wav"
    (recording,) = find_set(folder / "fold1").recordings
    assert (recording.clip.name, recording.clip.fold) == ("101415-3-0-2.wav", "1")


def test_a_fold_is_named_with_its_dataset(make):
    assert find_set(make("fold1/101415-3-0-2.wav") / "fold1").title == "my city/fold1"


def test_where_nothing_is_found_it_says_so(make, tmp_path):
    with pytest.raises(UserError, match=r"no recordings in .*my city are called 5-\*"):
        find_set(make("1-1-A-10.wav"), match="5-*")
    with pytest.raises(UserError, match=r"there is no folder .*nowhere"):
        find_set(tmp_path / "nowhere")


def test_the_recordings_of_the_published_sets_are_all_labelled(shared):
    esc, urban = (find_set(shared / "data" / name) for name in ("esc10", "urbansound8k"))
    assert (esc.dataset.name, len(esc.recordings)) == ("ESC-10", 400)
    assert {one.clip.fold for one in esc.recordings} == set("12345")
    assert (urban.dataset.name, len(urban.recordings)) == ("URBAN-SOUND-8K", 2148)
    assert {one.clip.fold for one in urban.recordings} == set("123")
