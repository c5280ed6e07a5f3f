"""Heads on a teacher's vectors: what logistic regression finds, song by song."""

import numpy as np
import pytest

from exp_audioconcept.classifiers.head.model import choose_head, song_means


def vectors(n_genres, n_songs=8, n_pieces=3, size=12):
    random = np.random.default_rng(n_genres)
    centres = random.standard_normal((n_genres, size))
    songs = np.repeat(np.arange(n_genres * n_songs), n_pieces)
    genres = songs // n_songs
    return centres[genres] + 0.3 * random.standard_normal((len(songs), size)), genres, songs


@pytest.mark.parametrize("n_genres", [2, 4])
def test_a_head_tells_songs_by_all_their_pieces(n_genres):
    values, genres, songs = vectors(n_genres)
    valid = songs % 4 == 0
    head, accuracy, _ = choose_head(values, genres, songs, n_genres=n_genres, valid=valid)
    assert accuracy == 1
    told = song_means(head.decide(values), songs).argmax(axis=1)
    np.testing.assert_array_equal(told, np.arange(n_genres * 8) // 8)


def test_a_number_that_never_changes_does_no_harm():
    values, genres, songs = vectors(3)
    values[:, 0] = 5
    head, accuracy, _ = choose_head(values, genres, songs, n_genres=3, valid=songs % 4 == 0)
    assert accuracy == 1
    assert np.isfinite(head.decide(values)).all()


def test_a_number_that_hardly_changes_does_not_outvote_the_others_where_it_does():
    values, genres, songs = vectors(3)
    values[:, 0] = 1e-5 * values[:, 0]  # as some of YAMNet's do in three games' music, and not in silence
    head, accuracy, _ = choose_head(values, genres, songs, n_genres=3, valid=songs % 4 == 0)
    assert accuracy == 1
    assert head.scale[0] == pytest.approx(0.3 * np.sqrt(np.mean(values[songs % 4 > 0].std(axis=0) ** 2)))
    np.testing.assert_allclose(head.decide(values + np.eye(12)[0]), head.decide(values), atol=0.01)


def test_the_mean_of_a_song_is_over_its_own_pieces():
    found = song_means(np.array([[1.0], [3.0], [10.0]]), np.array([4, 4, 7]))
    np.testing.assert_array_equal(found, [[2.0], [10.0]])
