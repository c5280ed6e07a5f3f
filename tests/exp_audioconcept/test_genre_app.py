"""The local page: a song and a model are chosen, told and explained."""

import sys

import numpy as np
import pytest
import soundfile
import torch
from genre_fixtures import RATE, hum
from streamlit.testing.v1 import AppTest

from audiokit.paths import ROOT
from exp_audioconcept.classifiers.learned import MEAN_SPECTRUM
from exp_audioconcept.classifiers.model_file import write_model_file
from exp_audioconcept.networks.kinds import create_network, n_samples

SCRIPT = ROOT / "exp_audioconcept" / "app.py"
"""What `make -C exp_audioconcept run_app` opens."""

PATIENCE = 120
"""s, of a busy machine."""


def page(folder):
    from exp_audioconcept import app

    app.main(samples=folder / "samples", models=folder / "models", pages=folder / "pages")


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """Streamlit puts its script in the place of the main module, which processes that tests start look for."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "samples").mkdir()
    soundfile.write(tmp_path / "samples" / "song.wav", hum(5, np.random.default_rng(0)), RATE)
    soundfile.write(tmp_path / "samples" / "zero.wav", np.zeros(5 * RATE), RATE)
    length = n_samples(4.2)
    torch.manual_seed(0)
    network = create_network("CNN", 3, length=length, adaptive=True)
    settings = {"genres": ["hiss", "hum", "ticks"], "length": length, "adaptive": True, MEAN_SPECTRUM: [-40.0] * 128}
    (tmp_path / "models").mkdir()
    state = network.state_dict()
    write_model_file(tmp_path / "models" / "best_CNN_model.pt", kind="CNN", settings=settings, state=state)
    return tmp_path


def shown(folder):
    return AppTest.from_function(page, args=(folder,), default_timeout=PATIENCE).run()


@pytest.mark.slow
def test_a_song_is_explained_on_the_page(folder):
    app = shown(folder)
    assert not app.exception
    assert [button.label for button in app.button] == ["Predict", "Explain"]
    app.button[1].click().run()
    assert not app.exception
    assert not app.error
    assert (folder / "pages" / "song" / "index.html").is_file()


def test_silence_is_told_of_and_has_no_genre(folder):
    app = shown(folder)
    app.selectbox[1].set_value(folder / "samples" / "zero.wav").run()
    app.button[0].click().run()
    assert [error.value for error in app.error] == ["zero.wav is silent: it has no genre"]


def test_without_a_model_one_is_to_be_trained(folder):
    (folder / "models" / "best_CNN_model.pt").unlink()
    app = shown(folder)
    assert "train one with" in app.info[0].value
    assert not app.button


def test_the_script_draws_the_page_whatever_is_there():
    app = AppTest.from_file(SCRIPT, default_timeout=PATIENCE).run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Which genre, and why?"]
    assert [box.label for box in app.selectbox][:1] == ["Model"]
