"""Recordings that are not what they seem: what is there is read and it is said how, or a line says why not.

Each of the files is one that people have reported in public, made anew.
"""

import struct

import numpy as np
import pytest
import soundfile
from audio_fixtures import noise, scene, write

from audiokit.errors import UserError
from audiokit.sound import audio
from audiokit.sound.audio import Recording, load, write_wav
from audiokit.sound.headers import read_header
from audiokit.sound.lengths.reading import read_sample_bytes
from audiokit.sound.neighbours import shorter_than_neighbours

RATE = 32000


def heard(path):
    """Samples as they are, and the notes."""
    recording = Recording(path, sample_rate=RATE)
    return recording.read(normalise=False), list(recording.notes)


def chunk(name, content, size=None):
    return name + struct.pack("<I", len(content) if size is None else size) + content + bytes(len(content) % 2)


def wav(path, sound, *, told, riff=None, rest=b"", kind=b"RIFF"):
    """A 16-bit wav file of which the header tells `told` bytes."""
    pcm = (sound * 32767).astype("<i2").tobytes()
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
    body = b"WAVE" + form + chunk(b"data", pcm, told) + rest
    path.write_bytes(kind + struct.pack("<I", len(body) if riff is None else riff) + body)
    return path


def rounded(sound):
    return (sound * 32767).astype("<i2").astype(np.float32) / 32768


# Channels that cancel each other


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("gain", [1, 0.7])
def test_of_channels_that_cancel_each_other_the_loudest_is_taken(tmp_path, subtype, gain):
    sound = 0.5 * scene(3)
    path = write(tmp_path / "a.wav", np.stack([-gain * sound, sound], axis=1), subtype=subtype)
    samples, notes = heard(path)
    expected = soundfile.read(path, dtype="float32")[0][:, 0 if gain == 1 else 1]
    if gain == 1:
        expected = np.sign(expected @ samples) * expected
    np.testing.assert_allclose(samples, expected, atol=4e-5)
    assert notes in [[f"its channels cancel each other: channel {number} alone is used"] for number in (1, 2)]


@pytest.mark.parametrize("hertz", [62.5, 125, 1000, 2000])
def test_tones_that_cancel_are_found_whatever_their_period(tmp_path, hertz):
    tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(10 * RATE) / RATE)
    assert "cancel" in heard(write(tmp_path / "a.wav", np.stack([tone, -tone], axis=1), subtype="PCM_16"))[1][0]


def test_an_offset_of_both_channels_does_not_hide_that_they_cancel(tmp_path):
    sound = 0.3 * scene(2)
    samples, notes = heard(write(tmp_path / "a.wav", np.stack([0.2 + sound, 0.2 - sound], axis=1)))
    np.testing.assert_allclose(np.ptp(samples), np.ptp(sound), rtol=1e-3)
    assert "cancel" in notes[0]


@pytest.mark.parametrize("second", [lambda sound: sound, lambda sound: 0 * sound, lambda sound: noise(len(sound))])
def test_channels_that_do_not_cancel_are_averaged_without_a_word(tmp_path, second):
    sound = 0.3 * scene(2)
    samples, notes = heard(write(tmp_path / "a.wav", np.stack([sound, second(sound)], axis=1)))
    np.testing.assert_allclose(samples, (sound + second(sound)) / 2, atol=1e-6)
    assert notes == []


@pytest.mark.parametrize(("correlation", "expected"), [(-0.4, 0), (-0.45, 0), (-0.6, 7), (-0.8, 10)])
def test_where_the_mean_is_far_below_the_channels_that_is_told(tmp_path, correlation, expected):
    """Of channels of one power with that correlation it is 10 log10(2 / (1 + correlation)) dB below them."""
    left, other = (noise(4 * RATE, seed=seed, level=0.1) for seed in (0, 1))
    right = correlation * left + (1 - correlation**2) ** 0.5 * other
    samples, notes = heard(write(tmp_path / "a.wav", np.stack([left, right], axis=1)))
    np.testing.assert_allclose(samples, (left + right) / 2, atol=1e-6)
    said = [f"its channels cancel each other in part: their mean is {expected} dB below them"]
    assert notes == (said if expected else [])


def test_many_unrelated_channels_do_not_count_as_cancelling(tmp_path):
    channels = np.stack([noise(64000, seed=seed) for seed in range(16)], axis=1)
    assert heard(write(tmp_path / "a.wav", channels))[1] == []


# Silence


@pytest.mark.parametrize(("subtype", "step"), [("PCM_U8", 2**-7), ("PCM_16", 2**-15), ("PCM_24", 2**-23)])
def test_the_noise_of_rounding_is_silence_and_not_amplified(tmp_path, subtype, step):
    dither = step * np.random.default_rng(0).integers(-1, 2, 64000)
    recording = Recording(write(tmp_path / "a.wav", dither, subtype=subtype), sample_rate=16000)
    assert not recording.read().any()
    assert recording.peak == 0
    assert recording.notes == ("it is silent: there is only the noise of its own rounding",)


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_a_recording_of_one_value_is_silent(tmp_path, value):
    recording = Recording(write(tmp_path / "a.wav", np.full(32000, value)), sample_rate=RATE)
    assert not recording.read().any()
    assert recording.notes == ("it is silent: all of its samples are the same",)


def test_a_quiet_recording_is_used_and_told(tmp_path):
    recording = Recording(write(tmp_path / "a.wav", 1e-4 * scene(1) / 0.5), sample_rate=RATE)
    assert np.abs(recording.read()).max() == 1
    assert recording.notes == ("its peak is -80 dB re full scale: noise is amplified with it",)


# Headers that say another length


@pytest.mark.parametrize("riff", [None, 0, 36, 0xFFFFFFFF])
def test_a_recorder_that_crashed_before_it_wrote_the_size_leaves_all_to_be_read(tmp_path, riff):
    path = wav(tmp_path / "a.wav", scene(3), told=0, riff=riff)
    samples, notes = heard(path)
    np.testing.assert_array_equal(samples, rounded(scene(3)))
    assert notes == ["its header was never finished: all 3 s that are there are read"]
    assert read_header(path).n_samples == 96000


@pytest.mark.parametrize("told", [2000, 64000])
def test_a_size_that_was_written_long_before_the_end_hides_nothing(tmp_path, told):
    samples, notes = heard(wav(tmp_path / "a.wav", scene(3), told=told))
    np.testing.assert_array_equal(samples, rounded(scene(3)))
    assert notes == [f"its header tells {told / 64000:.3g} s: all 3 s that are there are read"]


def test_a_header_that_was_finished_at_an_earlier_time_hides_nothing(tmp_path):
    samples, notes = heard(wav(tmp_path / "a.wav", scene(3), told=64000, riff=64036))
    np.testing.assert_array_equal(samples, rounded(scene(3)))
    assert notes == ["its header tells 1 s: all 3 s that are there are read"]


@pytest.mark.parametrize("told", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000])
def test_sizes_that_stand_for_an_unknown_length_are_nothing_to_tell(tmp_path, told):
    samples, notes = heard(wav(tmp_path / "a.wav", scene(2), told=told, riff=0xFFFFFFFF))
    np.testing.assert_array_equal(samples, rounded(scene(2)))
    assert notes == []


@pytest.mark.parametrize(
    "rest",
    [
        chunk(b"LIST", b"INFO" + chunk(b"INAM", b"a name")),
        chunk(b"id3 ", bytes(7)),
        b"TAG" + bytes(125),
        b"ID3" + b"\x07" * 99999,
        bytes(70000),
        b"\x01\x02\x03",
    ],
    ids=["list", "id3 chunk", "id3v1", "id3v2", "zeros", "crumbs"],
)
def test_what_players_and_disks_append_is_no_sound(tmp_path, rest):
    sound = scene(2)
    path = wav(tmp_path / "a.wav", sound, told=2 * len(sound), riff=36 + 2 * len(sound), rest=rest)
    samples, notes = heard(path)
    np.testing.assert_array_equal(samples, rounded(sound))
    assert notes == []


def test_an_empty_recording_with_a_list_of_names_is_empty(tmp_path):
    path = wav(tmp_path / "a.wav", noise(0), told=0, rest=chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"recorder")))
    with pytest.raises(UserError, match="holds no sound: 0 samples"):
        load(path, sample_rate=RATE)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFFFFFFFFFF])
def test_an_rf64_file_that_was_not_closed_is_read_to_its_end(tmp_path, size):
    path = write(tmp_path / "a.wav", scene(2), format="RF64", subtype="PCM_16")
    content = bytearray(path.read_bytes())
    place = content.index(b"ds64") + 8
    content[place : place + 24] = struct.pack("<QQQ", size, size, size)
    path.write_bytes(content)
    assert len(heard(path)[0]) == 64000


@pytest.mark.parametrize("format_", ["WAV", "AIFF", "AU", "W64", "RF64"])
def test_of_a_copy_that_broke_off_it_is_told_how_much_is_there(tmp_path, format_):
    path = write(tmp_path / f"a.{format_.lower()}", scene(3), format=format_, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size - 96000])
    samples, notes = heard(path)
    assert len(samples) == 48000
    assert notes == ["there are only 1.5 of the 3 s that its header tells: the rest is missing or damaged"]


def test_of_an_mp3_that_broke_off_too(tmp_path):
    path = write(tmp_path / "a.mp3", scene(3), format="MP3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    samples, notes = heard(path)
    seconds = len(samples) / RATE
    assert 1 < seconds < 2
    assert notes == [f"there are only {seconds:.4g} of the 3 s that its header tells: the rest is missing or damaged"]


def test_a_streamed_flac_of_unknown_length_is_read(tmp_path):
    path = write(tmp_path / "a.flac", scene(3))
    whole, _ = heard(path)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    samples, notes = heard(path)
    np.testing.assert_array_equal(samples, whole)
    assert notes == []
    assert read_header(path).n_samples == 96000


def cut_off(content):
    return content[: len(content) // 2]


def with_a_hole(content):
    return content[: len(content) // 2] + bytes(500) + content[len(content) // 2 + 500 :]


@pytest.mark.parametrize("damage", [cut_off, with_a_hole])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("seconds", [3, 20])
def test_of_a_damaged_flac_all_is_read_that_comes_before(tmp_path, damage, n_channels, seconds):
    """Twenty seconds are several blocks."""
    channels = np.stack([noise(seconds * RATE, seed=seed) for seed in range(n_channels)], axis=1)
    path = write(tmp_path / "a.flac", channels)
    whole, _ = heard(path)
    path.write_bytes(damage(path.read_bytes()))
    samples, notes = heard(path)
    np.testing.assert_array_equal(samples, whole[: len(samples)])
    assert len(samples) == pytest.approx(len(whole) / 2, abs=2 * 4096)  # frames of FLAC
    told = f"{len(samples) / RATE:.4g} of the {seconds} s that its header tells"
    assert notes == [f"there are only {told}: the rest is missing or damaged"]


def test_a_streamed_flac_that_breaks_off_is_read_to_there(tmp_path):
    path = write(tmp_path / "a.flac", scene(3))
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(cut_off(content))
    samples, notes = heard(path)
    assert notes == [f"it breaks off after {len(samples) / RATE:.4g} s: the rest is missing"]
    assert read_header(path).n_samples == len(samples) > RATE


def test_a_length_that_a_file_cannot_hold_is_counted_anew(tmp_path):
    """Whoever plans by it would make room for a month."""
    path = write(tmp_path / "a.flac", scene(3))
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F
    path.write_bytes(content)
    assert read_header(path).n_samples == 96000
    assert heard(path)[1] == [
        "there are only 3 of the 2.013e+06 s that its header tells: the rest is missing or damaged"
    ]


def test_sizes_beyond_the_four_gigabytes_of_a_counter_are_seen(tmp_path):
    path = wav(tmp_path / "a.wav", scene(1), told=64000)
    with path.open("r+b") as file:
        file.truncate((1 << 32) + 64044)  # the counter ran over once; nothing of it is on the disk
        file.seek(-2, 2)
        file.write(b"\x01\x02")
    found = read_sample_bytes(path)
    assert (found.told, found.there, found.is_longer) == (64000, (1 << 32) + 64000, True)


# Recordings that are shorter than the others


def test_the_only_short_one_of_many_that_are_equally_long_is_told():
    seconds = {f"{number}.ogg": 10 for number in range(20)} | {"cut.ogg": 4}
    assert shorter_than_neighbours(seconds) == [
        "cut.ogg has 4 s, where 20 of 21 recordings have 10 s: it may be cut off"
    ]


def test_where_durations_differ_anyway_nothing_is_told():
    assert shorter_than_neighbours({str(number): number % 7 for number in range(50)}) == []
    assert shorter_than_neighbours({"a": 10, "b": 4}) == []


# Names, and what is no recording


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a pointer of Git LFS"),
        (b"", "empty: 0 bytes"),
        (bytes(5000), "nothing but zeros"),
        (b"PK\x03\x04" + bytes(100), "a zip archive"),
    ],
)
def test_what_lies_in_place_of_a_recording_is_named(tmp_path, content, kind):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"^cannot read .*a\.wav \(.*\): it is {kind}"):
        load(path, sample_rate=RATE)


def test_names_that_are_no_utf8_are_read(tmp_path):
    path = tmp_path / b"P29_\xe9.wav".decode("utf-8", "surrogateescape")
    write(tmp_path / "a.wav", scene(1)).rename(path)
    assert len(load(path, sample_rate=RATE)) == RATE


# What we write


def test_beyond_the_sizes_of_wav_rf64_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "LARGEST_WAV_BYTES", 4 * 999)
    for n_samples, kind in ((999, b"RIFF"), (1000, b"RF64")):
        sound = noise(n_samples)
        with write_wav(tmp_path / "a.wav", RATE, n_samples=n_samples) as file:
            file.write(sound)
        assert (tmp_path / "a.wav").read_bytes()[:4] == kind
        np.testing.assert_array_equal(load(tmp_path / "a.wav", sample_rate=RATE, normalise=False), sound)
