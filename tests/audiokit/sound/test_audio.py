"""Recordings come in as librosa would load them, whole or in pieces, or with a line that says why not."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
import soundfile
from audio_fixtures import noise, scene, write

from audiokit.errors import UserError
from audiokit.sound import audio, decoding
from audiokit.sound.audio import Recording, find_audio, load, normalise_peak, write_wav

WRITTEN = {
    "wav": {"subtype": "PCM_16"},
    "24-bit": {"subtype": "PCM_24"},
    "float": {"subtype": "FLOAT"},
    "double": {"subtype": "DOUBLE"},
    "flac": {"format": "FLAC"},
    "ogg": {"format": "OGG"},
    "mp3": {"format": "MP3"},
    "aiff": {"format": "AIFF"},
}
RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000)


def as_librosa_loads(path, sample_rate):
    return librosa.util.normalize(librosa.load(path, sr=sample_rate)[0])


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_SAMPLES", 1000)


# The same samples as librosa


@pytest.mark.parametrize("sample_rate", [16000, 32000])
@pytest.mark.parametrize("rate", RATES)
def test_recordings_of_any_rate_are_what_librosa_loads(tmp_path, rate, sample_rate):
    path = write(tmp_path / "a.wav", 0.3 * scene(1, rate), rate)
    waveform = load(path, sample_rate=sample_rate)
    assert waveform.dtype == np.float32
    np.testing.assert_array_equal(waveform, as_librosa_loads(path, sample_rate))
    assert np.abs(waveform).max() == 1


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_recordings_of_any_format_are_what_librosa_loads(tmp_path, written, n_channels):
    if written == "mp3" and n_channels > 2:
        pytest.skip("an mp3 has two channels at most")
    if written == "mp3" and "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile writes no mp3")
    samples = np.stack([scene(1, 48000, seed=seed) for seed in range(n_channels)], axis=1)
    path = write(tmp_path / f"a.{written}", samples, 48000, **{"format": "WAV"} | WRITTEN[written])
    np.testing.assert_array_equal(load(path, sample_rate=32000), as_librosa_loads(path, 32000))


@pytest.mark.parametrize(("rate", "n_samples"), [(44100, 44102), (48000, 48002), (96000, 96001), (22050, 22051)])
def test_recordings_of_any_length_are_as_long_as_librosa_loads_them(tmp_path, rate, n_samples):
    path = write(tmp_path / "a.wav", noise(n_samples), rate)
    np.testing.assert_array_equal(load(path, sample_rate=32000), as_librosa_loads(path, 32000))


def test_channels_are_averaged(tmp_path):
    left, right = noise(32000, seed=1), noise(32000, seed=2)
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1))
    np.testing.assert_array_equal(load(path, sample_rate=32000, normalise=False), (left + right) / 2)


# Pieces


@pytest.mark.parametrize("rate", [32000, 44100])
@pytest.mark.usefixtures("small_blocks")
def test_decoding_in_small_blocks_gives_the_same(tmp_path, rate):
    path = write(tmp_path / "a.wav", np.stack([noise(2 * rate, seed=1), noise(2 * rate, seed=2)], axis=1), rate)
    np.testing.assert_array_equal(load(path, sample_rate=32000), as_librosa_loads(path, 32000))


@pytest.mark.parametrize("piece", [1, 999, 32000])
def test_reading_in_pieces_gives_the_whole(tmp_path, piece):
    recording = Recording(write(tmp_path / "a.wav", noise(2345), 22050), sample_rate=16000)
    whole = recording.read()
    pieces = [recording.read(start, start + piece) for start in range(0, recording.n_samples, piece)]
    np.testing.assert_array_equal(np.concatenate(pieces)[: recording.n_samples], whole)
    np.testing.assert_array_equal(recording.read(100, 300), whole[100:300])


def test_beyond_the_end_there_is_silence(tmp_path):
    recording = Recording(write(tmp_path / "a.wav", noise(1000)), sample_rate=32000)
    whole = recording.read()
    np.testing.assert_array_equal(recording.read(900, 1100), np.append(whole[900:], np.zeros(100)))
    np.testing.assert_array_equal(recording.read(5000, 5010), np.zeros(10))
    assert len(recording.read(1000, 1000)) == 0


def test_long_recordings_go_to_a_file_that_vanishes(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", noise(44100), 44100)
    expected = load(path, sample_rate=32000)
    monkeypatch.setattr(audio, "IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    recording = Recording(path, sample_rate=32000)
    assert not recording._samples._blocks
    np.testing.assert_array_equal(recording.read(), expected)
    np.testing.assert_array_equal(recording.read(20000, 33000)[:12000], expected[20000:])
    del recording
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def test_length_and_duration_are_those_of_the_resampled_sound(tmp_path):
    recording = Recording(write(tmp_path / "a.wav", 0.25 * scene(1.5, 48000), 48000), sample_rate=16000)
    assert recording.n_samples == 24000
    assert recording.seconds == 1.5
    assert recording.peak == np.abs(recording.read(normalise=False)).max() < 0.2


# The peak


def test_silence_stays_silence(tmp_path):
    path = write(tmp_path / "a.wav", np.zeros(32000))
    assert not load(path, sample_rate=16000).any()
    assert not normalise_peak(np.zeros(10, np.float32)).any()
    assert Recording(path, sample_rate=32000).peak == 0


@pytest.mark.parametrize("gain", [1e-5, 1e-4, 1, 1e4, 1e9])
def test_the_peak_becomes_one_whatever_it_was(tmp_path, gain):
    sound = noise(1000)
    path = write(tmp_path / "a.wav", sound * np.float32(gain))
    np.testing.assert_allclose(load(path, sample_rate=32000), sound / np.abs(sound).max(), rtol=1e-6)
    np.testing.assert_allclose(normalise_peak(-sound), -sound / np.abs(sound).max(), rtol=0)


def test_peaks_that_are_rounding_noise_are_left_alone():
    noise_floor = np.full(10, 1e-39, np.float32)
    np.testing.assert_array_equal(normalise_peak(noise_floor), noise_floor)


# What cannot be read


def text(path):
    path.write_text("This is no sound.\n" * 100)


def nothing(path):
    path.touch()


def no_samples(path):
    write(path, np.zeros(0))


def flac_without_a_frame(path):
    write(path, noise(64000), format="FLAC", subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[100:600] = bytes(500)
    path.write_bytes(content)


def wav_header_only(path):
    write(path, noise(1000))
    path.write_bytes(path.read_bytes()[:30])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (text, "Format not recognised"),
        (nothing, "Format not recognised"),
        (no_samples, "0 samples"),
        (flac_without_a_frame, "flac decoder lost sync"),
        (wav_header_only, "No 'data' chunk"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_no_sound_is_refused_by_its_name_and_with_the_reason(tmp_path, make, reason):
    path = tmp_path / "a.wav"
    make(path)
    with pytest.raises(UserError) as caught:
        Recording(path, sample_rate=32000)
    message = str(caught.value)
    assert str(path) in message
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.usefixtures("small_blocks")
def test_samples_that_are_no_numbers_are_refused_with_their_time(tmp_path, value, n_channels):
    samples = np.stack([noise(16000, seed=seed) for seed in range(n_channels)], axis=1)
    samples[12345, -1] = value
    samples[14000, 0] = value
    path = write(tmp_path / "a.wav", samples, 8000)
    with pytest.raises(UserError, match=r"a\.wav holds samples that are not finite .* at 1\.543 s"):
        Recording(path, sample_rate=32000)


def test_a_wav_that_is_cut_off_gives_what_is_there(tmp_path):
    sound = noise(32000)
    path = write(tmp_path / "a.wav", sound)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 4 * 12000])
    np.testing.assert_array_equal(load(path, sample_rate=32000, normalise=False), sound[:20000])


def test_an_ogg_that_is_cut_off_gives_what_is_there(tmp_path):
    path = write(tmp_path / "a.ogg", scene(2), format="OGG")
    whole = load(path, sample_rate=32000, normalise=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    rest = load(path, sample_rate=32000, normalise=False)
    assert 32000 < len(rest) < 64000
    np.testing.assert_allclose(rest[:-100], whole[: len(rest) - 100], atol=1e-4)


def test_bare_samples_without_a_header_are_refused(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(noise(1000).tobytes())
    with pytest.raises(UserError, match=r"a\.raw"):
        Recording(path, sample_rate=32000)


def test_rates_that_no_recording_has_are_refused(tmp_path):
    path = write(tmp_path / "a.wav", noise(1000), 1)
    code = f"from audiokit.sound.audio import load; load({str(path)!r}, sample_rate=32000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"UserError: {path}" in done.stderr


# Where recordings lie


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A folder for bare names, beside the folder that the user is in."""
    for name in ("audio/birds.wav", "audio/both.wav", "here/both.wav", "here/sub/mine.wav"):
        write(tmp_path / name, noise(10))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("birds.wav", "audio/birds.wav"),
        ("both.wav", "here/both.wav"),
        ("sub/mine.wav", "here/sub/mine.wav"),
        ("../audio/birds.wav", "audio/birds.wav"),
    ],
)
def test_bare_names_are_looked_up_in_the_folder_after_the_place_where_one_is(folders, name, found):
    assert find_audio(name, folders / "audio").samefile(folders / found)
    assert find_audio(folders / found, folders / "audio") == folders / found


@pytest.mark.parametrize("name", ["mine.wav", "sub/birds.wav", "nowhere/birds.wav"])
def test_missing_recordings_are_refused_with_where_they_were_looked_for(folders, name):
    with pytest.raises(UserError, match=f"no recording {name}: looked for {name}") as caught:
        find_audio(name, folders / "audio")
    assert (str(folders / "audio") in str(caught.value)) == ("/" not in name)


def test_folders_are_refused_with_how_to_name_what_is_in_them(folders):
    with pytest.raises(UserError, match=r"sub is a folder: .* sub/\*\.wav"):
        find_audio("sub", folders / "audio")


def test_names_that_no_file_can_have_are_refused(folders):
    with pytest.raises(UserError):
        find_audio("a" * 300 + ".wav", folders / "audio")


# Writing


def test_sounds_are_written_piece_by_piece_without_rounding(tmp_path):
    sound = 3 * noise(1000)
    with write_wav(tmp_path / "a.wav", 16000, n_samples=1000) as file:
        file.write(sound[:300])
        file.write(sound[300:])
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    np.testing.assert_array_equal(samples, sound)
    assert rate == 16000
    assert soundfile.info(tmp_path / "a.wav").subtype == "FLOAT"
