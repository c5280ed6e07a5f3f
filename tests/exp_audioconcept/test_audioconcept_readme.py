"""Commands of AudioConcept's README and targets of its Makefile run, in a copy of the code, on small songs."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from documented_commands import commands, copy_code, put_teachers, python_in, replace_in
from genre_fixtures import GENRES, RATE, hum, ticks, write_genres

from audiokit.files import sha256
from audiokit.paths import ROOT
from exp_audioconcept.classifiers.model_file import read_model_file
from exp_audioconcept.classifiers.testing import HEARD
from exp_audioconcept.networks.kinds import n_samples

HERE = ROOT / "exp_audioconcept"
README = (HERE / "README.md").read_text(encoding="utf-8")
COMMANDS = commands(README)
IN_SMALL = {
    "explanations/effort.py": (
        *(("draws: int = 25", "draws: int = 5"), ("(8, 20)", "(4, 5)"), ("steps: int = 32", "steps: int = 4")),
        *(("orders: int = 12", "orders: int = 3"), ("curve_steps: int = 10", "curve_steps: int = 4")),
    ),
    "networks/vggish.py": (
        ("((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))", "((2,),) * 5"),
        ("N_HIDDEN = 4096", "N_HIDDEN = 8"),
    ),
    "explain.py": (("type=_two, default=10", "type=_two, default=2"),),
    "demo.py": (("EXCERPT_SECONDS = 10\n", "EXCERPT_SECONDS = 2\n"),),
}
"""What is less in the copy: how often a model is asked for an explanation, the largest network, and sounds."""
SHORTER = {
    "exp_audioconcept.train": ("--workers", 1, "--epochs", 1),
    "main_doce": ("--seeds", 0, 1, "--epochs", 1, "--audio-length", 4.2, "--adaptive", "--no-augmentation"),
}
"""Part of a command → what it is told besides."""

TARGETS = re.findall(r"^(\w+):.*##", (HERE / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
DATA = "--data FOLDER --workers 1"
OPTIONS = {
    **dict.fromkeys(("data", "features", "train_svm", "train_cnn", "evaluate_cnn"), "--data FOLDER"),
    **dict.fromkeys(("train_head", "evaluate_svm", "evaluate_head", "evaluate_vgg", "evaluate_short_chunk_vgg"), DATA),
    **dict.fromkeys(("train_vgg", "train_short_chunk_vgg"), f"{DATA} --epochs 1 --no-augmentation"),
    **dict.fromkeys(("explain_svm", "explain_cnn", "explain_head"), "song.mp3"),
}
"""A target → what is given to it, where something is; some are then commands of the README."""

RUNNING = [target for target in TARGETS if target not in ("help", "run_app")]

for package in ("audiomentations", "captum", "shap"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the code, beside teachers with random weights, songs of genres, and small sounds for the demo."""
    packages = ("audiokit", "teachers", "pann", "yamnet", "efficientat", "exp_audioconcept")
    folder = copy_code(tmp_path_factory.mktemp("genres"), *packages)
    put_teachers(folder)
    write_genres(folder / "FOLDER")
    random = np.random.default_rng(5)
    soundfile.write(folder / "song.mp3", hum(3, random) + 0.1 * ticks(3, random), RATE)
    samples = folder / "exp_audioconcept" / "data" / "raw" / "sample_audio"
    samples.mkdir(parents=True)
    shutil.copy(folder / "song.mp3", samples)
    put_demo_sounds(folder / "exp_audioconcept")
    for name, pairs in IN_SMALL.items():
        replace_in(folder / "exp_audioconcept" / name, *pairs)
    return folder


def put_demo_sounds(folder):
    """Three recordings of two kinds where the demo would have fetched its own, and their checksums."""
    lines = []
    for kind in ("hum", "ticks"):
        lines.append(f"[{kind}]")
        for number in range(3):
            path = folder / "data" / "external" / "demo" / "recordings" / kind / f"{kind}{number}.ogg"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, GENRES[kind](4, np.random.default_rng(number)), RATE)
            lines.append(f'{kind}{number} = "sha256:{sha256(path)}"')
    (folder / "demo_sounds.toml").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def python(folder):
    with python_in(folder, "torch._dynamo", "captum.attr", "shap", "audiomentations") as python:
        yield python


@pytest.fixture(scope="module")
def done(python):
    """What each command of the README came to, in their order."""
    done = {}
    for command in COMMANDS:
        called = " ".join(python.call(command).arguments)
        more = [option for part, options in SHORTER.items() if part in called for option in options]
        done[command] = python.run(command, *more)
    return done


@pytest.fixture(scope="module")
def made(python, done):
    """What each target of the Makefile came to that is no command of the README, and the command that each other is."""
    known = {python.call(command): command for command in COMMANDS}
    made = {}
    for target in TARGETS:
        command = f'make -C exp_audioconcept {target} OPTIONS="{OPTIONS.get(target, "")}"'
        if target in RUNNING:
            made[target] = known.get(python.call(command)) or python.run(command, stdin="1\n")
    return made


@pytest.fixture
def told(done):
    """What the command printed in which a text occurs."""
    return lambda part: next(done[command].stdout for command in COMMANDS if part in command)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_runs(done, command):
    assert done[command].returncode == 0, done[command].stderr


@pytest.mark.parametrize("target", RUNNING)
def test_a_target_is_a_command_of_the_readme_or_runs(made, target):
    assert made[target] in COMMANDS or made[target].returncode == 0, made[target].stderr


def test_the_demo_tests_on_what_it_has_not_heard_and_explains_some_of_it(told, folder):
    *_, tested, explained = re.split("that were not heard|Open them in a browser:", told("demo"))
    assert "always the most frequent genre: 0.500" in tested
    pages = re.findall(r"^/.*index\.html$", explained, flags=re.MULTILINE)
    heard = read_model_file(folder / "exp_audioconcept" / "models" / "demo_head_model.pt")[1][HEARD]
    for kind, page in zip(("hum", "ticks"), map(Path, pages), strict=True):
        assert page.parent.name.startswith(kind) and f"{kind}/{page.parent.name}.wav" not in heard
        assert page.stat().st_size > 10000


def test_a_look_tells_songs_lengths_and_the_split(told):
    genre, *rows, split = told(".dataset").splitlines()
    assert genre.split() == ["genre", "songs", "shortest", "median", "longest"]
    assert [row.split() for row in rows] == [[name, "6", *("2.5", "s") * 3] for name in sorted(GENRES)]
    assert split == "split stratified: 11 to train, 3 to choose by, 4 to test"


def test_features_are_a_table(folder):
    with open(folder / "exp_audioconcept" / "data" / "processed" / "features.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), len(rows[0])) == (18, 60)  # 58 features of a song


def test_models_hold_what_they_were_trained_with(made, folder):
    paths = (folder / "exp_audioconcept" / "models").glob("*_model.pt")
    models = {path.stem.removesuffix("_model"): read_model_file(path)[1] for path in paths}
    assert set(models) == {"best_SVM", "best_CNN", "best_head", "best_VGGish", "best_short_VGGish", "demo_head"}
    assert all(model["genres"] == sorted(GENRES) for name, model in models.items() if name != "demo_head")
    assert models["best_CNN"]["length"] == n_samples(14.9)
    assert models["best_short_VGGish"]["length"] == n_samples(3.96)
    assert (models["best_head"]["teacher"], models["demo_head"]["teacher"]) == ("mn04_as", "YamNet")


def test_tests_tell_accuracy_and_leave_confusions(told, made):
    for text in (told(".evaluate"), *(made[f"evaluate_{kind}"].stdout for kind in ("svm", "head", "vgg"))):
        assert re.search(r"^accuracy \d\.\d{4} \(.* with 95 %\) on 4 songs, macro F1", text, flags=re.MULTILINE)
        (picture,) = re.findall(r"^/.*_confusion_matrix_.*\.png$", text, flags=re.MULTILINE)
        assert Path(picture).stat().st_size > 5000
    assert "on 4 songs" in made["evaluate_short_chunk_vgg"].stdout


def test_models_are_compared_seed_by_seed_and_over_both(told):
    rows = [line.split()[:2] for line in told("main_doce").splitlines() if line.startswith(("SVM", "CNN"))]
    assert rows == [[model, seed] for model in ("SVM", "CNN") for seed in ("0", "1", "all")]


def test_a_prediction_is_a_page_and_a_table(told, made, folder):
    assert Path(told(".predict").splitlines()[-1]).stat().st_size > 10000
    with open(folder / "exp_audioconcept" / "reports" / "predictions" / "song" / "scores.csv", newline="") as file:
        assert next(csv.reader(file)) == ["start_s", "end_s", *sorted(GENRES)]
    for kind in ("svm", "cnn", "vgg", "head"):
        assert "which one? 1 to 1 [1]" in made[f"predict_{kind}"].stdout
        assert "song.mp3: " in made[f"predict_{kind}"].stdout


def test_an_explanation_is_a_page_with_sounds_and_numbers(told, made):
    page = Path(told(".explain").splitlines()[-1])
    there = {path.name for path in page.parent.iterdir()}
    assert {"index.html", "explanation.json", "song.wav", "parts.wav", "bands.wav", "beats.wav"} <= there
    numbers = json.loads((page.parent / "explanation.json").read_text())
    assert set(numbers["concepts"]) == {"parts", "bands", "beats"}
    for kind in ("svm", "head"):
        assert made[f"explain_{kind}"].stdout.splitlines()[-1] == str(page)
    assert made["explain_cnn"] == "python3 -m exp_audioconcept.explain --model CNN song.mp3"


def test_another_python_can_be_named(python):
    call = python.call("make -C exp_audioconcept features PYTHON='python3 -X utf8' OPTIONS='--data FOLDER'")
    assert call.arguments == ("-X", "utf8", "-m", "exp_audioconcept.features", "--data", "FOLDER")
    assert call.folder == python.folder


def test_help_lists_the_targets(folder):
    listed = subprocess.run(["make", "-C", "exp_audioconcept"], cwd=folder, capture_output=True, text=True, check=True)
    rows = [line.split(maxsplit=1) for line in listed.stdout.splitlines() if not line.startswith("make")]
    assert [name for name, about in rows if about] == TARGETS


def test_the_page_is_the_script_that_streamlit_runs(python):
    assert python.call("make -C exp_audioconcept run_app").arguments[1:] == (
        *("streamlit", "run", "exp_audioconcept/app.py"),  # by test_genre_app.py
    )


@pytest.mark.parametrize("target", re.findall(r"make -C exp_audioconcept (\w+)", README))
def test_a_target_that_is_named_is_one(target):
    assert target in TARGETS


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)", README):
        assert (HERE / link).exists(), link
