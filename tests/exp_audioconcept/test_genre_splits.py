"""Splits of songs: the published ones to the song, and ours with no group on two sides."""

import numpy as np
import pytest

from audiokit.errors import UserError
from exp_audioconcept.songs.fault_filtered import fault_filtered_names, file_numbers
from exp_audioconcept.songs.splits import split_songs

GENRES = ("blues", "rock")


def gtzan():
    names = [f"{genre}.{number:05d}.wav" for genre in GENRES for number in range(100)]
    return {"names": names, "genres": [name.partition(".")[0] for name in names]}


def parts(split):
    return split.train.tolist(), split.valid.tolist(), split.test.tolist()


def test_the_fault_filtered_lists_have_the_published_sizes_less_the_damaged_file():
    lists = fault_filtered_names()
    assert [len(lists[part]) for part in ("train", "valid", "test")] == [442, 197, 290]
    assert len(set().union(*lists.values())) == 929
    assert not any("jazz.00054.wav" in names for names in lists.values())
    blues_to_rock = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
    counts = {part: [sum(n.startswith(g + ".") for n in lists[part]) for g in blues_to_rock] for part in lists}
    assert counts["train"] == [46, 48, 45, 42, 47, 42, 44, 41, 43, 44]
    assert counts["valid"] == [23, 20, 23, 22, 18, 17, 20, 13, 17, 24]
    assert counts["test"] == [31, 31, 30, 29, 27, 27, 27, 30, 26, 32]


def test_ranges_stand_for_their_numbers():
    assert file_numbers("0-2,7,9-10") == [0, 1, 2, 7, 9, 10]


@pytest.mark.parametrize("kind", ["published", "stratified", "filtered"])
def test_no_song_is_in_two_parts(kind):
    train, valid, test = parts(split_songs(kind, **gtzan()))
    assert len({*train, *valid, *test}) == len(train) + len(valid) + len(test)
    assert min(map(len, (train, valid, test))) > 0


def test_the_published_split_knows_no_seed_and_the_stratified_one_does():
    assert parts(split_songs("published", **gtzan(), seed=1)) == parts(split_songs("published", **gtzan(), seed=2))
    assert parts(split_songs("stratified", **gtzan(), seed=1)) != parts(split_songs("stratified", **gtzan(), seed=2))


def test_a_stratified_split_tests_as_many_of_each_genre():
    songs = gtzan()
    tested = np.array(songs["genres"])[split_songs("stratified", **songs).test]
    assert np.unique(tested, return_counts=True)[1].tolist() == [20, 20]


@pytest.mark.parametrize("seed", range(5))
def test_a_grouped_split_keeps_every_artist_on_one_side_and_every_genre_on_all(seed):
    songs = gtzan()
    groups = np.array([f"{genre} {index // 10}" for index, genre in enumerate(songs["genres"])])
    split = split_songs("grouped", **songs, groups=groups, seed=seed)
    sides = [set(groups[part]) for part in (split.train, split.valid, split.test)]
    assert sum(map(len, sides)) == len(set(groups)) == 20
    for part in (split.train, split.valid, split.test):
        assert set(np.array(songs["genres"])[part]) == set(GENRES)


def test_groups_that_nobody_knows_cannot_be_kept_together():
    with pytest.raises(UserError, match="take --split stratified"):
        split_songs("grouped", **gtzan())


def test_the_fault_filtered_lists_are_refused_for_songs_that_they_do_not_name():
    with pytest.raises(UserError, match="are of GTZAN"):
        split_songs("filtered", names=["a.wav"] * 9, genres=["blues"] * 9)


def few(*counts):
    names = [f"{genre}.{number}" for genre, count in enumerate(counts) for number in range(count)]
    return {"names": names, "genres": [f"genre {name.partition('.')[0]}" for name in names]}


@pytest.mark.parametrize("counts", [(4, 1), (1, 20), (2, 2)])
def test_a_random_split_that_leaves_too_little_of_a_genre_to_learn_from_is_refused(counts):
    with pytest.raises(UserError, match=r"the split published leaves [01] songs of genre \d to learn from and [01] to"):
        split_songs("published", **few(*counts))


@pytest.mark.parametrize("counts", [(3, 3), (3,) * 10, (3, 40)])
def test_three_songs_of_each_genre_are_enough_for_a_stratified_split(counts):
    songs = few(*counts)
    split = split_songs("stratified", **songs)
    genres = np.array(songs["genres"])
    assert len(set(genres[split.train])) == len(counts)
    assert sorted(np.concatenate(parts(split))) == list(range(sum(counts)))
