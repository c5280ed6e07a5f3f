"""Recordings of any length through transcoders of one second, by the published rule and on the teacher's frames."""

import numpy as np
import pytest
import torch
from audio_fixtures import RECORDINGS, scene, tone
from recipe import fill
from torch.testing import assert_close

from audiokit.sound.audio import load
from audiokit.sound.mel import concatenate
from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import third_octave
from spectral_transcoder.transcoders.cnn import CNNPinv
from spectral_transcoder.transcoders.store import (
    TranscoderSettings,
    build_transcoder,
    find_transcoders,
    load_transcoder,
)
from spectral_transcoder.transcoding import (
    align_chunks,
    transcode,
    transcode_aligned,
    transcode_levels,
)
from teachers.registry import front_end_of
from yamnet.mel import FRONT_END as YAMNET

each_teacher = pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as", "mn10_as_hop_15"])


def waveform(seconds, *, seed=0):
    return torch.from_numpy(scene(seconds, seed=seed))


@pytest.fixture(scope="module")
def cnn():
    """A CNN with weights by the recipe, which depends on each of its inputs."""
    return fill(CNNPinv(PANN, n_layers=3, n_channels=8)).requires_grad_(False)


@pytest.fixture(scope="module")
def cut_up(cnn):
    """2.5 s, and what the CNN makes of its two whole seconds, one by one."""
    sound = waveform(2.5)
    return sound, torch.cat([cnn(third_octave(sound[None, second * 32000 :][:, :32000])) for second in (0, 1)])


# The published rule


# Measured: 1e-4 for PINV, 5e-3 for the networks, which amplify its rounding.
@pytest.mark.parametrize("name", ["pinv", "cnn_mels", "cnn_logits"])
@pytest.mark.parametrize("recording", RECORDINGS)
def test_whole_recordings_become_what_the_paper_made_of_them(shared, golden, recording, name):
    sound = torch.from_numpy(load(shared / RECORDINGS[recording], sample_rate=32000))
    stored = find_transcoders("PANN", [shared / "weights" / "paper_transcoders"])
    transcoder = Pinv(PANN) if name == "pinv" else load_transcoder(stored[name])
    with torch.no_grad():
        chunks = transcode(transcoder, sound)
    mel = chunks.flatten(0, 1) if name == "pinv" else concatenate(chunks, PANN)
    assert_close(mel.T, golden(f"golden_{recording}_entire_file")[name], rtol=0, atol=1e-2)


@pytest.mark.parametrize("rest", [0, 1, 50, 96])
def test_what_makes_no_third_octave_frame_is_dropped(cnn, cut_up, rest):
    sound, chunks = cut_up
    assert_close(transcode(cnn, sound[: 64000 + rest]), chunks, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("rest", "n_frames"), [(97, 1), (4096, 1), (4097, 2), (16000, 4)])
@pytest.mark.parametrize("n_whole", [0, 2])
def test_what_is_left_over_is_stretched_to_a_second(cnn, cut_up, rest, n_frames, n_whole):
    sound, chunks = cut_up
    last = sound[n_whole * 32000 :][:rest]
    # Zeros fill its own third-octave frames, not the second.
    levels = third_octave(torch.nn.functional.pad(last, (0, 4096 + 4000 * (n_frames - 1) - rest))[None])
    assert levels.shape[1] == n_frames
    transcoded = transcode(cnn, sound[: n_whole * 32000 + rest])
    assert len(transcoded) == n_whole + 1
    assert_close(transcoded[:-1], chunks[:n_whole], rtol=0, atol=1e-3)
    assert_close(transcoded[-1:], cnn(levels), rtol=0, atol=1e-3)


def test_one_frame_that_is_left_over_lasts_for_all_of_its_second():
    last = transcode(Pinv(PANN), waveform(1.1)[:33000])[-1]
    assert last.shape == (101, 64)
    assert_close(last, last[:1].expand(101, 64), rtol=0, atol=0)


@pytest.mark.parametrize("model_type", ["mlp", "mlp_pinv"])
@pytest.mark.parametrize("rest", [0, 16000])
def test_every_kind_of_transcoder_takes_what_is_left_over(model_type, rest):
    transcoder = build_transcoder(TranscoderSettings(model_type, "PANN", mlp_hl_1=4, mlp_hl_2=4))
    with torch.no_grad():
        assert transcode(transcoder, waveform(1.5)[: 32000 + rest]).shape == (1 + bool(rest), 101, 64)


@pytest.mark.parametrize("rest", [0, 97, 16000])
def test_several_waveforms_become_what_each_becomes(cnn, rest):
    sound = torch.stack([waveform(2.5), 0.1 * waveform(2.5).flip(0)])[:, : 64000 + rest]
    with torch.no_grad():
        singles = torch.stack([transcode(cnn, one) for one in sound])
        assert_close(transcode(cnn, sound), singles, rtol=0, atol=1e-3)


@pytest.mark.parametrize("n_samples", [0, 96])
def test_too_little_for_a_frame_makes_no_chunk(cnn, n_samples):
    assert transcode(cnn, torch.zeros(n_samples)).shape == (0, 101, 64)


def test_the_size_of_batches_does_not_matter(cnn):
    sound = waveform(5.3)
    at_once = transcode(cnn, sound)
    assert len(at_once) == 6
    for batch_size in (1, 2, 5):
        # PINV's powers are rounded otherwise in other batches.
        assert_close(transcode(cnn, sound, batch_size=batch_size), at_once, rtol=0, atol=1e-3)


def test_batches_never_hold_more_than_asked():
    sizes = []

    class Spy(torch.nn.Module):
        def forward(self, third_octave):
            sizes.append(len(third_octave))
            return third_octave * 2

    levels = torch.rand(7, 8, 29)
    assert_close(transcode_levels(Spy(), levels, batch_size=3), levels * 2, rtol=0, atol=0)
    assert sizes == [3, 3, 1]


# Chunks in a row


@pytest.mark.parametrize(
    ("name", "kept"), [("PANN", 100), ("YamNet", 96), ("mn04_as", 100), ("mn10_as_hop_15", 67), ("mn10_as_hop_5", 200)]
)
@pytest.mark.parametrize("n_chunks", [1, 2, 4])
def test_the_first_frame_of_a_chunk_takes_the_place_of_the_last_of_the_one_before(name, kept, n_chunks):
    front_end = front_end_of(name)
    n_frames = front_end.chunk_frames
    chunks = torch.arange(n_chunks * n_frames * 2.0).reshape(n_chunks, n_frames, 2)
    expected = [[chunk, frame] for chunk in range(n_chunks - 1) for frame in range(kept)]
    expected += [[n_chunks - 1, frame] for frame in range(n_frames)]
    joined = concatenate(chunks, front_end)
    assert [[int(row[0]) // 2 // n_frames, int(row[0]) // 2 % n_frames] for row in joined] == expected
    assert_close(joined[:, 1], joined[:, 0] + 1, rtol=0, atol=0)


def test_whole_seconds_have_the_teachers_number_of_frames_for_pann():
    assert len(concatenate(torch.zeros(10, 101, 64), PANN)) == PANN.n_frames(320000) == 1001


# On the teacher's frames


def test_whole_seconds_are_joined_by_the_published_rule(cnn):
    sound = waveform(3)
    expected = concatenate(transcode(cnn, sound), PANN)
    assert_close(transcode_aligned(cnn, sound, PANN, n_frames=301), expected, rtol=0, atol=1e-3)


@each_teacher
@pytest.mark.parametrize("n_samples", [32000, 32001, 32319, 32320, 47999, 64000, 95999, 100001])
def test_there_are_as_many_frames_as_the_teacher_makes(name, n_samples):
    front_end = front_end_of(name)
    n_frames = front_end.n_frames(n_samples * front_end.sample_rate // 32000)
    mel = transcode_aligned(Pinv(front_end), waveform(3.2)[:n_samples], front_end, n_frames=n_frames)
    assert mel.shape == (n_frames, front_end.n_mels)
    assert mel.isfinite().all()


@pytest.mark.parametrize("name", ["PANN", "mn04_as", "mn10_as_hop_15"])
def test_what_is_left_over_is_the_end_of_a_last_whole_second(name):
    front_end = front_end_of(name)
    sound = waveform(2.5)[:77777]
    transcoder = Pinv(front_end)
    n_frames = front_end.n_frames(77777)
    mel = transcode_aligned(transcoder, sound, front_end, n_frames=n_frames)
    seconds = transcode(transcoder, sound[:64000])
    first = (77777 - 32000) // front_end.hop_length
    last = transcode(transcoder, sound[first * front_end.hop_length :][:32000])[0]
    border = round(64000 / front_end.hop_length)
    assert_close(mel[:border], concatenate(seconds, front_end)[:border], rtol=0, atol=1e-3)
    assert_close(mel[border : first + len(last)], last[border - first :], rtol=0, atol=1e-3)
    # At most one frame is centred on what follows the last whole second.
    assert 0 <= n_frames - first - len(last) <= 1
    assert_close(mel[-1], last[n_frames - first - 1] if first + len(last) == n_frames else last[-1], rtol=0, atol=1e-3)


def test_chunks_that_are_at_hand_are_not_made_again(cnn):
    sound = waveform(2.5)
    chunks = torch.rand(2, 101, 64)
    mel = transcode_aligned(cnn, sound, PANN, n_frames=251, whole_chunks=chunks)
    assert_close(mel[:200], concatenate(chunks, PANN)[:200], rtol=0, atol=0)
    assert_close(mel[200:], transcode(cnn, sound[48000:])[0, 50:], rtol=0, atol=1e-3)


# Third octaves are 125 ms apart, Mel frames 10 or 15 ms.
@each_teacher
@pytest.mark.parametrize(("start", "stop"), [(0.3, 0.65), (1.4, 2.2), (3.1, 3.3), (3.25, 3.45)])
def test_a_tone_appears_when_it_sounds(name, start, stop):
    front_end = front_end_of(name)
    sound = torch.from_numpy(tone(3.47, start=start, stop=stop))
    n_frames = front_end.n_frames(round(3.47 * front_end.sample_rate))
    # As many frames as there are hops: YamNet's usual 96 are 4 % longer than a second.
    transcoder = Pinv(front_end, n_frames=round(front_end.frame_rate))
    power = front_end.expand(transcode_aligned(transcoder, sound, front_end, n_frames=n_frames)).double()
    loudness = power.sum(dim=1).numpy()
    times = np.arange(n_frames) / front_end.frame_rate
    assert np.average(times, weights=loudness) == pytest.approx((start + stop) / 2, abs=0.02)
    loud = times[loudness > loudness.max() / 2]
    assert loud[0] == pytest.approx(start, abs=0.09)
    assert loud[-1] == pytest.approx(stop, abs=0.09)


def test_the_frames_that_yamnets_chunks_leave_out_are_linear():
    chunks = torch.rand(3, 96, 64)
    mel = transcode_aligned(Pinv(YAMNET), torch.zeros(96000), YAMNET, n_frames=301, whole_chunks=chunks)
    for index, first in enumerate((0, 100, 200)):
        assert_close(mel[first : first + 96], chunks[index], rtol=0, atol=0)
    for index, first in enumerate((96, 196)):
        before, after = chunks[index, -1], chunks[index + 1, 0]
        for step in range(4):
            weight = (step + 1) / 5
            assert_close(mel[first + step], (1 - weight) * before + weight * after, rtol=0, atol=1e-6)
    assert_close(mel[296:], chunks[2, -1:].expand(5, 64), rtol=0, atol=0)


@each_teacher
def test_chunks_without_a_waveform_are_aligned_as_those_with_one(name):
    front_end = front_end_of(name)
    sound = waveform(3)
    chunks = transcode(Pinv(front_end), sound)
    n_frames = round(3 * front_end.frame_rate)
    assert_close(
        align_chunks(chunks, front_end), transcode_aligned(Pinv(front_end), sound, front_end, n_frames=n_frames)
    )
