"""Segments: where they are cut, how short clips go on, and how samples are stored."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from samplecnn_fixtures import write_sound

from exp_samplecnn.segments import SEGMENT, ClipSegments, extended, segments_of, stored
from exp_samplecnn.tasks import TASKS

RAMP = np.arange(1, 6, dtype=np.float32)


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("stretch", [1, 1, 2, 2, 3, 3, 4, 4]),
        ("repeat", [1, 2, 3, 4, 5, 1, 2, 3]),
        ("silence", [1, 2, 3, 4, 5, 0, 0, 0]),
    ],
)
def test_short_sounds_are_continued_and_the_original_stretches_them(extension, expected):
    assert extended(RAMP, 8, extension).tolist() == expected


@given(n=st.integers(1, 50), wanted=st.integers(1, 50), extension=st.sampled_from(["silence", "repeat", "stretch"]))
def test_a_sound_becomes_as_long_as_it_should_and_stays_where_it_is_long_enough(n, wanted, extension):
    sound = np.arange(n, dtype=np.float32)
    assert len(extended(sound, wanted, extension)) == wanted
    if n >= wanted:
        np.testing.assert_array_equal(extended(sound, wanted, extension), sound[:wanted])


def test_segments_lie_side_by_side_from_the_first_sample():
    task = TASKS["mtt"]
    sound = np.arange(30 * 22050, dtype=np.float32)
    segments = segments_of(sound, task, "silence")
    assert segments.shape == (10, 59049)
    assert segments[:, 0].tolist() == [number * 59049 for number in range(10)]


def test_samples_are_rounded_to_int16_and_cut_at_full_scale():
    assert stored(np.array([0, 0.5, 1.5, -2], np.float32), "int16").tolist() == [0, 16384, 32767, -32767]


@given(st.floats(-1, 1, width=32))
def test_rounding_costs_half_of_the_last_bit(value):
    sample = np.array([value], np.float32)
    # Single precision, in which samples are scaled, knows 32767 to 2^-10.
    assert abs(stored(sample, "int16")[0] / 32767 - value) <= (0.5 + 2**-10) / 32767


def test_a_clip_gives_the_tone_that_is_in_it(tmp_path):
    features = ClipSegments(TASKS["scd"], "float32", "silence")
    path = write_sound(tmp_path / "a.wav", 1, 1000)
    sound = features(path)[SEGMENT][0]
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(22050) / 22050)
    assert np.abs(sound - expected)[500:-500].max() < 1e-3


def test_words_may_be_short_but_music_fills_a_segment():
    words, music = (ClipSegments(TASKS[name], "int16", "repeat") for name in ("scd", "mtt"))
    assert words.n_rows(1600, 8000) == 1
    assert (music.n_rows(2 * 22050, 22050), music.n_rows(59049, 22050), music.n_rows(29 * 44100, 44100)) == (0, 10, 10)


def test_stereo_is_mixed_and_only_the_first_second_of_a_word_is_heard(tmp_path):
    tone = 0.5 * np.sin(np.arange(44100) / 10)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], axis=1), 22050, subtype="FLOAT")
    segments = ClipSegments(TASKS["scd"], "float32", "silence")(tmp_path / "a.wav")[SEGMENT]
    assert segments.shape == (1, 22050)
    np.testing.assert_allclose(segments[0], tone[:22050] / 2, atol=1e-6)
