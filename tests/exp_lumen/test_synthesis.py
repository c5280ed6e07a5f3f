"""Music of sampled instruments: seeded, in the instruments' ranges, with exact labels."""

import csv

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from soundfont_fixtures import soundfont

from audiokit.errors import UserError
from exp_lumen import make_instruments
from exp_lumen.data.sources import labelled_clips
from exp_lumen.instruments import CODES
from exp_lumen.synthesis.mixtures import Recipe, instruments_of, make_mixture
from exp_lumen.synthesis.phrases import MAJOR, Note, make_phrase
from exp_lumen.synthesis.rendering import add_noise, add_room, render
from exp_lumen.synthesis.soundfonts import SOUNDFONTS, VOICES, find_soundfont

pytest.importorskip("tinysoundfont")


@pytest.fixture(scope="module")
def sines(tmp_path_factory):
    return soundfont(tmp_path_factory.mktemp("soundfont") / "sines.sf2")


@pytest.mark.parametrize("code", CODES)
@given(seed=st.integers(0, 1000))
def test_phrases_stay_in_range_scale_and_time(code, seed):
    voice = VOICES[code]
    notes = make_phrase(voice, np.random.default_rng(seed), seconds=3, key=2, scale=MAJOR, beat=0.5)
    assert notes
    assert all(voice.lowest <= note.pitch <= voice.highest and (note.pitch - 2) % 12 in MAJOR for note in notes)
    assert all(note.start >= 0 and note.start + note.seconds <= 3 for note in notes)


@pytest.mark.parametrize(("pitch", "frequency"), [(67, 400), (79, 800), (55, 200)])
def test_a_note_sounds_at_its_pitch_and_while_it_lasts(sines, pitch, frequency):
    sound = render(sines, [Note(0.5, 1.0, pitch, 1.0)], preset=0, seconds=2, sample_rate=16000)
    assert len(sound) == 32000
    assert not sound[:7900].any() and not sound[26000:].any()
    peak = np.abs(np.fft.rfft(sound[9000:23000])).argmax() * 16000 / 14000
    assert peak == pytest.approx(frequency, rel=0.01)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.1, rel=1e-4)


def test_what_was_rendered_before_leaves_no_trace(sines):
    notes = [Note(0.0, 0.9, 60, 1.0)]
    first = render(sines, notes, preset=0, seconds=1, sample_rate=16000)
    render(sines, [Note(0.0, 5, 72, 1.0)], preset=5, seconds=1, sample_rate=16000)
    np.testing.assert_allclose(render(sines, notes, preset=0, seconds=1, sample_rate=16000), first, atol=1e-6)


def test_every_instrument_comes_as_often_and_labels_are_what_plays():
    recipe = Recipe(None)
    mixtures = [instruments_of(recipe, number) for number in range(2200)]
    counts = [sum(code in codes for codes in mixtures) for code in CODES]
    assert max(counts) < 1.2 * min(counts)
    sizes = np.bincount([len(set(codes)) for codes in mixtures], minlength=6)[1:] / 2200
    np.testing.assert_allclose(sizes, (0.35, 0.3, 0.2, 0.1, 0.05), atol=0.03)


def test_a_mixture_is_a_function_of_seed_and_number(sines):
    first, again, other = (make_mixture(Recipe(sines, seed, seconds=1, sample_rate=8000), 3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() == pytest.approx(0.9)


@pytest.mark.parametrize("name", SOUNDFONTS)
def test_every_instrument_has_a_preset_that_no_other_soundfont_has(name):
    assert all(set(voice.presets) - set(SOUNDFONTS[name].borrowed) for voice in VOICES.values())


def test_noise_is_as_far_below_the_sound_as_asked():
    sound = np.sin(np.arange(16000) / 5).astype(np.float32)
    noise = add_noise(sound, np.random.default_rng(0), snr=20) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(noise**2)) == pytest.approx(20, abs=0.01)


def test_a_room_adds_what_comes_later_and_keeps_the_length():
    click = np.zeros(8000, np.float32)
    click[100] = 1
    heard = add_room(click, np.random.default_rng(0), sample_rate=8000)
    assert len(heard) == 8000 and np.abs(heard[:100]).max() < 1e-6 and np.abs(heard[101:700]).max() > 1e-3


def test_a_dataset_is_made_once_and_gone_on_with(sines, tmp_path, capsys):
    options = ["--soundfont", str(sines), "--n_clips", "12", "--seconds", "0.6", "--sample_rate", "8000"]
    options += ["--output", str(tmp_path / "x"), "--workers", "1"]
    assert make_instruments.main(options) == 0
    table = tmp_path / "x" / "labels.csv"
    before = table.read_bytes()
    lost = tmp_path / "x" / "audio" / "sines_0_00003.flac"
    content = lost.read_bytes()
    lost.unlink()
    assert make_instruments.main(options) == 0
    assert (table.read_bytes(), lost.read_bytes()) == (before, content)
    with open(table) as file:
        assert next(csv.DictReader(file))["cel"] == "1"
    clips = labelled_clips([f"csv:{table}"], option="--train-paths")
    assert len(clips) == 12 and soundfile.info(clips[0].path).frames == 4800
    assert f"csv:{table}" in capsys.readouterr().out
    with pytest.raises(UserError, match="another recipe"):
        make_instruments.main([*options, "--seed", "1"])


def test_what_is_no_soundfont_is_refused(tmp_path):
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"no soundfont")
    with pytest.raises(UserError, match="damaged or no soundfont"):
        render(broken, [], preset=0, seconds=1, sample_rate=8000)
    with pytest.raises(UserError, match="there is no soundfont nowhere"):
        find_soundfont("nowhere")
