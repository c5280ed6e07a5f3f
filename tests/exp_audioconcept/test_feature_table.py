"""The published table of features: read whichever way it is written, and never with a hole in it."""

import numpy as np
import pytest

from audiokit.errors import UserError
from exp_audioconcept.song_features.names import FEATURE_NAMES
from exp_audioconcept.song_features.selection import uncorrelated
from exp_audioconcept.song_features.table import FeatureTable, read_feature_table, write_feature_table


def small_table(n=6):
    values = np.random.default_rng(0).standard_normal((n, len(FEATURE_NAMES)))
    values[:, 0] = 661794
    names = tuple(f"blues.{number:05d}.wav" for number in range(n))
    return FeatureTable(names, ("blues",) * n, FEATURE_NAMES, values)


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_commas_semicolons_and_a_byte_order_mark_are_all_read(tmp_path, separator, mark):
    path = write_feature_table(tmp_path / "table.csv", small_table(), separator=separator)
    path.write_text(mark + path.read_text(encoding="utf-8"), encoding="utf-8")
    table = read_feature_table(path)
    np.testing.assert_array_equal(table.values, small_table().values)
    assert table.names == small_table().names


@pytest.mark.parametrize("cell", ["nan", "inf", "", "many"])
def test_a_cell_that_is_no_number_is_named_with_its_line(tmp_path, cell):
    path = write_feature_table(tmp_path / "table.csv", small_table())
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    lines[3] = ",".join([*cells[:5], cell, *cells[6:]])
    path.write_text("\n".join(lines))
    with pytest.raises(UserError, match="line 4: rms_var"):
        read_feature_table(path)


def test_a_table_without_a_feature_is_refused(tmp_path):
    path = write_feature_table(tmp_path / "table.csv", small_table())
    path.write_text(path.read_text().replace("tempo", "speed"))
    with pytest.raises(UserError, match="no column tempo"):
        read_feature_table(path)


def test_a_song_that_is_there_twice_is_refused(tmp_path):
    path = write_feature_table(tmp_path / "table.csv", small_table())
    path.write_text(path.read_text().replace("blues.00003.wav", "blues.00001.wav"))
    with pytest.raises(UserError, match=r"two rows of blues.00001.wav"):
        read_feature_table(path)


def test_of_two_features_that_go_along_the_one_that_varies_less_is_left_out():
    random = np.random.default_rng(0)
    first, other = random.standard_normal((2, 500))
    values = np.stack([first, other, -3 * first + 0.1 * other], axis=1)
    assert uncorrelated(values).tolist() == [False, True, True]


def test_a_feature_that_never_changes_is_no_copy_of_another():
    assert uncorrelated(np.stack([np.ones(9), np.arange(9.0)], axis=1)).all()


@pytest.fixture
def published(shared):
    return read_feature_table(shared / "data" / "gtzan_features" / "features_30_sec.csv", keep_damaged=True)


def test_the_published_table_is_read_as_it_was_published(published):
    assert published.values.shape == (1000, 58)
    assert published.values[:, 0].mean() == 662030.846
    assert np.count_nonzero(~published.is_first) == 14


def test_the_published_three_features_are_left_out(published):
    dropped = [name for name, kept in zip(FEATURE_NAMES, uncorrelated(published.values), strict=True) if not kept]
    assert dropped == ["spectral_centroid_mean", "spectral_bandwidth_mean", "mfcc2_mean"]


def test_the_damaged_song_is_left_out_unless_it_is_asked_for(shared):
    table = read_feature_table(shared / "data" / "gtzan_features" / "features_30_sec.csv")
    assert len(table.names) == 999
    assert "jazz.00054.wav" not in table.names
