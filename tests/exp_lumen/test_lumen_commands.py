"""From labelled recordings to a model, its measures, and what it hears in others, by the commands."""

import csv
import json
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
import torch
import yaml
from audio_fixtures import write
from lumen_fixtures import RATE, irmas_test, irmas_train, sound

from audiokit.errors import UserError
from audiokit.learning.interruption import Interrupted
from exp_lumen import places, predict, run_test, svm, train
from exp_lumen.data.pieces import WaveformPieces, create_clip_rows, open_store
from exp_lumen.data.sources import labelled_clips
from exp_lumen.evaluation.answering import answer, scores_of
from exp_lumen.evaluation.model_file import load_model
from exp_lumen.evaluation.testing import names_of
from exp_lumen.instruments import CODES
from exp_lumen.networks.network import InstrumentNetwork
from exp_lumen.networks.specification import Specification
from exp_lumen.training import command, run, stages
from exp_lumen.training.heard import heard_sources, hears_the_same
from exp_lumen.training.settings import Settings
from exp_lumen.training.stages import sources_of

QUICK = ["--model", "CONVLSTM", "--image-size", "64", "--batch-size", "16", "--workers", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Recordings in which each instrument has a spectrum of its own, in the layouts of IRMAS."""
    root = tmp_path_factory.mktemp("data")
    irmas_train(root / "train", n_songs=2, seconds=0.63)
    irmas_test(root / "valid", seconds=0.63)
    songs = {f"other {number}": (code, CODES[(number + 5) % 11]) for number, code in enumerate(CODES)}
    irmas_test(root / "test", songs=songs, seconds=0.63)
    return root


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """The path of a model that was trained by the command."""
    folder = tmp_path_factory.mktemp("models") / "models" / "one"
    options = ["--train-paths", f"irmastrain:{data}/train", "--val-paths", f"irmastest:{data}/valid", *QUICK]
    options += ["--no-finetune-head", "--epochs", "12", "--lr-onecycle-max", "5e-3", "--augmentations", "SUM_N"]
    assert train.main([*options, "--output", str(folder)]) == 0
    (path,) = (folder / "checkpoints").glob("*.ckpt")
    return path


def test_training_leaves_a_model_that_tells_instruments_and_what_it_was_made_with(model):
    folder = model.parents[1]
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["specification"]["model"] == "CONVLSTM" and config["n_train"] == 44
    assert config["valid"]["mean_average_precision"] > 0.4  # of answers by chance about 0.25
    assert model.name == f"CONVLSTM_val_f1_{config['valid']['f1']:.4f}.ckpt"
    with open(folder / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13 and float(rows[-1]["losses_valid"]) < float(rows[0]["losses_valid"])
    assert (folder / "curves_whole.png").stat().st_size > 1000
    assert not list(folder.glob("*.part*"))
    stored = load_model(model)
    assert stored.thresholds["mean"].tolist() == [row["threshold"] for row in config["valid"]["instruments"].values()]


def test_a_model_can_be_begun_with_and_stores_are_shared(model, data, capsys):
    options = ["--train-paths", f"irmastrain:{data}/train", "--val-paths", f"irmastest:{data}/valid", *QUICK]
    options += ["--ckpt", str(model), "--epochs", "1", "--no-finetune-head", "--lr-onecycle-max", "1e-9"]
    folder = model.parents[2] / "two"
    assert train.main([*options, "--output", str(folder), "--stores", str(model.parents[1])]) == 0
    printed = capsys.readouterr()
    assert "begun from the given model" in printed.out and printed.err.count("is there already") == 2
    assert [places.last_model(folder.parent)] == list((folder / "checkpoints").glob("*.ckpt"))


def test_a_trial_trains_layers_in_stages_and_records_each_instrument(data, tmp_path, capsys, monkeypatch):
    told = []
    monkeypatch.setattr(stages, "search_rate", partial(stages.search_rate, n_steps=20))
    monkeypatch.setattr(
        command, "tensorboard_scalars", lambda folder: nullcontext(lambda *scalar: told.append((folder, *scalar)))
    )
    options = ["--train-paths", f"irmastrain:{data}/train", "--val-paths", f"irmastest:{data}/valid", *QUICK, "--quick"]
    options += ["--head-after", "blocks.8", "--backbone-after", "blocks.0", "--use-rgb", "--scheduler", "AUTO_LR"]
    options += ["--log-per-instrument-metrics", "--drop-last", "--tensorboard", "--augmentations"]
    assert train.main([*options, "--output", str(tmp_path)]) == 0
    assert "learning rate" in capsys.readouterr().out
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert config["n_train"] == 32 and config["specification"]["rgb"]
    with open(tmp_path / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["stage"] for row in rows] == ["head", "head", "whole", "whole"]
    assert float(rows[-1]["f1_valid"]) == pytest.approx(
        np.mean([float(rows[-1][f"f1_{code}_valid"]) for code in CODES])
    )
    assert {folder for folder, *_ in told} == {tmp_path / "tensorboard"}
    assert {("head/loss/train", 2), ("whole/f1_cel/valid", 2)} <= {(name, step) for _, name, _, step in told}
    assert not list(tmp_path.glob("*.part*"))


def test_without_validation_the_last_epoch_is_kept_and_a_threshold_can_be_given(data, tmp_path, capsys):
    options = ["--train-paths", f"irmastrain:{data}/train", "--val-paths", f"irmastest:{data}/valid", *QUICK, "--quick"]
    options += ["--skip-validation", "--prediction-threshold", "0.3", "--no-finetune-head", "--augmentations"]
    assert train.main([*options, "--output", str(tmp_path)]) == 0
    assert "with a threshold of 0.3, of 22 recordings" in capsys.readouterr().out
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["stage,epoch", "whole,0", "whole,1", "whole,2"]
    (path,) = (tmp_path / "checkpoints").glob("*.ckpt")
    assert set(load_model(path).thresholds["mean"]) == {0.3}


def test_a_training_that_was_stopped_goes_on_with_the_same_data_and_options_alone(data, tmp_path, monkeypatch):
    shared = ["--val-paths", f"irmastest:{data}/valid", *QUICK, "--quick", "--stores", str(tmp_path / "stores")]
    shared += ["--no-finetune-head", "--output", str(tmp_path / "x")]
    options = ["--train-paths", f"irmastrain:{data}/train", "--augmentations", "SUM_N", *shared]
    with monkeypatch.context() as patched:  # all is trained, and nothing written
        patched.setattr(run, "save_model", raise_interrupted)
        with pytest.raises(Interrupted):
            train.main(options)
    for other, told in [
        (["--train-paths", f"irmastest:{data}/test"], "the recordings have changed"),
        (["--augmentations", "TIMESHIFT"], "augmentation: changed"),
        (["--aug-probability", "1"], "augmentation: changed"),
        (["--augmentations", "SUM_N", "FREQ_MASK"], "augmentation of pictures was None"),
        (["--loss-function", "FOCAL_LOSS"], "loss was CROSS_ENTROPY, is FOCAL_LOSS"),
        (["--audio-transform", "MFCC"], "network: changed"),
        (["--seed", "1"], "network: changed; seed was 42, is 1"),
    ]:
        with pytest.raises(UserError, match=rf"whole\.part\.ckpt is of another training \({told}"):
            train.main([*options, *other])
    assert train.main([*options, "--prediction-threshold", "0.4"]) == 0
    assert not list((tmp_path / "x").glob("*.part*"))


def raise_interrupted(*_):
    raise Interrupted("stopped")


@pytest.mark.parametrize("answer_given", ["n", None])
def test_a_training_that_is_not_confirmed_does_nothing(data, tmp_path, capsys, monkeypatch, answer_given):
    def asked(question):
        if answer_given is None:
            raise EOFError
        return answer_given

    monkeypatch.setattr("builtins.input", asked)
    options = ["--train-paths", f"irmastrain:{data}/train", "--val-paths", f"irmastest:{data}/valid", *QUICK]
    with pytest.raises(UserError, match="not confirmed: nothing has been done"):
        train.main([*options, "--verify-config", "--output", str(tmp_path / "x")])
    assert yaml.safe_load(capsys.readouterr().out)["clips"] == {"train": 44, "valid": 22}
    assert not (tmp_path / "x").exists()


def test_run_test_writes_answers_measures_and_pictures(model, data, tmp_path, capsys):
    assert (
        run_test.main(["--dataset-paths", f"irmastest:{data}/test", "--ckpt", str(model), "--out-dir", str(tmp_path)])
        == 0
    )
    answers = json.loads((tmp_path / "test.json").read_text())
    assert len(answers) == 22 and all(list(row) == list(CODES) for row in answers.values())
    measured = yaml.safe_load((tmp_path / "test_recordings.yaml").read_text())
    assert f"macro F1                {measured['f1']:.4f}" in capsys.readouterr().out
    truth = {clip.path.name: clip.labels for clip in labelled_clips([f"irmastest:{data}/test"], option="--val-paths")}
    right = [np.mean(np.array(list(row.values())) == truth[name]) for name, row in answers.items()]
    assert measured["hamming_score"] == pytest.approx(np.mean(right))
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {f"test_{what}.png" for what in ("instruments", "matrices", "scores", "roc", "precision_recall")}


def test_datasets_of_one_name_are_told_apart_by_their_folders(tmp_path):
    tables = [tmp_path / folder / "labels.csv" for folder in ("a", "b")]
    for table in tables:
        table.parent.mkdir()
        table.touch()
    assert names_of([f"csv:{table}" for table in tables]) == ["a_labels", "b_labels"]
    assert names_of([f"csv:{tables[0]}", f"irmastest:{tmp_path}/b"]) == ["labels", "b"]
    with pytest.raises(UserError, match="2 datasets would be called a_labels"):
        names_of([f"csv:{tables[0]}"] * 2)


def test_predict_hears_instruments_over_time_and_answers_as_run_test(model, tmp_path, capsys):
    song = np.concatenate([sound("cel", seconds=3, seed=100), sound("voi", seconds=3, seed=100)])
    write(tmp_path / "song.wav", song, RATE)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    files = [str(tmp_path / "song.wav"), str(tmp_path / "broken.wav")]
    assert predict.main([*files, "--ckpt", str(model), "--output", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "broken.wav" in printed.err and "plays: " in printed.out
    folder = tmp_path / "out" / "song"
    assert {path.name for path in folder.iterdir()} == {"answer.json", "index.html", "scores.csv", "scores.png"}
    with open(folder / "scores.csv") as file:
        rows = list(csv.DictReader(file))
    cello, voice = ([float(row[name]) for row in rows] for name in ("cello", "voice"))
    assert float(rows[1]["start_s"]) == pytest.approx(0.63) and float(rows[-1]["end_s"]) == pytest.approx(6)
    assert cello[0] > cello[-1] and voice[0] < voice[-1]
    run_test.main(["--dataset-paths", files[0], "--ckpt", str(model), "--out-dir", str(tmp_path), "--no-pictures"])
    assert (
        json.loads((folder / "answer.json").read_text()) == json.loads((tmp_path / "song.json").read_text())["song.wav"]
    )


def test_the_baseline_knows_what_it_has_learned_and_shared_recordings_are_told(data, tmp_path, capsys):
    paths = [f"irmastest:{data}/valid"]
    options = ["--train-paths", *paths, "--val-paths", *paths, "--test-paths", *paths, "--workers", "1"]
    assert svm.main([*options, "--out-dir", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "caution: train and test share 22 recordings" in printed.err
    measured = yaml.safe_load((tmp_path / "measures.yaml").read_text())
    assert f"macro F1                {measured['f1']:.4f}" in printed.out
    assert measured["mean_average_precision"] > 0.6 and measured["kernel"] == "rbf"
    assert len(json.loads((tmp_path / "answers.json").read_text())) == 22


def test_what_a_frozen_backbone_hears_once_is_what_it_hears_in_each_epoch(model, data, tmp_path):
    network = InstrumentNetwork(load_model(model).network.spec).freeze()
    assert not hears_the_same(network)  # a recurrent network gives moments
    torch.manual_seed(0)
    spec = Specification("TEACHER", teacher="mn04_as", pretrained="random").checked()
    network = InstrumentNetwork(spec).freeze()
    assert hears_the_same(network)
    clips = labelled_clips([f"irmastest:{data}/valid"], option="--val-paths")[:5]
    pieces = WaveformPieces(network.spec.sample_rate, network.spec.piece_samples)
    create_clip_rows(clips, tmp_path / "store.h5", pieces, workers=1)
    with open_store(tmp_path / "store.h5") as store:
        rows = sources_of(store, store, Settings(batch_size=2))
        heard = next(iter(heard_sources(network, rows, seed=0, device="cpu")["valid"].batches(0)))
        scores = network.head.eval()(heard["sound"]).sigmoid()
        sounds = next(iter(rows["valid"].batches(0)))["sound"]
    np.testing.assert_allclose(scores.detach(), scores_of(network.eval(), sounds.numpy()), rtol=1e-4, atol=1e-6)


def test_nothing_plays_in_silence(model, tmp_path):
    song = np.concatenate([sound("cel", seconds=0.63), np.zeros(2 * 10080), sound("voi", seconds=0.63)])
    write(tmp_path / "gap.wav", song, RATE)
    write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    stored = load_model(model)
    heard = answer(stored, [tmp_path / "gap.wav", tmp_path / "silent.wav"], progress=False)
    assert heard.n_pieces.tolist() == [4, 2]
    assert (heard.scores > 0).all(axis=1).tolist() == [True, False, False, True, False, False]
    assert not heard.scores[[1, 2, 4, 5]].any()
    assert predict.main([str(tmp_path / "silent.wav"), "--ckpt", str(model), "--output", str(tmp_path)]) == 1


def test_a_recording_scores_the_same_whatever_comes_with_it(model, data):
    paths = sorted((data / "test").glob("*.wav"))[:4]
    stored = load_model(model)
    together = answer(stored, paths, batch_size=3, progress=False).scores
    alone = np.concatenate([answer(stored, [path], batch_size=1, progress=False).scores for path in paths])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--val-paths"], "there is nothing to valid with: give --val-paths"),
        (["--model", "RESNET"], "there is no model 'RESNET'"),
        (["--augmentations", "REVERSE"], "there is no augmentation 'REVERSE'"),
        (["--lr", "0"], "is no learning rate"),
        (["--dataset-fraction", "2"], "a fraction of 2.0 cannot be taken"),
        (["--aug-kwargs", "sum_n=x"], "is not understood"),
        (["--head-after", "layer 7"], "the backbone has no layer layer 7"),
        (["--prediction-threshold", "2"], "outside of 0 to 1"),
        (["--skip-validation", "--scheduler", "PLATEAU"], "goes by validations"),
    ],
)
def test_what_cannot_be_trained_is_told_before_anything_is_done(data, tmp_path, options, message):
    begun = ["--train-paths", f"irmastrain:{data}/train", *QUICK, "--output", str(tmp_path / "x")]
    given = [] if options == ["--val-paths"] else [*options, "--val-paths", f"irmastest:{data}/valid"]
    with pytest.raises(UserError, match=message):
        train.main([*begun, *given])
    assert not list(tmp_path.rglob("*.h5"))


def test_a_file_that_is_no_model_is_refused(tmp_path, data):
    (tmp_path / "x.ckpt").write_bytes(b"x")
    with pytest.raises(UserError, match=r"x\.ckpt"):
        run_test.main(["--dataset-paths", f"irmastest:{data}/test", "--ckpt", str(tmp_path / "x.ckpt")])
    with pytest.raises(UserError, match="there is no model in"):
        places.last_model(tmp_path)


def test_a_model_that_is_half_written_is_not_the_last(tmp_path):
    folder = tmp_path / "one" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "TEACHER.ckpt").touch()
    (folder / "TEACHER.4711.part.ckpt").touch()  # of a training that was killed
    assert places.last_model(tmp_path).name == "TEACHER.ckpt"
