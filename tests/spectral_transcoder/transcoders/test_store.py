"""Trained transcoders on disk are found, read without running code, and refused where they are damaged."""

import pytest
import torch
import yaml
from recipe import fill
from safetensors.torch import save_file
from torch.testing import assert_close

from audiokit.errors import UserError
from spectral_transcoder.transcoders.store import (
    StoredTranscoder,
    TranscoderSettings,
    build_transcoder,
    find_transcoders,
    load_transcoder,
    read_recordings,
    save_transcoder,
    short_name,
)

PAPER_LOGITS = "classifier=PANN+dataset=full+epoch=200+prop_logit=100+step=train+transcoder=cnn_pinv+ts=1"
PAPER_MELS = "classifier=PANN+dataset=full+epoch=200+step=train+transcoder=cnn_pinv+ts=0"

CNN = {
    "model_type": "cnn_pinv",
    "mels_type": "PANN",
    "cnn_kernel_size": 3,
    "cnn_dilation": 1,
    "cnn_nb_layers": 3,
    "cnn_nb_channels": 4,
}
MLP = {"model_type": "mlp", "mels_type": "YamNet", "mlp_hl_1": 3, "mlp_hl_2": 5}
KINDS = {
    "cnn_pinv": CNN,
    "cnn_pinv for mn04": CNN | {"mels_type": "mn04_as", "cnn_dilation": 2},
    "mlp": MLP,
    "mlp_pinv": MLP | {"model_type": "mlp_pinv"},
    "effnet_b0": {"model_type": "effnet_b0", "mels_type": "YamNet"},
    "self": {"model_type": "self", "mels_type": "YamNet"},
}


def build(settings):
    return build_transcoder(TranscoderSettings(**settings))


def store(folder, settings, *, stem="mine", seed=0, **more):
    """Save a transcoder as ours are; gives it."""
    torch.manual_seed(seed)
    transcoder = build(settings).eval()
    folder.mkdir(exist_ok=True)
    save_file(transcoder.state_dict(), folder / f"{stem}.safetensors")
    (folder / f"{stem}.yaml").write_text(yaml.safe_dump(settings | more))
    return transcoder


def store_as_the_paper(folder, settings, identifier, *, seed=0):
    """Save a transcoder as the paper's are; gives it."""
    torch.manual_seed(seed)
    transcoder = build(settings).eval()
    folder.mkdir(exist_ok=True)
    torch.save(transcoder.state_dict(), folder / f"{identifier}_model")
    text = yaml.safe_dump(settings) + "input_shape: !!python/tuple\n- 8\n- 64\noutput_shape: !!python/tuple [101, 64]\n"
    (folder / f"{identifier}_model_settings.yaml").write_text(text)
    return transcoder


def load_only(folder, teacher="PANN"):
    (stored,) = find_transcoders(teacher, [folder]).values()
    return load_transcoder(stored)


def outputs(transcoder):
    levels = 40 + 40 * torch.rand(2, 8, 29, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return transcoder(levels)


# There and back


@pytest.mark.parametrize("kind", KINDS)
def test_transcoders_come_back_as_they_were_stored(tmp_path, kind):
    settings = KINDS[kind]
    stored = store(tmp_path, settings)
    loaded = load_only(tmp_path, settings["mels_type"])
    assert_close(outputs(loaded), outputs(stored), rtol=0, atol=0)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert outputs(build(settings)).sub(outputs(loaded)).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("kind", "gives_mel"),
    [("cnn_pinv", True), ("mlp", True), ("mlp_pinv", True), ("effnet_b0", False), ("self", False)],
)
def test_it_is_known_what_gives_a_mel_spectrogram(tmp_path, kind, gives_mel):
    store(tmp_path, KINDS[kind])
    (stored,) = find_transcoders(KINDS[kind]["mels_type"], [tmp_path]).values()
    assert stored.settings.gives_mel == gives_mel
    n_labels = 521
    shape = outputs(load_transcoder(stored)).shape
    assert shape[1:] == ((101 if kind == "cnn_pinv" else 96, 64) if gives_mel else (n_labels,))


def test_each_setting_goes_where_it_belongs():
    settings = CNN | {"cnn_kernel_size": 5, "cnn_dilation": 2, "cnn_nb_layers": 4, "cnn_nb_channels": 7}
    convolutions = [layer for layer in build(settings).mod_conv if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [7, 7, 7, 1]
    assert [layer.kernel_size for layer in convolutions] == [(3, 5)] * 4
    assert [layer.dilation for layer in convolutions] == [(1, 1), (1, 2), (1, 2), (1, 1)]
    for model_type in ("mlp", "mlp_pinv"):
        mlp = build(MLP | {"model_type": model_type})
        assert (mlp.input_fc.out_features, mlp.hidden_fc.out_features) == (3, 5)


def test_unknown_kinds_are_refused_with_a_list_of_the_known():
    with pytest.raises(UserError, match=r"unknown type of transcoder 'lstm': cnn_pinv, tcn_pinv, mlp, mlp_pinv, self"):
        build(CNN | {"model_type": "lstm"})
    with pytest.raises(UserError, match="unknown teacher 'VGGish'"):
        build(CNN | {"mels_type": "VGGish"})


# The paper's files


def test_a_saved_transcoder_is_found_under_its_name(tmp_path):
    folder = tmp_path / "models"
    transcoder = build(CNN).eval()
    path = save_transcoder(folder, "mycity", transcoder.state_dict(), CNN | {"epochs": 20})
    assert sorted(path.name for path in folder.iterdir()) == ["PANN_mycity.safetensors", "PANN_mycity.yaml"]
    assert path.stat().st_mode & 0o777 == (folder / "PANN_mycity.yaml").stat().st_mode & 0o777
    (stored,) = find_transcoders("PANN", [folder]).values()
    assert stored == StoredTranscoder("mycity", TranscoderSettings(**CNN), path)
    assert_close(load_transcoder(stored).state_dict(), transcoder.state_dict(), rtol=0, atol=0)


def test_a_transcoder_may_bring_a_list_of_what_it_was_trained_on(tmp_path):
    (tmp_path / "mine.csv").write_text("recording,fold\n17367,1\nstreet_7,2\n17367,1\n")
    heard = read_recordings(tmp_path / "mine.csv")
    path = save_transcoder(tmp_path / "models", "mycity", build(CNN).state_dict(), CNN, recordings=heard)
    (stored,) = find_transcoders("PANN", [tmp_path / "models"]).values()
    assert stored.recordings == path.parent / "PANN_mycity_recordings.csv"
    assert stored.training_recordings == {"17367", "street_7"}


def test_transcoders_without_a_list_were_trained_on_nothing_known(tmp_path):
    store(tmp_path / "ours", CNN)
    store_as_the_paper(tmp_path / "paper", CNN, PAPER_MELS)
    for folder in (tmp_path / "ours", tmp_path / "paper"):
        (stored,) = find_transcoders("PANN", [folder]).values()
        assert stored.training_recordings == frozenset()


def test_transcoders_may_share_a_list(tmp_path):
    (tmp_path / "shared.csv").write_text("\ufeffrecording\n1\n", encoding="utf-8")
    for stem in ("a", "b"):
        store(tmp_path, CNN, stem=stem, training_recordings="shared.csv")
    assert [stored.training_recordings for stored in find_transcoders("PANN", [tmp_path]).values()] == [{"1"}] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the recordings in .*list.csv"),
        (b"\xff\xfe\xfa", "cannot read the recordings in .*list.csv"),
        (b"", "list.csv lists no recordings: it needs the column recording"),
        (b"name\n17367\n", "list.csv lists no recordings: it needs the column recording"),
    ],
)
def test_lists_that_are_none_are_refused_when_they_are_read(tmp_path, content, message):
    store(tmp_path, CNN, training_recordings="list.csv")
    if content is not None:
        (tmp_path / "list.csv").write_bytes(content)
    (stored,) = find_transcoders("PANN", [tmp_path]).values()
    with pytest.raises(UserError, match=message):
        _ = stored.training_recordings


@pytest.mark.parametrize(
    ("factors", "name"),
    [
        ("transcoder=cnn_pinv+ts=0", "cnn_mels"),
        ("prop_logit=100+transcoder=cnn_pinv+ts=1", "cnn_logits"),
        ("prop_logit=50+transcoder=cnn_pinv+ts=1", "cnn_hybrid"),
        ("transcoder=effnet_b0+ts=1", "effnet_b0"),
    ],
)
def test_identifiers_have_short_names(factors, name):
    assert short_name(f"classifier=PANN+dataset=full+step=train+{factors}") == name


def test_the_papers_files_are_read_with_their_python_tuples(tmp_path):
    stored = store_as_the_paper(tmp_path, CNN, PAPER_LOGITS)
    found = find_transcoders("PANN", [tmp_path])
    settings = TranscoderSettings(**CNN)
    assert found == {"cnn_logits": StoredTranscoder("cnn_logits", settings, tmp_path / f"{PAPER_LOGITS}_model")}
    assert_close(outputs(load_transcoder(found["cnn_logits"])), outputs(stored), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        (PAPER_LOGITS, "cnn_logits"),
        (PAPER_MELS, "cnn_mels"),
        ("classifier=PANN+step=train+transcoder=mlp_pinv+ts=1", "mlp_pinv"),
        ("mine", "mine"),
    ],
)
def test_the_papers_identifiers_become_short_names(tmp_path, identifier, name):
    store_as_the_paper(tmp_path, CNN, identifier)
    assert list(find_transcoders("PANN", [tmp_path])) == [name]


@pytest.mark.parametrize(("teacher", "names"), [("PANN", {"cnn_logits", "cnn_mels"}), ("YamNet", {"cnn_logits"})])
def test_the_published_transcoders_are_found_and_loaded(shared, teacher, names):
    found = find_transcoders(teacher, [shared / "weights" / "paper_transcoders"])
    assert found.keys() == names
    for name, stored in found.items():
        assert stored.settings == TranscoderSettings("cnn_pinv", teacher, 5, 1, 5, 64)
        loaded = load_transcoder(stored)
        assert sum(parameter.numel() for parameter in loaded.parameters()) == 186497
        assert f"ts={1 if name == 'cnn_logits' else 0}_model" in stored.weights.name


# Where they are looked for


def test_what_is_in_an_earlier_folder_goes_first(tmp_path):
    ours = store(tmp_path / "ours", CNN, seed=1, name="cnn_logits")
    papers = store_as_the_paper(tmp_path / "paper", CNN, PAPER_LOGITS, seed=2)
    mels = store_as_the_paper(tmp_path / "paper", CNN, PAPER_MELS, seed=3)
    folders = [tmp_path / "ours", tmp_path / "paper"]
    found = find_transcoders("PANN", folders)
    assert set(found) == {"cnn_logits", "cnn_mels"}
    assert_close(outputs(load_transcoder(found["cnn_logits"])), outputs(ours), rtol=0, atol=0)
    assert_close(outputs(load_transcoder(found["cnn_mels"])), outputs(mels), rtol=0, atol=0)
    first = find_transcoders("PANN", folders[::-1])["cnn_logits"]
    assert_close(outputs(load_transcoder(first)), outputs(papers), rtol=0, atol=0)


def test_ours_are_called_by_their_name_or_else_their_file(tmp_path):
    store(tmp_path, CNN, stem="a", name="cnn_long")
    store(tmp_path, CNN, stem="b")
    assert set(find_transcoders("PANN", [tmp_path])) == {"cnn_long", "b"}


def test_each_teacher_has_its_own(tmp_path):
    store(tmp_path, CNN, stem="a")
    store(tmp_path, CNN | {"mels_type": "YamNet"}, stem="b")
    assert {name: set(find_transcoders(name, [tmp_path])) for name in ("PANN", "YamNet", "mn04_as")} == {
        "PANN": {"a"},
        "YamNet": {"b"},
        "mn04_as": set(),
    }


def test_settings_without_weights_and_missing_folders_are_passed_over(tmp_path):
    store(tmp_path, CNN)
    (tmp_path / "mine.safetensors").unlink()
    (tmp_path / "notes.txt").write_text("nothing")
    assert find_transcoders("PANN", [tmp_path, tmp_path / "nowhere"]) == {}


# Damage


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch {marker}']",
        "model_type: !!python/object/apply:os.mkdir ['{marker}']\nmels_type: PANN",
        "model_type: !!python/name:os.system\nmels_type: PANN",
        "model_type: !!python/object/new:os.system ['touch {marker}']\nmels_type: PANN",
        "model_type: !!python/module:os\nmels_type: PANN",
    ],
)
def test_settings_never_run_code(tmp_path, text):
    store(tmp_path / "store", CNN)
    marker = tmp_path / "marker"
    (tmp_path / "store" / "mine.yaml").write_text(text.format(marker=marker))
    with pytest.raises(UserError, match=r"mine\.yaml is damaged: could not determine a constructor for the tag"):
        find_transcoders("PANN", [tmp_path / "store"])
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"text", b"a: b", b"model_type: cnn_pinv", b"{", b"\t- a", b"\xff\xfe\xfa", b"? [a]\n: b"],
    ids=repr,
)
def test_damaged_settings_are_refused_by_their_name(tmp_path, content):
    store(tmp_path, CNN)
    (tmp_path / "mine.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"mine\.yaml is (damaged|no settings file of a transcoder)") as caught:
        find_transcoders("PANN", [tmp_path])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("cnn_kernel_size", None), ("cnn_kernel_size", "five"), ("cnn_nb_channels", None), ("cnn_nb_channels", -1),
     ("cnn_nb_layers", None), ("model_type", "mlp")],
)  # fmt: skip
def test_settings_that_make_no_network_are_refused(tmp_path, key, value):
    store(tmp_path, CNN)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(CNN | {key: value}))
    with pytest.raises(UserError, match="mine"):
        load_only(tmp_path)


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(0, id="empty"),
        pytest.param(4, id="four bytes"),
        pytest.param(0.5, id="half"),
        pytest.param(None, id="text"),
    ],
)
def test_damaged_weights_of_ours_are_refused_by_their_name(tmp_path, keep):
    store(tmp_path, CNN)
    damage(tmp_path / "mine.safetensors", keep)
    with pytest.raises(UserError, match=r"mine\.safetensors is damaged"):
        load_only(tmp_path)


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(0, id="empty"),
        pytest.param(4, id="four bytes"),
        pytest.param(0.5, id="half"),
        pytest.param(0.999, id="nearly all"),
        pytest.param(None, id="text"),
    ],
)
def test_damaged_weights_of_the_paper_are_refused_by_their_name(tmp_path, keep):
    store_as_the_paper(tmp_path, CNN, PAPER_MELS)
    damage(tmp_path / f"{PAPER_MELS}_model", keep)
    with pytest.raises(UserError, match=r"_model is damaged or no weight file"):
        load_only(tmp_path)


def damage(path, keep):
    content = path.read_bytes()
    if keep is None:
        path.write_text("<html>404 Not Found</html>\n" * 10)
    else:
        path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])


def test_weights_of_another_network_are_refused(tmp_path):
    store(tmp_path, CNN)
    other = fill(build(CNN | {"cnn_nb_channels": 5})).state_dict()
    save_file(other, tmp_path / "mine.safetensors")
    with pytest.raises(UserError, match=r"mine\.safetensors does not hold the weights of this network: size mismatch"):
        load_only(tmp_path)


@pytest.mark.parametrize("content", [[torch.zeros(2)], torch.zeros(2)], ids=["list", "tensor"])
def test_weights_that_are_no_state_dict_are_refused(tmp_path, content):
    store_as_the_paper(tmp_path, CNN, PAPER_MELS)
    torch.save(content, tmp_path / f"{PAPER_MELS}_model")
    with pytest.raises(UserError, match="_model"):
        load_only(tmp_path)


def test_weights_with_code_in_them_are_refused(tmp_path):
    store_as_the_paper(tmp_path, CNN, PAPER_MELS)
    torch.save({"weight": build(CNN)}, tmp_path / f"{PAPER_MELS}_model")
    with pytest.raises(UserError, match=r"_model holds Python objects \(.*CNNPinv\) beside tensors"):
        load_only(tmp_path)
