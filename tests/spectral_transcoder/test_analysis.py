"""Recordings are analysed in blocks, with the same result as all at once."""

import numpy as np
import pytest
import torch
from audio_fixtures import RECORDINGS, noise, scene, tone, write
from recipe import fill
from torch import nn
from torch.testing import assert_close

from audiokit.errors import UserError
from audiokit.sound.audio import load
from audiokit.sound.mel import concatenate
from spectral_transcoder.analysis import GROUND_TRUTH, Source, analyse, analyse_as_published
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import third_octave
from spectral_transcoder.transcoders.cnn import CNNPinv
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from spectral_transcoder.transcoding import transcode, transcode_aligned
from teachers.registry import Teacher, front_end_of
from yamnet.network import YAMNet
from yamnet.teacher import YamnetTeacher

CPU = torch.device("cpu")
each_teacher = pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as", "mn10_as_hop_15"])


class Listener(Teacher):
    """A teacher that is quick, and whose scores depend on all of the Mel spectrogram."""

    name = "Listener"
    labels = ("mean", "first band", "last frame")

    def __init__(self, front_end):
        super().__init__()
        self.front_end = front_end
        self.network = nn.Identity()

    def scores(self, mel):
        return torch.stack([mel.mean(dim=(1, 2)), mel[..., 0].mean(dim=1), mel[:, -1].mean(dim=1)], dim=1)


def blocks_of(source, transcoders=None, teacher=None):
    return list(analyse(source, transcoders or {}, teacher=teacher, device=CPU))


def joined(blocks, name):
    return torch.cat([block.mels[name] for block in blocks])


def cnn(front_end):
    return fill(CNNPinv(front_end, n_layers=3, n_channels=4)).requires_grad_(False)


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory):
    """25.4 s: two blocks and a half, and what is left over."""
    return write(tmp_path_factory.mktemp("long") / "long.wav", scene(25.4, 44100), 44100)


@pytest.fixture(scope="module", params=["PANN", "YamNet", "mn04_as", "mn10_as_hop_15"])
def long_analysis(request, long_recording):
    front_end = front_end_of(request.param)
    source = Source(long_recording, front_end)
    transcoders = {"pinv": Pinv(front_end), "cnn": cnn(front_end)}
    return source, transcoders, blocks_of(source, transcoders)


# Blocks


def test_the_teachers_mel_spectrogram_is_that_of_the_whole_recording(long_analysis, long_recording):
    source, _, blocks = long_analysis
    rate = source.front_end.sample_rate
    expected = source.front_end(torch.from_numpy(load(long_recording, sample_rate=rate)))
    assert len(blocks) == 3
    assert len(expected) == source.n_frames
    assert_close(joined(blocks, GROUND_TRUTH), expected, rtol=0, atol=1e-5)


def test_third_octaves_are_those_of_the_whole_recording(long_analysis, long_recording):
    blocks = long_analysis[2]
    levels = torch.cat([block.third_octave for block in blocks])
    whole = third_octave(torch.from_numpy(load(long_recording, sample_rate=32000)))
    # The last frame of a block ends 3 ms in the next one: the block has zeros there.
    assert levels.shape == whole.shape == (204, 29)
    ends = np.cumsum([len(block.third_octave) for block in blocks])[:-1] - 1
    inside = torch.ones(len(levels), dtype=torch.bool)
    inside[ends] = False
    assert_close(levels[inside], whole[inside], rtol=0, atol=1e-3)
    assert (levels - whole).abs().max() < 1


@pytest.mark.parametrize("name", ["pinv", "cnn"])
def test_transcoded_blocks_are_those_of_the_whole_recording(long_analysis, name):
    source, transcoders, blocks = long_analysis
    front_end = source.front_end
    transcoder = transcoders[name]
    if name == "pinv":
        transcoder = Pinv(front_end, n_frames=round(front_end.frame_rate))
    sound = torch.from_numpy(source.sensor.read())
    expected = transcode_aligned(transcoder, sound, front_end, n_frames=source.n_frames)
    here = joined(blocks, name)
    assert here.shape == expected.shape
    compared = torch.ones(len(here), dtype=torch.bool)
    if front_end.name == "YamNet" and name == "cnn":
        # The four frames that chunks leave out: at the end of a block, the next chunk is not known yet.
        for end in np.cumsum([len(block.mels[name]) for block in blocks])[:-1]:
            compared[end - 4 : end] = False
    assert_close(here[compared], expected[compared], rtol=0, atol=2e-3)


def test_all_spectrograms_of_a_block_have_the_same_frames(long_analysis):
    source, _, blocks = long_analysis
    assert {name for block in blocks for name in block.mels} == {GROUND_TRUTH, "pinv", "cnn"}
    for block in blocks:
        assert len({mel.shape for mel in block.mels.values()}) == 1
    assert sum(block.seconds for block in blocks) == pytest.approx(source.sensor.seconds)
    assert [block.seconds for block in blocks[:-1]] == [9 if source.front_end.hop_length == 480 else 10] * 2


@each_teacher
@pytest.mark.parametrize("n_samples", [32000, 32001, 63999, 319999, 320000, 320001, 351999, 352000])
def test_frames_are_those_of_the_teacher_whatever_the_length(tmp_path, name, n_samples):
    path = write(tmp_path / "a.wav", noise(n_samples))
    source = Source(path, front_end_of(name))
    whole = source.front_end(torch.from_numpy(load(path, sample_rate=source.front_end.sample_rate)))
    blocks = blocks_of(source)
    assert source.n_frames == len(whole)
    assert_close(joined(blocks, GROUND_TRUTH), whole, rtol=0, atol=1e-5)
    assert all(block.seconds >= 1 for block in blocks)


@each_teacher
@pytest.mark.parametrize(("start", "stop"), [(0.4, 0.7), (9.8, 10.2), (11.1, 11.3)])
def test_what_is_transcoded_falls_where_the_teacher_hears_it(tmp_path, name, start, stop):
    path = write(tmp_path / "a.wav", tone(11.43, start=start, stop=stop))
    source = Source(path, front_end_of(name))
    blocks = blocks_of(source, {"pinv": Pinv(source.front_end)})
    centres = []
    for mel in (GROUND_TRUTH, "pinv"):
        loudness = source.front_end.expand(joined(blocks, mel)).double().sum(dim=1).numpy()
        loudness **= 2 / (source.front_end.exponent if mel == GROUND_TRUTH else 2)
        centres.append(np.average(np.arange(source.n_frames), weights=loudness) / source.front_end.frame_rate)
    assert centres[0] == pytest.approx((start + stop) / 2, abs=0.005)
    assert centres[1] == pytest.approx(centres[0], abs=0.015)


# Scores


def test_scores_of_a_block_are_those_of_what_is_in_it(long_recording):
    front_end = front_end_of("PANN")
    teacher, transcoder = Listener(front_end), cnn(front_end)
    source = Source(long_recording, front_end)
    for index, block in enumerate(blocks_of(source, {"cnn": transcoder}, teacher)):
        sound = torch.from_numpy(source.sensor.read(index * 320000, min((index + 1) * 320000, source.n_samples)))
        if index == 2:
            sound = torch.from_numpy(source.sensor.read(640000))
        chunks = transcode(transcoder, sound)
        assert_close(block.scores[GROUND_TRUTH], teacher.scores(block.mels[GROUND_TRUTH][None])[0], rtol=0, atol=1e-6)
        assert_close(block.scores["cnn"], teacher.chunk_scores(chunks), rtol=0, atol=1e-3)


def test_yamnet_scores_chunks_one_by_one(long_recording):
    teacher = YamnetTeacher()
    teacher.network = fill(YAMNet(), linear_factor=0.1)
    source = Source(long_recording, teacher.front_end)
    transcoder = cnn(teacher.front_end)
    block = blocks_of(source, {"cnn": transcoder}, teacher.eval())[0]
    with torch.no_grad():
        chunks = transcode(transcoder, torch.from_numpy(source.sensor.read(0, 320000)))
        expected = torch.stack([teacher.network(chunk[None]).sigmoid()[0] for chunk in chunks]).mean(dim=0)
    assert len(chunks) == 10
    assert_close(block.scores["cnn"], expected, rtol=0, atol=1e-3)


def test_without_a_teacher_there_are_no_scores(long_analysis):
    assert [block.scores for block in long_analysis[2]] == [{}, {}, {}]


# Short recordings


@each_teacher
@pytest.mark.parametrize("n_samples", [4000, 9600, 31999])
def test_short_recordings_are_continued_by_silence(tmp_path, name, n_samples):
    sound = noise(n_samples)
    front_end = front_end_of(name)
    short, padded = (
        Source(write(tmp_path / f"{index}.wav", samples), front_end)
        for index, samples in enumerate((sound, np.append(sound, np.zeros(32000 - n_samples, np.float32))))
    )
    transcoders = {"pinv": Pinv(front_end), "cnn": cnn(front_end)}
    (block,), (expected,) = (blocks_of(source, transcoders, Listener(front_end)) for source in (short, padded))
    assert short.n_samples == 32000
    compared = torch.ones(len(block.mels[GROUND_TRUTH]), dtype=torch.bool)
    if front_end.sample_rate == 16000:
        # The resampler rings into the silence, and not beyond the end.
        end = round(n_samples / 32000 * front_end.frame_rate)
        compared[end - 3 : end + 4] = False
    assert_close(block.mels[GROUND_TRUTH][compared], expected.mels[GROUND_TRUTH][compared], rtol=0, atol=5e-3)
    for name_ in transcoders:
        assert_close(block.mels[name_], expected.mels[name_], rtol=0, atol=1e-5)
        assert_close(block.scores[name_], expected.scores[name_], rtol=0, atol=1e-5)
    assert block.seconds == 1


def test_less_than_a_third_octave_frame_is_refused(tmp_path):
    path = write(tmp_path / "click.wav", noise(3200))
    with pytest.raises(UserError, match=r"click\.wav is too short \(0\.1 s\): a third-octave frame takes 0\.125 s"):
        Source(path, front_end_of("PANN"))


# Both rates


def test_the_sensor_and_the_teacher_share_a_recording_at_one_rate(long_recording):
    source = Source(long_recording, front_end_of("PANN"))
    assert source.teacher is source.sensor
    assert source.sensor.sample_rate == 32000


def test_yamnet_hears_16_khz_and_the_sensor_32(long_recording):
    source = Source(long_recording, front_end_of("YamNet"))
    assert (source.sensor.sample_rate, source.teacher.sample_rate) == (32000, 16000)
    assert (source.sensor.n_samples, source.teacher.n_samples) == (812800, 406400)
    for recording in (source.sensor, source.teacher):
        expected = load(long_recording, sample_rate=recording.sample_rate)
        np.testing.assert_array_equal(recording.read(), expected)
        assert np.abs(expected).max() == 1


# As published


@pytest.fixture(scope="module")
def published(shared):
    """How birds.wav is analysed as the paper did, by a teacher that listens otherwise."""
    front_end = front_end_of("PANN")
    stored = find_transcoders("PANN", [shared / "weights" / "paper_transcoders"])
    transcoders = {"pinv": Pinv(front_end)} | {name: load_transcoder(one) for name, one in stored.items()}
    source = Source(shared / RECORDINGS["birds"], front_end)
    return analyse_as_published(source, transcoders, teacher=Listener(front_end), device=CPU)


# Measured for the ground truth: 4e-4 where the level is -60 dB.
@pytest.mark.parametrize(
    ("name", "atol"), [("cnn_logits", 1e-2), ("cnn_mels", 1e-2), ("pinv", 1e-2), (GROUND_TRUTH, 1e-3)]
)
def test_whole_recordings_give_the_published_spectrograms(golden, published, name, atol):
    expected = golden("golden_birds_entire_file")[name.removesuffix("_mel")]
    assert_close(published.mels[name].T, expected, rtol=0, atol=atol)


def test_published_scores_are_of_the_whole_recording(published):
    teacher = Listener(front_end_of("PANN"))
    assert published.seconds == 10
    assert published.third_octave.shape == (80, 29)
    for name in (GROUND_TRUTH, "cnn_logits", "cnn_mels"):
        assert_close(published.scores[name], teacher.scores(published.mels[name][None])[0], rtol=0, atol=1e-6)
    # PINV's picture keeps each chunk's last frame, its scores do not.
    chunks = published.mels["pinv"].unflatten(0, (10, 101))
    expected = teacher.scores(concatenate(chunks, teacher.front_end)[None])[0]
    assert_close(published.scores["pinv"], expected, rtol=0, atol=1e-6)
