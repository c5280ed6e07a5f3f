"""docs/robustness.md: each file of its tables is made here, and what is said of it is what stands there."""

import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from audio_fixtures import scene, write
from safetensors.torch import save_file

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict, read_tensors
from audiokit.sound.audio import Recording
from audiokit.storage.hdf5_reading import open_hdf5_file

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/robustness.md").read_text(encoding="utf-8")
RATE = 32000


def rows(title):
    """Cells of the table below a title, without its head."""
    section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def assert_said(said, expected, path):
    """`FILE` stands for the path, or for itself; `…` for any words, but for the last letter."""
    told = [sentence.replace(str(path), "FILE") for sentence in said]
    if not expected:
        assert told == []
        return
    ends_so = expected.endswith("mp3 …")
    pattern = ".+".join(map(re.escape, expected.removesuffix("…").split("…"))) + ("…" if ends_so else "")
    match = re.fullmatch(pattern + ("" if ends_so or not expected.endswith("…") else ".*"), "\n".join(told), re.DOTALL)
    assert match, f"{told} is not {expected}"


# Recordings


def whole(path, **format_):
    return write(path, scene(3), **({"subtype": "PCM_16"} if path.suffix == ".wav" else {}) | format_)


def changed(path, change, **format_):
    """A whole recording whose bytes `change(bytearray)` has changed."""
    content = bytearray(whole(path, **format_).read_bytes())
    path.write_bytes(change(content) or content)
    return path


def put(place, layout, number):
    return lambda content: struct.pack_into(layout, content, place, number)


def half(content):
    return content[: len(content) // 2]


def without_samples(content):
    return content[: len(content) - 2 * 3 * RATE // 2]


def unknown_length(content):
    content[21] &= 0xF0
    content[22:26] = bytes(4)


def first_frame_damaged(content):
    content[200:700] = bytes(500)


def partly_against(sound):
    """A channel that goes against another three quarters of its amplitude."""
    return -0.75 * sound + 0.66 * scene(len(sound) / RATE, seed=1)


def first_frame_gone(content):
    kilobits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[content[2] >> 4]
    return content[144 * 1000 * kilobits // RATE + (content[2] >> 1 & 1) :]


def with_one_value(path, value):
    sound = 0.1 * scene(1)
    sound[1000] = value
    return write(path, sound, subtype="FLOAT")


CHUNK = b"LIST" + struct.pack("<I", 16) + b"INFOINAM" + struct.pack("<I", 4) + b"name"
N_BYTES = 2 * 3 * RATE

RECORDINGS = {
    "two channels that cancel": lambda f: write(f / "a.wav", np.stack([scene(2), -scene(2)], 1), subtype="PCM_16"),
    "two channels that partly": lambda f: write(f / "a.wav", np.stack([scene(2), partly_against(scene(2))], 1)),
    "nothing but one value": lambda f: write(f / "a.wav", np.full(RATE, 0.5)),
    "nothing but the last bit": lambda f: write(f / "a.wav", 2**-15 * np.resize([1, -1], RATE), subtype="PCM_16"),
    "a very quiet one": lambda f: write(f / "a.wav", 1e-4 * scene(1) / 0.5),
    "WAV, size never written": lambda f: changed(f / "a.wav", put(40, "<I", 0)),
    "WAV, AIFF, AU, CAF or W64 that tells": lambda f: changed(f / "a.wav", put(40, "<I", N_BYTES // 2)),
    "WAV, AIFF, AU, CAF or W64 of which": lambda f: changed(f / "a.wav", without_samples),
    "MP3 of which half": lambda f: changed(f / "a.mp3", half),
    "MP3 files joined": lambda f: changed(f / "a.mp3", lambda content: content + content),
    "MP3 without a header": lambda f: changed(f / "a.mp3", first_frame_gone, bitrate_mode="VARIABLE"),
    "Ogg that breaks off": lambda f: changed(f / "a.ogg", half),
    "Ogg files joined": lambda f: changed(f / "a.ogg", lambda content: content + content),
    "FLAC of unknown length": lambda f: changed(f / "a.flac", unknown_length),
    "FLAC of which half": lambda f: changed(f / "a.flac", half),
    "FLAC that is damaged from": lambda f: changed(f / "a.flac", first_frame_damaged),
    "8, 24, 32 bits": lambda f: whole(f / "a.wav", subtype="MS_ADPCM"),
    "chunks of names": lambda f: changed(f / "a.wav", lambda content: content + CHUNK),
    "samples that are NaN": lambda f: with_one_value(f / "a.wav", np.nan),
    "samples beyond": lambda f: with_one_value(f / "a.wav", 1e30),
    "a header with 0 channels": lambda f: changed(f / "a.wav", put(22, "<H", 0)),
    "a header with 1 sample": lambda f: changed(f / "a.wav", put(24, "<I", 1)),
    "a header, and no sample": lambda f: write(f / "a.wav", np.zeros(0)),
}
"""Beginning of the first cell → what makes such a file in a folder."""


@pytest.mark.parametrize("row", rows("Recordings"), ids=lambda row: row[0])
def test_recordings(tmp_path, row):
    name, _, expected = row
    (make,) = [make for beginning, make in RECORDINGS.items() if name.startswith(beginning)]
    path = make(tmp_path)
    try:
        recording = Recording(path, sample_rate=RATE)
    except UserError as error:
        assert_said([str(error)], expected, path)
    else:
        assert_said([f"{path}: {note}" for note in recording.notes], expected, path)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM"])
def test_kinds_of_samples_are_nothing_to_tell(tmp_path, subtype):
    recording = Recording(whole(tmp_path / "a.wav", subtype=subtype), sample_rate=RATE)
    assert recording.notes == ()
    assert recording.seconds == pytest.approx(3, abs=0.1)


# What lies in place of a recording

CONTENTS = {
    "empty": b"",
    "a web page": b"\n<!DOCTYPE html><html>404</html>",
    "words of a server": b"Entry not found",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "a pointer of git-annex": b"/annex/objects/MD5E-s9--0.wav\n",
    "a pointer of DVC": b"outs:\n- md5: 0\n  path: a.wav\n",
    "notes of macOS (`._a.wav`)": bytes.fromhex("00051607000200004d6163204f532058") + bytes(100),
    "m4a": b"\0\0\0\x20ftypM4A " + bytes(100),
    "WebM": b"\x1a\x45\xdf\xa3" + bytes(100),
    "WavPack, Monkey's Audio, DSD, RealAudio": b"wvpk" + bytes(100),
    "zeros": bytes(5000),
}


@pytest.mark.parametrize("row", rows("What lies in place of a recording"), ids=lambda row: row[0])
def test_what_is_no_recording(tmp_path, row):
    name, expected = row
    path = tmp_path / "a.wav"
    match name:
        case "a folder":
            path.mkdir()
        case "a pipe, a socket or a device":
            os.mkfifo(path)
        case "a link to nowhere":
            path.symlink_to("nowhere")
        case _:
            path.write_bytes(CONTENTS[name])
    with pytest.raises(UserError) as caught:
        Recording(path, sample_rate=RATE)
    assert_said([str(caught.value)], expected, path)


# Weights


def saved(path, content):
    torch.save(content, path)
    return path


def written(path, content):
    path.write_bytes(content)
    return path


def linear():
    return torch.nn.Linear(2, 1).state_dict()


def cut(path):
    return written(path, half(saved(path, linear()).read_bytes()))


WEIGHTS = {
    "weights behind": lambda p: saved(p, {"state_dict": {f"module.{name}": t for name, t in linear().items()}}),
    "safetensors": lambda p: save_file(linear(), p) or p,
    "a web page": lambda p: written(p, CONTENTS["a web page"]),
    "a pointer of Git LFS": lambda p: written(p, CONTENTS["a pointer of Git LFS"]),
    "a whole network": lambda p: saved(p, torch.nn.Linear(2, 1)),
    "numpy's numbers": lambda p: saved(p, linear() | {"accuracy": np.float64(0.5)}),
    "half a file": cut,
    "of another network": lambda p: saved(p, {"other": torch.zeros(1)}),
    "numbers that are not finite": lambda p: saved(p, linear() | {"weight": torch.full((1, 2), torch.nan)}),
}


@pytest.mark.parametrize("row", rows("Weights"), ids=lambda row: row[0])
def test_weights(tmp_path, row):
    name, expected = row
    (make,) = [make for beginning, make in WEIGHTS.items() if name.startswith(beginning)]
    path = make(tmp_path / "a.pt")
    said = []
    try:
        load_state_dict(torch.nn.Linear(2, 1), read_tensors(path), path)
    except UserError as error:
        said.append(str(error))
    assert_said(said, expected, path)


# HDF5: the first row is that of test_hdf5_reading.py


@pytest.mark.parametrize("row", rows("HDF5")[1:], ids=lambda row: row[0])
def test_hdf5(tmp_path, row):
    name, expected = row
    path = tmp_path / "a.h5"
    path.write_bytes(CONTENTS["a web page"] if name == "a web page" else b"\x89HDF\r\n\x1a\n" + bytes(50))
    with pytest.raises(UserError) as caught:
        open_hdf5_file(path, remedy="copy it again")
    assert_said([str(caught.value)], expected, path)


# Tests that are named


@pytest.mark.parametrize("row", [*rows("Downloads"), *rows("Runs that are disturbed")], ids=lambda row: row[0])
def test_the_tests_that_are_named_are_there(row):
    for named in row[2].split(", "):
        file, _, name = named.strip("`").partition("::")
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_file_that_is_made_here_is_in_a_table():
    assert len(rows("Recordings")) == len(RECORDINGS)
    assert len(rows("Weights")) == len(WEIGHTS)
    assert soundfile.__libsndfile_version__ >= "1.2"
