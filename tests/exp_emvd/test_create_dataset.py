"""The store of chunks: each recording that takes part once, with what is known of it; others are not looked at."""

import json

import numpy as np
import pytest
import soundfile
from emvd_fixtures import write_emvd

from audiokit import cli
from audiokit.labels.clip_store import ClipStore
from exp_emvd import create_dataset
from exp_emvd.data.mel import singing_chunks


@pytest.fixture
def emvd(tmp_path):
    return write_emvd(tmp_path / "EMVD", n_takes=1)


def run(emvd, *more):
    output = emvd.parent / "mel_dataset" / "mel_dataset_kfold.h5"
    options = ["--metadata", str(emvd), "--audio", str(emvd / "audio"), "--output", str(output), "--workers", "1"]
    return cli.run(create_dataset.main, [*options, *map(str, more)]), output


def test_each_chunk_is_stored_once_with_what_is_known_of_its_recording(emvd):
    status, output = run(emvd, "-dataset", "kfold")
    assert status == 0
    with ClipStore(output) as store:
        assert len(store.names) == 8
        assert store.n_rows.tolist() == [2] * 8
        assert store.columns["technique"][:4].tolist() == ["ClearVoice", "DeathGrowl", "HardcoreScream", "BlackShriek"]
        assert store.columns["singer"].tolist() == [1] * 4 + [2] * 4
        assert store.columns["split0"].tolist() == [
            "train",
            "train",
            "valid",
            "eval",
            "train",
            "valid",
            "eval",
            "train",
        ]
        mel = store.array("mel_spectrogram")
        for clip in (0, 7):
            expected = singing_chunks(emvd / "audio" / store.names[clip])
            np.testing.assert_array_equal(mel[store.rows_of(np.array([clip]))], expected)


def test_the_data_set_without_distortion_is_the_same_file(emvd, capsys):
    _, output = run(emvd, "-dataset", "kfold")
    before = output.stat().st_mtime_ns
    status, _ = run(emvd, "-dataset", "kfold_no_distorsion")
    assert (status, output.stat().st_mtime_ns) == (0, before)
    assert "trains on the clear voices among them" in capsys.readouterr().out


def test_recordings_that_take_no_part_need_not_be_there(emvd):
    assert not (emvd / "audio" / "Singer2_Other_cough.wav").exists()
    assert run(emvd)[0] == 0


def test_missing_recordings_are_counted(emvd, capsys):
    for name in ("Singer1_DeathGrowl_Mid_a_0.wav", "Singer2_ClearVoice_Mid_a_0.wav"):
        (emvd / "audio" / name).unlink()
    status, output = run(emvd)
    assert status == 1
    told = capsys.readouterr().err
    assert "2 of 8 recordings are missing" in told
    assert "Singer1_DeathGrowl_Mid_a_0.wav first" in told
    assert not output.exists()
    assert run(emvd, "--skip_errors")[0] == 0
    with ClipStore(output) as store:
        assert len(store.names) == 6


def test_a_recording_that_is_too_short_for_a_chunk_is_left_out_and_named(emvd, capsys):
    soundfile.write(emvd / "audio" / "Singer1_ClearVoice_Mid_a_0.wav", np.full(48000, 0.1), 48000)
    status, output = run(emvd)
    assert status == 0
    assert "Singer1_ClearVoice_Mid_a_0.wav is too short and left out" in capsys.readouterr().err
    with ClipStore(output) as store:
        assert len(store.names) == 7


def test_a_wrong_data_set_lists_the_right_ones(emvd, capsys):
    with pytest.raises(SystemExit):
        run(emvd, "-dataset", "kfolds")
    assert "'kfold', 'kfold_no_distorsion'" in capsys.readouterr().err.replace("kfold, kfold_no", "'kfold', 'kfold_no")


def test_real_singing_gives_as_many_chunks_as_the_original(shared, tmp_path):
    emvd = shared / "data" / "emvd"
    output = tmp_path / "store.h5"
    arguments = ["--metadata", emvd, "--audio", emvd, "--output", output, "--workers", "1", "--skip_errors"]
    assert cli.run(create_dataset.main, list(map(str, arguments))) == 0
    golden = json.loads((shared / "specs" / "golden_emvd.json").read_text())["mel_frontend_examples"]["files"]
    with ClipStore(output) as store:
        assert len(store.names) == 10
        assert store.n_rows.tolist() == [golden[name]["chunks"] for name in store.names]
