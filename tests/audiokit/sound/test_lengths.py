"""Headers that tell another length than the file has, format by format: all of the sound is read, and nothing else."""

import struct

import numpy as np
import pytest
from audio_fixtures import noise, scene, write

from audiokit.errors import UserError
from audiokit.sound.audio import Recording
from audiokit.sound.headers import read_header
from audiokit.sound.lengths.mended_file import MendedFile, Mending

RATE = 32000
SECONDS = 3
N_SAMPLES = RATE * SECONDS
N_BYTES = 2 * N_SAMPLES
NEVER_FINISHED = ["its header was never finished: all 3 s that are there are read"]
HALF_TOLD = ["its header tells 1.5 s: all 3 s that are there are read"]


def heard(path):
    """Samples as they are, and the notes; the header must say the same."""
    recording = Recording(path, sample_rate=RATE)
    assert read_header(path).n_samples == recording.n_samples
    return recording.read(normalise=False), list(recording.notes)


def saved(path, kind, **format_):
    """A whole file of three seconds, and its bytes."""
    path = write(path / f"a.{kind}", scene(SECONDS), **{"format": kind.upper(), "subtype": "PCM_16"} | format_)
    return path, bytearray(path.read_bytes())


def put(content, place, layout, number):
    struct.pack_into(layout, content, place, number)


def sizes_of(kind, content):
    """Where a format keeps the size of its samples, how, and what stands in it for no samples."""
    return {
        "aiff": lambda: (content.index(b"SSND") + 4, ">I", 8),
        "au": lambda: (8, ">I", 0),
        "caf": lambda: (content.index(b"data") + 4, ">q", 4),
        "w64": lambda: (content.index(b"data\xf3") + 16, "<Q", 24),
    }[kind]()


FORMATS = ["aiff", "au", "caf", "w64"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("told", "notes"), [(0, NEVER_FINISHED), (N_BYTES // 2, HALF_TOLD)])
def test_sizes_that_were_never_finished_hide_nothing(tmp_path, kind, told, notes):
    path, content = saved(tmp_path, kind)
    whole, _ = heard(path)
    place, layout, nothing = sizes_of(kind, content)
    put(content, place, layout, nothing + told)
    path.write_bytes(content)
    samples, said = heard(path)
    np.testing.assert_array_equal(samples, whole)
    assert said == notes


@pytest.mark.parametrize(("kind", "unknown"), [("au", 0xFFFFFFFF), ("caf", -1), ("w64", (1 << 64) - 1)])
def test_sizes_that_stand_for_an_unknown_one_are_nothing_to_tell(tmp_path, kind, unknown):
    path, content = saved(tmp_path, kind)
    put(content, *sizes_of(kind, content)[:2], unknown)
    path.write_bytes(content)
    samples, notes = heard(path)
    assert (len(samples), notes) == (N_SAMPLES, [])


@pytest.mark.parametrize("kind", FORMATS)
def test_of_a_copy_that_broke_off_it_is_told_how_much_is_there(tmp_path, kind):
    path, content = saved(tmp_path, kind)
    path.write_bytes(content[: len(content) - N_BYTES // 2])
    samples, notes = heard(path)
    assert len(samples) == N_SAMPLES // 2
    assert notes == ["there are only 1.5 of the 3 s that its header tells: the rest is missing or damaged"]


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("aiff", struct.pack(">4sI", b"ID3 ", 99998)),
        ("caf", struct.pack(">4sq", b"info", 99998)),
        ("w64", b"levl" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", 24 + 99998)),
    ],
)
def test_chunks_behind_the_samples_are_no_sound(tmp_path, kind, header):
    path, content = saved(tmp_path, kind)
    whole, _ = heard(path)
    content += header + noise(49999, level=3000).astype("<i2").tobytes()
    outer = {"aiff": (4, ">I", len(content) - 8), "w64": (16, "<Q", len(content))}.get(kind)
    if outer:
        put(content, *outer)
    path.write_bytes(content)
    samples, notes = heard(path)
    np.testing.assert_array_equal(samples, whole)
    assert notes == []


def test_bw64_is_read_as_the_rf64_that_it_is(tmp_path):
    path, content = saved(tmp_path, "rf64")
    whole, _ = heard(path)
    path.write_bytes(b"BW64" + content[4:])
    np.testing.assert_array_equal(heard(path)[0], whole)


# MP3: no header at all


@pytest.fixture(params=["VARIABLE", "AVERAGE", "CONSTANT"])
def mp3(request, tmp_path):
    """Loud and faint stretches, in frames of many sizes or of one."""
    sound = np.concatenate([scene(2), np.zeros(RATE), 0.01 * scene(2, seed=1), scene(2, seed=2)])
    return write(tmp_path / "a.mp3", sound, bitrate_mode=request.param, compression_level=0.5)


def without_tag(content):
    """The frames behind the first, which tells how many there are; at 32 kHz and with one channel."""
    kilobits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[content[2] >> 4]
    return content[144 * 1000 * kilobits // RATE + (content[2] >> 1 & 1) :]


def test_an_mp3_that_does_not_tell_its_length_is_read_to_its_end(mp3):
    whole, _ = heard(mp3)
    mp3.write_bytes(without_tag(mp3.read_bytes()))
    samples, notes = heard(mp3)
    assert notes == []
    late = len(samples) - len(whole)  # decoders cut off what encoders add, where the tag says how much
    assert 0 <= late < 2 * 1152
    errors = [np.abs(samples[start : start + len(whole)] - whole).max() for start in range(late + 1)]
    assert min(errors) < 1e-4


def test_an_mp3_of_a_single_frame_is_refused_for_what_it_is(tmp_path):
    path = write(tmp_path / "a.mp3", scene(1))
    path.write_bytes(path.read_bytes()[:552])
    with pytest.raises(UserError, match=r"cannot read .*a\.mp3 \(its length cannot be told\): it is damaged, cut off"):
        Recording(path, sample_rate=RATE)


def test_of_mp3s_that_were_joined_all_are_read_and_it_is_said_that_the_header_knows_of_one(mp3):
    whole, _ = heard(mp3)
    content = mp3.read_bytes()
    tag = b"ID3\x03\0\0\0\0\x0f\x76" + bytes(0x7F6)
    mp3.write_bytes(tag + content + tag + content + b"TAG" + bytes(125))
    samples, notes = heard(mp3)
    assert 0 <= len(samples) - 2 * len(whole) < 5 * 1152
    second = samples[len(samples) // 2 :]
    assert abs(np.square(second).sum() / np.square(whole).sum() - 1) < 0.01
    assert notes == [f"its header tells 6.99 s: all {len(samples) / RATE:.4g} s that are there are read"]


# Ogg: pages


def test_an_ogg_file_that_breaks_off_is_told(tmp_path):
    path, content = saved(tmp_path, "ogg", subtype="VORBIS")
    assert heard(path)[1] == []
    path.write_bytes(content[: len(content) // 2])
    samples, notes = heard(path)
    assert 0 < len(samples) < N_SAMPLES
    assert notes == [f"it breaks off after {len(samples) / RATE:.4g} s: the rest is missing"]


def test_of_ogg_files_that_were_joined_it_is_told_that_the_first_is_read(tmp_path):
    path, content = saved(tmp_path, "ogg", subtype="VORBIS")
    path.write_bytes(content + content)
    samples, notes = heard(path)
    assert len(samples) == N_SAMPLES
    assert notes == ["several recordings are joined in it: only the first, 3 s, is read"]


# Many channels, and what has no steps


def test_a_file_of_many_channels_takes_no_more_memory_than_others(tmp_path, monkeypatch):
    from audiokit.sound import decoding

    monkeypatch.setattr(decoding, "BLOCK_SAMPLES", 1000)
    sound = noise(500)
    path = write(tmp_path / "a.wav", np.tile(sound[:, None], 300))
    np.testing.assert_allclose(heard(path)[0], sound, atol=1e-6)


@pytest.mark.parametrize("level", [1e-8, 1e-30, 1e-42])
def test_what_is_left_where_floats_cancel_is_silence(tmp_path, level):
    path = write(tmp_path / "a.wav", noise(RATE, level=level), subtype="FLOAT")
    recording = Recording(path, sample_rate=RATE)
    assert not recording.read().any()
    assert recording.notes == ("it is silent: there is only the noise of its own rounding",)


# A file in place of another


def test_a_mended_file_reads_as_if_it_had_been_written_so(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    mending = Mending(patches={12: b"xyz", 98: b"!!!!"}, front=b"front", start=10, stop=99)
    expected = b"front" + bytes([10, 11]) + b"xyz" + bytes(range(15, 98)) + b"!"
    with MendedFile(path, mending) as file:
        assert file.read() == expected
        assert file.seek(0, 2) == len(expected)
        for start in (0, 3, 5, 6, 9, 90, 200):
            for count in (1, 2, 7, 300):
                assert file.seek(start) == start
                assert file.read(count) == expected[start : start + count]
                assert file.tell() == start + len(expected[start : start + count])
