"""Pictures show what was measured, where and when it was."""

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from audiokit.reports.figures import Overview, mel_range, new_figure, save, thumbnail
from spectral_transcoder.listening.figures import spectrogram_figure, third_octave_range
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES
from teachers.registry import front_end_of

DARKEST, BRIGHTEST = (mpl.colormaps["inferno"](value)[:3] for value in (0.0, 1.0))


def pixels(png):
    """(height, width, 3) in [0, 1], the top row first."""
    return imread(io.BytesIO(png))[..., :3]


def figure_of(n_mels=64, name="PANN", *, title="title", **mels):
    levels = np.random.default_rng(0).uniform(20, 60, (40, 29))
    mels = mels or {"first": np.random.default_rng(1).uniform(-80, 0, (500, n_mels))}
    return spectrogram_figure(levels, mels, front_end_of(name), seconds=5, title=title)


# Overviews


@given(st.integers(1, 50), st.integers(1, 20), st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 4))
def test_an_overview_does_not_depend_on_how_frames_come_in(n_frames, max_columns, sizes, n_bands):
    frames = np.random.default_rng(0).normal(size=(n_frames, n_bands))
    at_once, in_pieces = (Overview(n_frames, max_columns=max_columns) for _ in range(2))
    at_once.add(frames)
    position = 0
    while position < n_frames:
        size = sizes[position % len(sizes)]
        in_pieces.add(frames[position : position + size])
        position += size
    assert at_once.image.shape == (min(n_frames, max_columns), n_bands)
    np.testing.assert_allclose(in_pieces.image, at_once.image, atol=1e-12)


def test_an_overview_averages_over_equal_stretches_of_time():
    overview = Overview(12, max_columns=3)
    overview.add(np.arange(24).reshape(12, 2))
    np.testing.assert_allclose(overview.image, [[3, 4], [11, 12], [19, 20]])


def test_an_overview_of_few_frames_is_these_frames():
    frames = np.random.default_rng(0).normal(size=(7, 5))
    overview = Overview(7)
    overview.add(frames)
    np.testing.assert_array_equal(overview.image, frames)


def test_an_overview_takes_no_more_columns_than_asked():
    overview = Overview(366_001)
    for _ in range(366):
        overview.add(np.ones((1000, 2), np.float32))
    overview.add(np.full((1, 2), 184, np.float32))
    assert overview.image.shape == (2000, 2)
    # One frame of 184 and 183 of 1 make 2.
    np.testing.assert_allclose(overview.image[-1], 2, atol=0.01)
    np.testing.assert_allclose(overview.image[:-1], 1)


def test_an_overview_shows_what_has_come_in_so_far():
    overview = Overview(10)
    overview.add(np.full((4, 2), 3))
    np.testing.assert_array_equal(overview.image, np.full((4, 2), 3))


# Colours


@pytest.mark.parametrize(
    ("name", "top", "bottom"),
    [
        ("PANN", -10, -90),
        ("PANN", -60, -100),
        ("YamNet", np.log(0.001 + 10), np.log(0.001 + 1e-3)),
        ("mn04_as", (np.log(1e-5 + 1e3) + 4.5) / 5, (np.log(1e-5 + 1e-5) + 4.5) / 5),
    ],
)
def test_colours_span_80_decibels_of_the_teachers_scale(name, top, bottom):
    mel = np.full((10, 64), bottom - 1)
    mel[3, 4] = top
    np.testing.assert_allclose(mel_range(mel, front_end_of(name)), (bottom, top), atol=1e-3)


def test_levels_span_80_decibels():
    levels = np.full((10, 29), -20.0)
    levels[3, 4] = 71
    assert third_octave_range(levels) == (-9, 71)


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as"])
def test_silence_still_has_a_range(name):
    import torch

    front_end = front_end_of(name)
    silence = front_end.compress(torch.zeros(5, 64)).numpy()
    bottom, top = mel_range(silence, front_end)
    assert bottom < top < bottom + 0.01


# Thumbnails


def test_a_thumbnail_has_a_pixel_a_cell_low_bands_at_the_bottom():
    image = np.full((6, 4), -80.0)
    image[0, 0] = 0
    image[5, 3] = 0
    shown = pixels(thumbnail(image, (-80, 0)))
    assert shown.shape == (4, 6, 3)
    bright = np.argwhere(np.abs(shown - BRIGHTEST).max(axis=-1) < 0.01)
    np.testing.assert_array_equal(bright, [[0, 5], [3, 0]])
    np.testing.assert_allclose(shown[1, 1], DARKEST, atol=0.01)


def test_colours_beyond_the_limits_are_the_limits():
    shown = pixels(thumbnail(np.array([[-200.0, -80], [0, 30]]), (-80, 0)))
    np.testing.assert_allclose(shown[:, 0], [DARKEST, DARKEST], atol=0.01)
    np.testing.assert_allclose(shown[:, 1], [BRIGHTEST, BRIGHTEST], atol=0.01)


# The figure


def test_the_figure_has_the_third_octaves_on_top_and_then_each_spectrogram():
    mels = {name: np.random.default_rng(seed).uniform(-80, 0, (500, 64)) for seed, name in enumerate("abc")}
    figure = figure_of(**mels)
    rows = [axes for axes in figure.axes if axes.get_images()]
    assert len(rows) == 4
    assert [axes.get_title(loc="left") for axes in rows[1:]] == ["a", "b", "c"]
    for axes, mel in zip(rows[1:], mels.values(), strict=True):
        (image,) = axes.get_images()
        np.testing.assert_allclose(image.get_array(), mel.T)
        assert image.origin == "lower"
        assert image.get_extent()[:2] == [0, 5]
        np.testing.assert_allclose(image.get_clim(), mel_range(mels["a"], front_end_of("PANN")))
    assert rows[0].get_images()[0].get_array().shape == (29, 40)
    assert rows[-1].get_xlabel() == "time (s)"


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as"])
def test_ticks_lie_where_their_frequency_is(name):
    front_end = front_end_of(name)
    figure = figure_of(name=name, n_mels=front_end.n_mels)
    rows = [axes for axes in figure.axes if axes.get_images()]
    for axes, centres in zip(rows, (CENTRE_FREQUENCIES, front_end.centre_frequencies()), strict=True):
        names = [label.get_text() for label in axes.get_yticklabels()]
        frequencies = [float(name.replace("k", "")) * (1000 if "k" in name else 1) for name in names]
        places = axes.get_yticks()
        assert len(places) >= 4
        assert 8000 in frequencies or centres[-1] < 8000
        for place, frequency in zip(places, frequencies, strict=True):
            lower, upper = centres[int(place)], centres[min(int(place) + 1, len(centres) - 1)]
            assert lower <= frequency <= upper
        assert np.diff(np.sort(places)).min() >= 0.1 * len(centres)


def test_the_unit_of_the_teacher_stands_at_the_colour_bar():
    figure = figure_of(name="YamNet")
    assert {axes.get_ylabel() for axes in figure.axes} == {"Hz", "level (dB)", "ln(Mel magnitude + 0.001)"}


def test_the_figure_is_saved_whole(tmp_path):
    figure = figure_of()
    save(figure, tmp_path / "a.png", dpi=50)
    shown = imread(tmp_path / "a.png")
    assert shown.shape[:2] == (round(50 * figure.get_figheight()), 550)
    assert (shown[..., :3].min(axis=-1) < 0.9).mean() > 0.5
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    "title",
    [
        "plain",
        "take $1_$ of 2.wav",
        "back\\slash ^_{",
    ],
)
def test_titles_are_text_and_no_formulas(tmp_path, title):
    save(figure_of(title=title), tmp_path / "a.png", dpi=30)
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_figures_start_no_window_system():
    code = (
        "import sys, numpy; from audiokit.reports.figures import new_figure, thumbnail;"
        "new_figure(2, 1); thumbnail(numpy.eye(3), (0, 1)); assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_figures_have_the_size_asked_for():
    assert tuple(new_figure(3, 2).get_size_inches()) == (3, 2)
