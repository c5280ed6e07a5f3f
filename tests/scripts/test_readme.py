"""Every command of the README, and of what it refers to for the first system, works as it stands there in a clone."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from classification_fixtures import write_esc, write_sonyc, write_urbansound8k
from dataset_fixtures import write_tau
from documented_commands import blocks, commands, copy_code, python_in
from sensor_fixtures import make_levels, make_table, make_times, make_tone, write_csv, write_npy

from yamnet.network import YAMNet

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        "docs/datasets.md",
        "docs/python.md",
        "docs/sensor_data.md",
        "exp_train_model/README.md",
        "exp_classif_eval/README.md",
    )
}
"""In the order in which a reader goes through them: later commands take what earlier ones leave."""
COMMANDS = [command for text in DOCUMENTS.values() for command in commands(text)]
EXAMPLES = [block for text in DOCUMENTS.values() for block in blocks(text, "python")]

RUN_ELSEWHERE = {
    "make demo": "the demo itself",
    "make test": "this very run",
    "pip install -r requirements.txt": "`make demo` does it",
    "python3 download_pretrained_models.py": "against a local server in test_pretrained.py",
    "python3 download_pretrained_models.py --only yamnet mn04_as paper_transcoders": "likewise",
    "python3 exp_train_model/launch_experiment/launch_exp_py.py --exp_type restricted": "test_launch_experiment.py",
    "python3 exp_train_model/export_experiment_results.py": "it needs PANN; test_training_experiment.py has small ones",
    "python3 exp_train_model/main_doce_training.py -s cnn/dataset=full+classifier=PANN -d -e myresults.png": "likewise",
    "python3 exp_train_model/plot_training_curve.py": "with a dataset of one's own below",
    "python3 predict_third_octave.py growing.csv --live": "it has no end; test_live.py",
    "python3 benchmarks/lorient1k.py lorient1k_odd.npz --write": "it needs the clips; test_lorient1k.py makes some",
    "python3 download_datasets.py": "against a local server in test_download_datasets.py",
    "python3 download_datasets.py --list TAU,ESC-50 --output mypath": "likewise",
}
PRINT_ONLY = ("--list", " -p", " -c", "--dry_run", "predict_onnx.py")
"""Options of commands whose last word is no file."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone with recordings where the README has them, and a YAMNet with random weights."""
    folder = copy_code(tmp_path_factory.mktemp("clone") / "spectral-transcoder")
    noise = 0.1 * np.random.default_rng(0).standard_normal(32000 * 3)
    (folder / "recordings").mkdir()
    soundfile.write(folder / "audio" / "myfile.wav", noise, 32000)
    soundfile.write(folder / "audio" / "street_pedestrian-paris-152-4607-a.wav", noise, 32000)
    for number in range(8):
        soundfile.write(folder / "recordings" / f"street_{number}.flac", noise, 32000)
    write_tau(folder, 8, seconds=1)
    write_urbansound8k(folder, folds=(1, 2))
    write_sonyc(folder)
    write_esc(folder)
    (folder / "levels").mkdir()
    write_npy(folder / "levels" / "sensor.npy", make_levels(240))
    write_csv(folder / "sensor.csv", make_table(make_levels(480), make_times(480)))
    (folder / "calibrated").mkdir()
    tone = np.concatenate([make_levels(240), make_tone(80, 91.3), make_levels(240)])
    write_csv(folder / "calibrated" / "may.csv", make_table(tone, make_times(560)))
    write_csv(folder / "calibrated" / "june.csv", make_table(make_levels(240), make_times(240)))
    (folder / "network").mkdir()
    for sensor in ("quay", "square"):
        write_csv(folder / "network" / f"{sensor}.csv", make_table(make_levels(160), make_times(160)))
    (folder / "places.csv").write_text("sensor,latitude,longitude\nquay,47.744,-3.360\nsquare,47.749,-3.367\n")
    torch.manual_seed(0)
    torch.save(YAMNet().state_dict(), folder / "yamnet" / "yamnet.pth")
    return folder


@pytest.fixture(scope="module")
def python(clone):
    with python_in(clone, "torch._dynamo", "torch.onnx", "onnxscript") as python:
        yield python


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in RUN_ELSEWHERE], ids=str)
def test_command_runs(command, python):
    done = python.run(command)
    assert done.returncode == 0, done.stderr
    if not any(option in command for option in PRINT_ONLY):
        written = re.sub(r" \(.*\)$", "", done.stdout.strip().splitlines()[-1]).split()[-1]
        assert (python.folder / written).stat().st_size > 500


@pytest.mark.parametrize("code", EXAMPLES)
def test_python_example_prints_scores(code, python):
    done = python.run("python3 -", stdin=code)
    assert done.returncode == 0, done.stderr
    n_printed = done.stdout.count("', 0.") if "top_labels" in code else done.stdout.count("2024-05-01")
    assert n_printed == (10 if "top_labels" in code else 6)


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_document_names_no_script_that_does_not_exist(text):
    assert all((ROOT / name).is_file() for name in set(re.findall(r"python3 (\S+\.py)", text)))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_links_to_what_is_there(name):
    targets = {target for target in re.findall(r"\]\(([^)#]+)", DOCUMENTS[name]) if "://" not in target}
    assert not {target for target in targets if not (ROOT / name).parent.joinpath(target).exists()}


def test_readme_can_be_read_at_once():
    assert len(DOCUMENTS["README.md"].splitlines()) < 200
