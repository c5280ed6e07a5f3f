"""Collections of songs: a folder a genre, and nothing that is broken or silent ever becomes a label."""

import numpy as np
import pytest
import soundfile
from genre_fixtures import RATE, write_genres

from audiokit.errors import UserError
from audiokit.labels.clip_store import ClipStore
from exp_audioconcept.songs.collection import group_of, read_collection, read_groups
from exp_audioconcept.songs.sound import SongSound, StoredSongs
from exp_audioconcept.songs.store import make_store, store_path
from exp_audioconcept.songs.windows import AllWindows, RandomWindows


@pytest.fixture
def folder(tmp_path):
    write_genres(tmp_path / "music")
    return tmp_path / "music"


def stored(folder, **options):
    songs = read_collection(folder)
    path = store_path(folder.parent / "stores", songs, "sound")
    return make_store(path, songs, SongSound(), workers=1, **options)


def test_a_folder_for_each_genre_is_a_collection(folder):
    songs = read_collection(folder)
    assert len(songs) == 18
    assert (songs[0].name, songs[0].genre) == ("hiss/0.wav", "hiss")


def test_gtzan_s_tree_is_read_without_the_damaged_song(tmp_path):
    for name in ("jazz/jazz.00054.wav", "jazz/jazz.00055.wav", "rock/rock.00000.wav"):
        path = tmp_path / "gtzan" / "genres" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [song.name for song in read_collection(tmp_path / "gtzan")] == ["jazz/jazz.00055.wav", "rock/rock.00000.wav"]


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: (folder / "rock").mkdir(parents=True)])
def test_a_wrong_path_stops_at_once(tmp_path, make):
    make(tmp_path / "wrong")
    with pytest.raises(UserError, match="a folder"):
        read_collection(tmp_path / "wrong")


def test_a_table_says_who_plays(folder):
    songs = read_collection(folder, groups=read_groups(folder.parent / "artists.csv"))
    assert songs[3].group == "hiss player 1"


@pytest.mark.parametrize("name", ["2.wav", "hum/2.wav"])
def test_a_song_is_found_in_the_table_by_its_file_or_with_its_genre(name):
    for groups in ({"2.wav": "Ann"}, {"hum/2.wav": "Ann", "hiss/2.wav": "Bob"}, {"hum/2.wav": "Ann", "2.wav": "Bob"}):
        assert group_of(name, "hum", groups) == "Ann"
    with pytest.raises(UserError, match=r"the table of artists lacks hum/2\.wav: add its row"):
        group_of(name, "hum", {"hiss/2.wav": "Bob"})


def test_a_table_that_lacks_a_song_is_refused(folder):
    groups = read_groups(folder.parent / "artists.csv")
    del groups["hum/2.wav"]
    with pytest.raises(UserError, match=r"lacks hum/2.wav"):
        read_collection(folder, groups=groups)


def test_one_broken_or_silent_song_is_left_out_and_named(folder, capsys):
    soundfile.write(folder / "hum" / "3.wav", np.zeros(2 * RATE), RATE)
    with ClipStore(stored(folder)) as store:
        assert len(store.names) == 17
        assert "hum/3.wav" not in store.names
    assert "3.wav is silent" in capsys.readouterr().err


def test_a_song_that_was_replaced_is_heard_anew(folder, capsys):
    with ClipStore(stored(folder)) as store:
        before = store.fingerprint()
    assert stored(folder).is_file() and capsys.readouterr().err == ""
    hum, _ = soundfile.read(folder / "hum" / "3.wav")
    soundfile.write(folder / "hum" / "3.wav", hum[: 2 * RATE], RATE)
    with ClipStore(stored(folder)) as store:
        assert store.fingerprint() != before
        assert store.n_rows[store.names.index("hum/3.wav")] == 4
    assert capsys.readouterr().err.endswith(" is made anew: hum/3.wav has changed\n")


@pytest.mark.parametrize("fault", ["broken", "silent", "cut off"])
def test_a_song_that_could_not_be_used_is_told_until_it_is_mended(folder, capsys, fault):
    path = folder / "hum" / "3.wav"
    whole = path.read_bytes()
    if fault == "silent":
        soundfile.write(path, np.zeros(2 * RATE), RATE)
    else:
        path.write_bytes(b"RIFFnothing" if fault == "broken" else whole[:100])
    stored(folder, skip_errors=True)
    capsys.readouterr()
    stored(folder)
    assert capsys.readouterr().err == "1 of 18 songs cannot be used and are left out, hum/3.wav first\n"
    path.write_bytes(whole)
    with ClipStore(stored(folder)) as store:
        assert "hum/3.wav" in store.names
    told = "hum/3.wav has changed" if fault == "silent" else "it lacks 1 recordings that are here now, hum/3.wav first"
    assert capsys.readouterr().err.endswith(f" is made anew: {told}\n")


def test_more_than_a_few_that_cannot_be_used_stop_everything_unless_they_may(folder):
    for number in range(3):
        (folder / "hum" / f"{number}.wav").write_bytes(b"RIFFnothing")
    with pytest.raises(UserError, match="3 of 18 songs cannot be used"):
        stored(folder)
    with ClipStore(stored(folder, skip_errors=True)) as store:
        assert len(store.names) == 15


def test_stored_sound_is_the_song_to_the_16_bits_of_its_file(folder):
    with ClipStore(stored(folder)) as store:
        songs = StoredSongs(store)
        expected = soundfile.read(folder / "hum" / "4.wav", dtype="float32")[0]
        found = songs.sound(store.names.index("hum/4.wav"), 0, len(expected) + 500)
        np.testing.assert_array_equal(found[: len(expected)], expected)
        assert not found[len(expected) :].any()


def test_stored_spectrograms_are_those_of_the_sound_but_for_the_edges(folder):
    import torch

    from exp_audioconcept.networks.mel import FRONT_END

    with ClipStore(stored(folder)) as store:
        songs = StoredSongs(store)
        length = 20 * 512
        expected = FRONT_END(torch.from_numpy(songs.sound(2, 30, length))).T.numpy()
        found = songs.mel(2, 30, length)
        assert found.shape == (128, 21)
        np.testing.assert_allclose(found[:, 1:-1], expected[:, 1:-1], atol=2e-2)


def source(store, **options):
    n_songs = len(store.names)
    genres = np.arange(n_songs) // 6
    return RandomWindows(StoredSongs(store), np.arange(n_songs), genres, length=22050, batch_size=5, **options)


def test_an_epoch_has_every_song_once_and_is_the_same_when_it_is_gone_on_with(folder):
    with ClipStore(stored(folder)) as store:
        windows = source(store, augment=lambda samples, seed: samples)
        whole = list(windows.batches(3))
        assert [len(batch["genre"]) for batch in whole] == [5, 5, 5, 3]
        (rest,) = windows.batches(3, first=3)
        assert rest["sound"].equal(whole[3]["sound"])
        assert not next(windows.batches(4))["sound"].equal(whole[0]["sound"])


def test_a_last_song_is_never_alone(folder):
    with ClipStore(stored(folder)) as store:
        windows = RandomWindows(StoredSongs(store), np.arange(11), np.zeros(11, int), length=22050, batch_size=5)
        assert [len(batch["genre"]) for batch in windows.batches(0)] == [5, 6]


def test_all_of_each_song_is_heard_in_windows_that_end_with_it(folder):
    with ClipStore(stored(folder)) as store:
        windows = AllWindows(StoredSongs(store), np.arange(2), np.zeros(2, int), length=22050, batch_size=16)
        (batch,) = windows.batches()
        assert batch["song"].tolist() == [0, 0, 0, 1, 1, 1]
        assert batch["mel"].shape == (6, 128, 44)
