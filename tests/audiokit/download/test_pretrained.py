"""The registry of pretrained models, and its script, against a server on this machine."""

import functools
import http.server
import runpy
import threading
from hashlib import sha256

import pytest

from audiokit.download import pretrained
from audiokit.download.pretrained import describe, download_models, read_registry, select
from audiokit.errors import UserError
from audiokit.paths import ROOT
from teachers import registry as teachers

FILES = {"a.pt": b"a" * 1000, "b.pt": b"b" * 2000, "b.yaml": b"layers: 5\n", "spare=1.pt": b"spare"}
REGISTRY = """
[small]
folder = "small_nets"
base_url = "{url}/"
needed_for = "needed for small scores; all else works without it"
[small.models]
a = {{ file = "a.pt", size = 1000, checksum = "sha256:{sha}", default = true, about = "net a" }}
gone = {{ file = "gone.pt", default = true, fallback = "spare", about = "net that is no longer there" }}
spare = {{ file = "spare=1.pt", about = "net for when the other is gone" }}

[big]
folder = "big_nets"
base_url = "{url}/"
needed_for = "needed for big scores; all else works without it"
[big.models.b]
default = true
about = "net b and its settings"
files = [ {{ file = "b.pt" }}, {{ file = "b.yaml" }} ]
[big.models.small]
url = "{url}/a.pt"
file = "c.pt"
about = "net with the name of a group"
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Four models on a server, one of which it does not have; also the registry of the script."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served = tmp_path / "served"
    served.mkdir()
    for name, data in FILES.items():
        (served / name).write_bytes(data)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=served))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    toml = tmp_path / "models.toml"
    toml.write_text(
        REGISTRY.format(url=f"http://127.0.0.1:{server.server_port}", sha=sha256(FILES["a.pt"]).hexdigest())
    )
    registry = read_registry(toml)
    monkeypatch.setattr(pretrained, "read_registry", lambda: registry)
    yield registry
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def script():
    """`main` of the script, looked up after the registry is replaced."""
    return lambda *arguments: runpy.run_path(str(ROOT / "download_pretrained_models.py"))["main"](arguments)


def names(models):
    return [model.name for model in models]


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_bare_run_fetches_the_defaults_and_the_fallback_of_what_failed(registry, tmp_path):
    report = download_models(output=tmp_path / "out", registry=registry)
    assert names(report.ready) == ["a", "b", "spare"]
    assert names(report.failures) == ["gone"]
    assert files_below(tmp_path / "out") == [
        "big_nets/b.pt",
        "big_nets/b.yaml",
        "small_nets/a.pt",
        "small_nets/spare=1.pt",
    ]
    assert (tmp_path / "out" / "small_nets" / "a.pt").read_bytes() == FILES["a.pt"]


def test_each_failure_says_what_why_and_what_works_without_it(registry, tmp_path):
    report = download_models(["gone"], tmp_path / "out", registry=registry)
    (line,) = report.failure_lines()
    assert line.startswith("gone: cannot fetch http://127.0.0.1:")
    assert "404" in line
    assert line.endswith("; spare is there and serves in its place")
    report.ready.clear()
    assert report.failure_lines()[0].endswith("; needed for small scores; all else works without it")


def test_a_fallback_that_was_asked_for_is_fetched_once(registry, tmp_path):
    assert names(download_models(["gone", "spare"], tmp_path, registry=registry).ready) == ["spare"]


def test_names_groups_and_repetitions_are_resolved(registry):
    assert names(select(None, registry)) == ["a", "gone", "b"]
    assert names(select(["b", "big", "a"], registry)) == ["b", "small", "a"]
    assert names(select(["small"], registry)) == ["small"]  # a model goes before a group
    assert names(select(["B", "A"], registry)) == ["b", "a"]


def test_an_unknown_name_is_refused_before_anything_is_fetched(registry, tmp_path):
    with pytest.raises(UserError, match="there is no model 'c': --list shows all names; the groups are small, big"):
        download_models(["a", "c"], tmp_path / "out", registry=registry)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_said_once(registry, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match="cannot write to the folder"):
        download_models(output=tmp_path / "out", registry=registry)


def test_the_table_tells_what_is_here_and_how_large_the_rest_is(registry, tmp_path):
    download_models(["b"], tmp_path, registry=registry)
    header, a, *_, b, small = describe(registry.values(), tmp_path).splitlines()
    assert header.split() == ["name", "default", "here", "MB", "goes", "to", "about"]
    assert a.split() == ["a", "yes", "no", "0.0", "small_nets/a.pt", "net", "a"]
    assert b.split()[:4] == ["b", "yes", "yes", "?"]
    assert "big_nets/ (2 files)" in b
    assert small.split()[:3] == ["small", "no", "?"]


def test_the_script_ends_with_1_and_one_line_when_a_model_failed(registry, script, tmp_path, capsys):
    assert script("--output", str(tmp_path / "out")) == 1
    out, err = capsys.readouterr()
    assert out == f"in {tmp_path / 'out'}: a, b, spare\n"
    assert err.splitlines()[-1].startswith("failed: gone: ")
    assert err.count("failed: ") == 1


def test_the_script_ends_with_0_when_all_asked_for_is_there(registry, script, tmp_path, capsys):
    assert script("--only", "a", "b", "--output", str(tmp_path / "out")) == 0
    assert capsys.readouterr().err == ""


def test_the_script_lists_without_fetching(registry, script, tmp_path, capsys):
    assert script("--list", "--output", str(tmp_path / "out")) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(registry)
    assert not (tmp_path / "out").exists()


def test_the_registry_knows_where_every_file_comes_from():
    for model in read_registry().values():
        for file in model.files:
            assert (file.url or "").startswith("https://") or (file.wheel and file.member)
            assert not file.path.is_absolute()


def test_the_registry_marks_what_a_bare_run_gets():
    registry = read_registry()
    assert names(select(None, registry)) == [
        "efficientnet_b0",
        "efficientnet_b7",
        "cnn_logits_pann",
        "cnn_mels_pann",
        "cnn_logits_yamnet",
        "pann",
        "yamnet",
        "mn04_as",
        "mn10_as",
    ]
    assert registry["yamnet"].fallback == "yamnet_tflite"
    assert {model.fallback for model in registry.values()} <= {None, *registry}


@pytest.mark.parametrize("name", teachers.teacher_names())
def test_the_weights_of_each_teacher_come_under_the_name_that_it_gives(name):
    module = teachers.module_of(name)
    (model,) = select([module.download_name(name)], read_registry())
    assert [str(file.path) for file in model.files] == [module.weight_files(name)[0]]


def test_names_of_files_are_quoted_in_addresses():
    file = read_registry()["cnn_logits_pann"].files[0]
    assert "/reference_models/classifier%3DPANN%2Bdataset%3Dfull%2B" in file.url
    assert file.path.name.startswith("classifier=PANN+dataset=full+")


def test_no_two_files_go_to_the_same_place():
    places = [file.path for model in read_registry().values() for file in model.files]
    assert len(set(places)) == len(places) == 31
