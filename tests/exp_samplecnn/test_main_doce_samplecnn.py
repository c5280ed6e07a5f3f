"""The plans of SampleCNN: what they hold, and tables of what was trained by them."""

import pytest
from samplecnn_fixtures import small_task, word_store

from audiokit.experiments import experiment_cli
from exp_samplecnn.data.clips import TEST
from exp_samplecnn.evaluation.measures import measure
from exp_samplecnn.evaluation.scores import clip_scores
from exp_samplecnn.learning.model_files import find_model, read_model
from exp_samplecnn.main_doce_samplecnn import EXPERIMENT
from exp_samplecnn.networks.blocks import BLOCKS
from exp_samplecnn.plans import needs, samplecnn_plans

SELECTED = "blocks/dataset=scd+block=basic,se+multi=0+seed=1"


def run(tmp_path, *more):
    options = ["--data_path", tmp_path / "data", "--output_path", tmp_path / "out", "--device", "cpu"]
    options += ["--stages", 1, "--epochs", 1, "--batch_size", 20]
    return experiment_cli.main(EXPERIMENT, list(map(str, [*more, *options])))


def test_the_plans_hold_all_blocks_of_three_datasets_and_the_predecessor_s_ratio():
    plans = samplecnn_plans()
    assert len(plans["blocks"]) == 2 * 3 * 6 * 2 * 3
    assert plans["blocks"].factors["block"] == BLOCKS
    assert {setting["ratio"] for setting in plans["predecessor"]} == {16}


def test_a_network_is_measured_once_it_is_trained():
    settings = list(samplecnn_plans()["blocks"])
    assert needs(settings[0]) == []
    assert needs(settings[-1]) == [settings[-1].replace(step="train")]


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Folder of two settings that are computed, and the store that they are trained on."""
    folder = tmp_path_factory.mktemp("computed")
    with pytest.MonkeyPatch.context() as patched:
        small_task(patched)
        store = word_store(folder, n_clips=4)
        assert run(folder, "-s", SELECTED, "-c") == 0
        yield folder, store


def test_tables_show_what_the_networks_reach(computed, capsys):
    tmp_path, store = computed
    assert run(tmp_path, "-s", SELECTED, "-d", "rocauc") == 0
    shown = capsys.readouterr().out
    for block in ("basic", "se"):
        folder = tmp_path / "out" / f"block={block}+dataset=scd+multi=0+ratio=0.125+seed=1"
        network, settings = read_model(find_model(folder))
        scores = clip_scores(network, store, TEST, standardisation=settings.standardisation)
        measured = measure(store.targets[store.clips_of(TEST)], scores, threshold=0.5)
        assert f"{measured.overall['rocauc']:.4f}" in shown
    assert run(tmp_path, "-s", SELECTED, "-P") == 0
    assert "4 of 4 done" in capsys.readouterr().out
    assert run(tmp_path, "-s", SELECTED, "-e", tmp_path / "table.html") == 0
    assert "ROC-AUC" in (tmp_path / "table.html").read_text()


def test_a_finished_training_is_used_again_on_any_device_and_not_with_other_options(computed):
    tmp_path, _ = computed
    before = sorted(tmp_path.glob("out/*/final-*"))
    trained = SELECTED + "+step=train"
    assert run(tmp_path, "-s", trained, "-c", "--compile") == 0
    assert sorted(tmp_path.glob("out/*/final-*")) == before
    with pytest.raises(Exception, match=r"is of a training with other options \(patience was 2, is 3\)"):
        run(tmp_path, "-s", trained, "-c", "--patience", "3")


def test_a_training_with_other_options_is_not_gone_on_with(computed):
    tmp_path, _ = computed
    (model,) = tmp_path.glob("out/block=se*/final-*")
    model.unlink()
    with pytest.raises(Exception, match=r"is of a training with other options \(patience was 2, is 3\)"):
        run(tmp_path, "-s", SELECTED.replace("basic,", ""), "-c", "--patience", "3")


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_training_on_other_recordings_is_neither_gone_on_with_nor_measured(tmp_path, monkeypatch, is_finished):
    small_task(monkeypatch)
    store = word_store(tmp_path, n_clips=4)
    selected = SELECTED.replace("basic,se", "basic")
    assert run(tmp_path, "-s", selected, "-c") == 0
    (model,) = tmp_path.glob("out/*/final-*")
    if not is_finished:
        model.unlink()
    store.path.unlink()
    word_store(tmp_path, n_clips=5)
    for step in ("train", "metric")[: 1 + is_finished]:
        with pytest.raises(Exception, match=r"is of a training with other options \(the recordings have changed\)"):
            run(tmp_path, "-s", f"{selected}+step={step}", "-c")
