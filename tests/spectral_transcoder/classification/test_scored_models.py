"""What a teacher hears through goes by a name, and each is scored once."""

import pytest
from audio_fixtures import save_tagger, save_transcoders, save_yamnet

from spectral_transcoder.classification import scored_models
from spectral_transcoder.classification.scored_models import find_models


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A YamNet, stand-ins for the transcoders, one of them by the name of that for recordings, and a tagger."""
    folder = save_transcoders(save_yamnet(tmp_path_factory.mktemp("models")))
    save_tagger(folder)
    for suffix in (".safetensors", ".yaml"):
        tcn = folder / "reference_models" / f"tcn_YamNet{suffix}"
        clips = tcn.with_name(f"tcn_clips_YamNet{suffix}")
        clips.write_bytes(tcn.read_bytes().replace(b"name: tcn", b"name: tcn_clips"))
    return folder


@pytest.fixture(autouse=True)
def none_of_ours(folder, monkeypatch):
    monkeypatch.setattr(scored_models, "REFERENCE_MODELS", folder / "reference_models")


@pytest.mark.parametrize("names", [["tagger", "tcn_clips", "tcn"], ["tcn", "tcn_clips", "tagger"]])
def test_a_tagger_is_heard_beside_the_transcoder_for_recordings_and_both_are_scored(folder, names):
    models, notes = find_models(["YamNet"], names, folder=folder)
    assert notes == []
    assert [model.transcoder for model in models] == names
    by_name = {model.transcoder: model for model in models}
    assert by_name["tagger"].stored == by_name["tcn_clips"].stored
    assert by_name["tagger"].tagger.name == "tagger"
    assert by_name["tcn"].stored != by_name["tcn_clips"].stored
    assert by_name["tcn"].tagger is None


def test_what_has_two_names_is_scored_once(folder):
    models, notes = find_models(["YamNet"], ["cnn", "cnn_logits"], folder=folder)
    assert [model.transcoder for model in models] == ["cnn"]
    assert notes == ["cnn_logits is left out for YamNet: it is the same as cnn"]
