"""Sounds are written block by block as if they were made at once."""

import numpy as np
import pytest
import soundfile
import torch
from audio_fixtures import noise, scene

from spectral_transcoder.analysis import Source, analyse
from spectral_transcoder.inversion import mel_to_audio, paper_mel_to_audio
from spectral_transcoder.listening.sounds import OVERLAP_FRAMES, SoundWriter, write_paper_sounds
from teachers.registry import front_end_of

BLOCK_FRAMES = 1000


def read(path):
    return torch.from_numpy(soundfile.read(path, dtype="float32")[0])


def write_blocks(folder, mels, front_end, *, n_samples, exponents=None, iterations=8, block_frames=BLOCK_FRAMES):
    """Sounds by name of Mel spectrograms that come in blocks."""
    paths = {name: folder / f"{name}.wav" for name in mels}
    exponents = exponents or dict.fromkeys(mels, front_end.exponent)
    n_frames = len(next(iter(mels.values())))
    starts = range(0, n_frames, block_frames)
    with SoundWriter(paths, front_end, exponents=exponents, n_samples=n_samples, iterations=iterations) as writer:
        for start in starts:
            blocks = {name: mel[start : start + block_frames] for name, mel in mels.items()}
            writer.add(blocks, is_last=start == starts[-1])
    return {name: read(path) for name, path in paths.items()}


def frame_errors(sound, mel, front_end):
    """rms over the bands, for each frame."""
    return (front_end(sound) - mel).square().mean(dim=1).sqrt()


@pytest.fixture(scope="module", params=["PANN", "YamNet", "mn10_as_hop_15"])
def long_sound(request, tmp_path_factory):
    """25 s in three blocks, and what was wanted."""
    front_end = front_end_of(request.param)
    sound = torch.from_numpy(scene(25, front_end.sample_rate))
    mel = front_end(sound)
    block_frames = 600 if request.param == "mn10_as_hop_15" else BLOCK_FRAMES
    folder = tmp_path_factory.mktemp("sounds")
    written = write_blocks(folder, {"a": mel}, front_end, n_samples=len(sound), block_frames=block_frames)["a"]
    return front_end, mel, written, [block_frames, 2 * block_frames]


def test_the_sound_is_as_long_as_the_recording(long_sound):
    front_end, _, written, _ = long_sound
    assert len(written) == 25 * front_end.sample_rate
    assert written.isfinite().all()


def test_blocks_come_as_near_as_all_at_once(long_sound):
    front_end, mel, written, _ = long_sound
    at_once = mel_to_audio(mel[None], front_end, n_samples=len(written), iterations=8)[0]
    errors = [frame_errors(sound, mel, front_end).square().mean().sqrt() for sound in (written, at_once)]
    # In dB for PANN, in nepers or a fifth of them for the others.
    assert float(errors[0]) == pytest.approx(float(errors[1]), abs=0.2 if front_end.name == "PANN" else 0.03)


def test_joints_are_no_worse_than_the_rest(long_sound):
    front_end, mel, written, joints = long_sound
    errors = frame_errors(written, mel, front_end)
    near = torch.zeros(len(errors), dtype=torch.bool)
    for joint in joints:
        near[joint - OVERLAP_FRAMES - 2 : joint + 3] = True
    assert errors[near].mean() < 1.5 * errors[~near].mean()
    assert errors[near].max() < 1.2 * errors[~near].max()


def test_there_is_no_jump_at_joints(long_sound):
    front_end, _, written, joints = long_sound
    steps = np.abs(np.diff(written.numpy(), n=2))
    near = np.zeros(len(steps), dtype=bool)
    for joint in joints:
        for frame in (joint - OVERLAP_FRAMES, joint):
            near[frame * front_end.hop_length - 500 : frame * front_end.hop_length + 500] = True
    assert steps[near].max() < np.quantile(steps[~near], 0.999)


def test_a_low_tone_has_no_clicks(tmp_path):
    front_end = front_end_of("PANN")
    time = torch.arange(960000) / 32000
    tone = 0.3 * torch.sin(2 * torch.pi * 200 * time)
    written = write_blocks(tmp_path, {"a": front_end(tone)}, front_end, n_samples=960000)["a"]
    # Its own curvature; a jump would be a hundred times that.
    steps = written.diff(n=2).abs()[32000:-32000]
    assert steps.max() < 5 * steps.quantile(0.999)


def test_the_level_does_not_sink_where_blocks_are_faded(tmp_path):
    front_end = front_end_of("PANN")
    sound = torch.from_numpy(noise(640000))
    written = write_blocks(tmp_path, {"a": front_end(sound)}, front_end, n_samples=640000)["a"]
    levels = 10 * torch.log10(written.unfold(0, 1600, 1600).square().mean(dim=1))
    faded = slice(int((BLOCK_FRAMES - OVERLAP_FRAMES) / 5), BLOCK_FRAMES // 5)
    assert levels[faded].mean() == pytest.approx(levels.mean(), abs=1)
    assert levels[faded].min() > levels.mean() - 3


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as", "mn10_as_hop_15"])
@pytest.mark.parametrize("n_samples", [32000, 32001, 32319, 95999, 96000])
def test_every_length_is_met(tmp_path, name, n_samples):
    front_end = front_end_of(name)
    n_samples = n_samples * front_end.sample_rate // 32000
    mel = front_end(torch.from_numpy(noise(n_samples)))
    block_frames = len(mel) if len(mel) < 150 else 150
    sounds = write_blocks(tmp_path, {"a": mel}, front_end, n_samples=n_samples, iterations=1, block_frames=block_frames)
    assert len(sounds["a"]) == n_samples


def test_a_single_block_is_inverted_as_it_is(tmp_path):
    front_end = front_end_of("PANN")
    mel = front_end(torch.from_numpy(scene(1.3)))
    sounds = write_blocks(tmp_path, {"a": mel}, front_end, n_samples=41600)
    expected = mel_to_audio(mel[None], front_end, n_samples=len(mel) * 320 - 1, iterations=8)[0]
    torch.testing.assert_close(sounds["a"], expected[:41600], rtol=0, atol=1e-6)


def test_short_recordings_end_where_they_ended(tmp_path):
    front_end = front_end_of("PANN")
    mel = front_end(torch.cat([torch.from_numpy(noise(9600)), torch.zeros(22400)]))
    assert len(write_blocks(tmp_path, {"a": mel}, front_end, n_samples=9600)["a"]) == 9600


def test_several_sounds_do_not_get_mixed_up(tmp_path):
    front_end = front_end_of("YamNet")
    mels = {name: front_end(torch.from_numpy(scene(4, 16000, seed=seed))) for seed, name in enumerate("cab")}
    exponents = {"a": 2, "b": 1, "c": 2}
    options = {"n_samples": 64000, "iterations": 4, "block_frames": 150}
    together = write_blocks(tmp_path, mels, front_end, exponents=exponents, **options)
    for name, mel in mels.items():
        alone = write_blocks(tmp_path, {name: mel}, front_end, exponents=exponents, **options)
        torch.testing.assert_close(together[name], alone[name], rtol=0, atol=1e-5)
    louder = [(together[name] - together[other]).abs().max() for name, other in ("ab", "bc", "ca")]
    assert min(louder) > 0.1


def test_blocks_of_an_analysis_become_the_sound_of_the_recording(tmp_path):
    front_end = front_end_of("PANN")
    sound = scene(12.3)
    soundfile.write(tmp_path / "in.wav", sound, 32000, subtype="FLOAT")
    source = Source(tmp_path / "in.wav", front_end)
    paths = {"groundtruth_mel": tmp_path / "out.wav"}
    with SoundWriter(paths, front_end, exponents={"groundtruth_mel": 2}, n_samples=393600, iterations=8) as writer:
        blocks = list(analyse(source, {}, teacher=None, device=torch.device("cpu")))
        for index, block in enumerate(blocks):
            writer.add(block.mels, is_last=index == len(blocks) - 1)
    written = read(tmp_path / "out.wav")
    mel = front_end(torch.from_numpy(sound / np.abs(sound).max()))
    assert len(written) == 393600
    assert frame_errors(written, mel, front_end).square().mean().sqrt() < 1.5


def test_files_are_closed_when_something_goes_wrong(tmp_path):
    front_end = front_end_of("PANN")
    writer = SoundWriter({"a": tmp_path / "a.wav"}, front_end, exponents={"a": 2}, n_samples=9, iterations=1)
    with pytest.raises(KeyboardInterrupt), writer:
        raise KeyboardInterrupt
    assert writer.files["a"].closed


def test_published_sounds_have_a_hop_less_than_their_frames(tmp_path):
    front_end = front_end_of("PANN")
    mel = front_end(torch.from_numpy(scene(1))) + 40
    mels = {"pinv": mel[:42], "cnn": mel[:41]}
    paths = {name: tmp_path / f"{name}.wav" for name in mels}
    write_paper_sounds(paths, mels, front_end)
    assert {name: len(read(path)) for name, path in paths.items()} == {"pinv": 13120, "cnn": 12800}
    # librosa's phases are random; the level is not.
    expected = paper_mel_to_audio(mels["pinv"].numpy(), front_end).std()
    assert float(read(paths["pinv"]).std()) == pytest.approx(expected, rel=0.2)
    assert soundfile.info(paths["pinv"]).samplerate == 32000
