"""Every command of EMVD's README works as it stands there, in a copy of the code with a small data set."""

import re
from pathlib import Path

import pytest
import soundfile
from documented_commands import commands, copy_code, python_in
from emvd_fixtures import singing, write_emvd

from exp_emvd.figures.spectrogram_examples import EXAMPLES

ROOT = Path(__file__).parents[2]
README = ROOT / "exp_emvd" / "README.md"
TEXT = README.read_text(encoding="utf-8")
COMMANDS = commands(TEXT)

RUN_ELSEWHERE = {"python3 download_datasets.py --list EMVD": "against a local server in test_emvd_download.py"}

SHORTER = {"-step train": ("--epochs", 1), "main_doce_emvd.py": ("--epochs", 1)}
"""Networks are trained for an epoch in place of twenty: what a command has → what is added."""

STEP, PLAN = "python3 exp_emvd/experiment.py -exp t_multiclass -step", "python3 exp_emvd/main_doce_emvd.py -s"

WRITTEN = {
    "python3 exp_emvd/create_dataset.py -dataset kfold": "mel_dataset/mel_dataset_kfold.h5",
    f"{STEP} train": "model/model_t_multiclass_4",
    f"{STEP} eval": "outputs/t_multiclass.h5",
    f"{STEP} metric": "results/confusion_matrix_multiclass.pdf",
    f"{STEP} train --by_singer": "losses/loss_model_t_multiclass_by_singer_4.npy",
    f"{STEP} metric --by_singer": "results/confusion_matrix_multiclass_by_singer.pdf",
    f"{PLAN} technique_pooled/task=t_binary+folds=singer+paper=0+seed=0 -d -e emvd.png": "export/emvd.png",
    "python3 exp_emvd/predict.py EMVD/audio/Singer1_BlackShriek_Mid_a.wav": (
        "results/emvd/Singer1_BlackShriek_Mid_a/index.html"
    ),
    "python3 exp_emvd/plot_dataset_analysis.py": "results/dataset_duration_and_number_of_singers.pdf",
    "python3 exp_emvd/plot_spectrograms.py": "results/spectrograms.pdf",
    "python3 exp_emvd/create_split_k_fold.py -seed 0 -n_splits 4": "new_split_kfolds.csv",
}
"""What commands leave."""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """`python3` beside the code, and six singers with a recording of each technique."""
    folder = copy_code(tmp_path_factory.mktemp("copy"), "audiokit", "exp_emvd")
    write_emvd(folder / "EMVD", n_takes=1, seconds=1.1, n_splits=4, singers=range(1, 7))
    for name in EXAMPLES.values():
        soundfile.write(folder / "EMVD" / "audio" / name, singing("DeathGrowl", 2.2), 48000)
    with python_in(folder) as python:
        yield python


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in RUN_ELSEWHERE])
def test_command_runs(python, command):
    more = next((more for part, more in SHORTER.items() if part in command), ())
    done = python.run(command, *more)
    assert done.returncode == 0, done.stderr
    if command in WRITTEN:
        assert (python.folder / WRITTEN[command]).stat().st_size > 200


def test_all_that_is_written_is_of_a_command():
    assert set(WRITTEN) <= set(COMMANDS)


def test_all_scripts_are_shown():
    scripts = {path.name for path in README.parent.glob("*.py") if '__name__ == "__main__"' in path.read_text()}
    assert scripts <= set(re.findall(r"python3 exp_emvd/(\w+\.py)", TEXT))


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        name, _, heading = target.partition("#")
        path = README.parent / name
        assert path.is_file()
        if heading:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in titles}
