"""The demo measures on recordings that it has not trained with, and can be run again."""

import numpy as np
import pytest
import soundfile
import torch
from recipe import fill

import demo
from audiokit.sound.audio import write_wav
from yamnet.network import YAMNet

RATE = 32000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Ten seconds and a half of noise under each name."""
    folder = tmp_path_factory.mktemp("recordings")
    for seed, name in enumerate(demo.RECORDINGS):
        sound = np.random.default_rng(seed).uniform(-1, 1, int(10.5 * RATE)).astype(np.float32)
        sound /= np.abs(sound).max()
        with write_wav(folder / f"{name}.wav", RATE, n_samples=len(sound)) as file:
            file.write(sound)
    return {name: folder / f"{name}.wav" for name in demo.RECORDINGS}


def test_each_recording_is_in_one_split_and_those_on_pages_are_measured_on():
    assert sorted(sum(demo.SPLITS.values(), ())) == sorted(demo.RECORDINGS)
    assert set(demo.SHOWN) < set(demo.SPLITS["eval"])


def test_excerpts_follow_one_another_and_stay_in_the_split_of_their_recording(tmp_path, recordings):
    folder = demo.cut(recordings, tmp_path)
    assert {path.stem for path in folder.glob("eval/*")} == {
        f"{name}-{n}" for name in demo.SPLITS["eval"] for n in (0, 1)
    }
    excerpts = [soundfile.read(folder / "valid" / f"CT109-{number}.wav")[0] for number in (0, 1)]
    whole, _ = soundfile.read(recordings["CT109"], frames=10 * RATE)
    np.testing.assert_allclose(np.concatenate(excerpts), whole, atol=1e-6)


def test_the_experiment_is_done_once_and_found_again(tmp_path, recordings, capsys):
    (tmp_path / "yamnet").mkdir()
    torch.save(fill(YAMNet()).state_dict(), tmp_path / "yamnet" / "yamnet.pth")
    short = dict.fromkeys(demo.EPOCHS, 1)

    def replicate():
        excerpts = demo.cut(recordings, tmp_path / "excerpts")
        return demo.replicate(excerpts, tmp_path / "demo", tmp_path / "export", models=tmp_path, epochs=short)

    first = replicate()
    assert first.n_recordings == 2 * len(demo.SPLITS["eval"])
    assert 100 / first.n_recordings <= first.commonest[1] <= 100
    pictures = [first.table, *first.curves]
    assert [len(first.curves), *{path.suffix for path in pictures}] == [2, ".png"]
    models = {path: path.stat().st_mtime_ns for path in tmp_path.glob("demo/train_exp/model/*")}
    assert (replicate(), bool(models)) == (first, True)
    assert models == {path: path.stat().st_mtime_ns for path in tmp_path.glob("demo/train_exp/model/*")}
    assert "camden.h5 is there already" in capsys.readouterr().err


def test_the_commonest_answer_is_told_with_its_share():
    assert demo.commonest(np.array([0, 294, 0, 0])) == ("Speech", 75.0)


def test_help_starts_nothing(capsys):
    with pytest.raises(SystemExit) as ended:
        demo.main(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage:")
