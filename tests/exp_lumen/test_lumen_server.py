"""The server: requests at once are not mixed up, uploads work, paths stay inside, and faults are told with a 4xx."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from audio_fixtures import write
from lumen_fixtures import RATE, irmas_test, sound, write_table

from audiokit.paths import ROOT
from exp_lumen.evaluation.answering import answer, answer_as_json
from exp_lumen.evaluation.model_file import Model, load_model, save_model
from exp_lumen.instruments import CODES
from exp_lumen.networks.network import InstrumentNetwork
from exp_lumen.networks.specification import Specification
from exp_lumen.serving.places import without_root

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

MODEL = "first/checkpoints/CONVLSTM.ckpt"
ASK = {"model_ckpt_path": MODEL}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Folders of models and of recordings, and what must not be read beside them."""
    root = tmp_path_factory.mktemp("server")
    data = root / "data"
    pairs = list(combinations(CODES, 2))[:50]
    for number, (first, second) in enumerate(pairs):
        seconds = 1 + number % 3
        mixed = (sound(first, seed=number, seconds=seconds) + sound(second, seed=number, seconds=seconds)) / 2
        write(data / "songs" / f"{number:02d}.wav", mixed, RATE)
    irmas_test(data / "irmas")
    write(root / "secret.wav", sound("cel"), RATE)
    (data / "link.wav").symlink_to(root / "secret.wav")
    torch.manual_seed(0)
    network = InstrumentNetwork(Specification("CONVLSTM", head="attention").checked())
    draft = Model(network.eval(), {how: np.full(11, 0.5) for how in ("mean", "union")}, {})
    heard = answer(draft, sorted((data / "songs").glob("*.wav")), progress=False)
    # Halfway, so that answers differ from each other.
    thresholds = {how: np.median(heard.of_recordings(how), axis=0) for how in ("mean", "union")}
    for folder in ("first", "second"):
        path = root / "models" / folder / "checkpoints" / "CONVLSTM.ckpt"
        path.parent.mkdir(parents=True)
        save_model(path, Model(network, thresholds, {}))
    (root / "models" / "broken.ckpt").write_bytes(b"no model")
    save_model(root / "outside.ckpt", Model(network, thresholds, {}))
    return root


@pytest.fixture(scope="module")
def expected(places):
    """Answer for each recording, by its name, without a server."""
    model = load_model(places / "models" / MODEL)
    heard = answer(model, sorted((places / "data" / "songs").glob("*.wav")), progress=False)
    rows = zip(heard.paths, heard.of_recordings("mean"), strict=True)
    return {path.name: answer_as_json(row, model.thresholds["mean"]) for path, row in rows}


@contextmanager
def serving(places, *, most_megabytes=2):
    """A server in a process of its own; its address, and the process."""
    command = [sys.executable, str(ROOT / "exp_lumen" / "server.py"), "--port", "0", "--host", "127.0.0.1"]
    command += ["--model-dir", str(places / "models"), "--data-dir", str(places / "data"), "--longest", "0.3"]
    command += ["--largest-upload", str(most_megabytes)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment)
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"running on (http://[\d.]+:\d+)", line):
                yield found[1], process
                return
        pytest.fail(f"the server does not start: {''.join(lines)}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def client(places):
    with serving(places) as (url, _), httpx.Client(base_url=url, timeout=120, trust_env=False) as asking:
        yield asking


def upload(client, contents):
    files = [("audio_files", named) for named in contents.items()]
    return client.post("/model/predict-files", params=ASK, files=files)


def test_models_are_listed_the_latest_name_first(client):
    assert client.get("/models").json() == [
        "second/checkpoints/CONVLSTM.ckpt",
        "first/checkpoints/CONVLSTM.ckpt",
        "broken.ckpt",
    ]
    assert client.get("/dataset-types").json() == ["irmastrain", "irmastest", "openmic", "csv"]


def test_fifty_requests_at_once_have_the_answers_of_one_by_one(client, places, expected):
    paths = sorted((places / "data" / "songs").glob("*.wav"))
    assert len(paths) == 50 and len({json.dumps(row) for row in expected.values()}) > 10

    def ask(path):
        return upload(client, {path.name: path.read_bytes()}).json()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, paths))
    assert answers == [{path.name: expected[path.name]} for path in paths]


def test_fifty_real_recordings_at_once_are_not_mixed_up(client, places, shared):
    paths = sorted((shared / "data" / "genres").glob("*/*.ogg"))[:50]
    if len(paths) < 50:
        pytest.skip("there are no fifty clips of music in the reference data")
    model = load_model(places / "models" / MODEL)
    heard = answer(model, paths, progress=False).of_recordings("mean")
    expected = [
        {path.name: answer_as_json(row, model.thresholds["mean"])} for path, row in zip(paths, heard, strict=True)
    ]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda path: upload(client, {path.name: path.read_bytes()}).json(), paths))
    assert answers == expected


def test_several_uploads_of_any_format_come_back_by_their_names(client, tmp_path, expected, places):
    song = places / "data" / "songs" / "07.wav"
    soundfile.write(tmp_path / "x.flac", *soundfile.read(song))
    files = {"07.wav": song.read_bytes(), "é/x.flac": (tmp_path / "x.flac").read_bytes()}
    answers = upload(client, files).json()
    assert list(answers) == ["07.wav", "é/x.flac"]
    assert answers["07.wav"] == answers["é/x.flac"] == expected["07.wav"]


def test_nothing_plays_in_silence(client, tmp_path):
    soundfile.write(tmp_path / "silent.flac", np.zeros(8000, np.float32), 8000)
    answers = upload(client, {"silent.flac": (tmp_path / "silent.flac").read_bytes()}).json()
    assert answers == {"silent.flac": dict.fromkeys(CODES, 0)}


def test_recordings_of_the_served_folder_have_their_paths_as_names(client, expected):
    answers = client.post("/model/predict-directory", params=ASK, json=["songs", "songs/03.wav"]).json()
    assert answers == {f"songs/{name}": row for name, row in expected.items()}
    lines = client.post("/model/predict-directory-stream", params=ASK, json=["songs"]).text.splitlines()
    assert [json.loads(line) for line in lines] == [{f"songs/{name}": row} for name, row in expected.items()]


def test_a_labelled_set_is_measured_as_a_whole(client):
    datasets = [{"dataset_type": "irmastest", "dataset_path": "irmas"}]
    tested = client.post("/model/test-directory", params=ASK, json=datasets).json()
    assert tested["n"] == 22 == len(tested["predictions"])
    assert 0 <= tested["f1"] <= 1 and tested["hamming_score_of_all_zero"] == pytest.approx(9 / 11)
    lines = client.post("/model/test-directory-stream", params=ASK, json=datasets).text.splitlines()
    assert json.loads(lines[-1])["measures"] == {key: tested[key] for key in tested if key != "predictions"}
    assert {key: row for line in lines[:-1] for key, row in json.loads(line).items()} == tested["predictions"]


def status_and_reason(response):
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()["detail"]


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(99), 415, "'picture.png' is no recording"),
        ("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(99), 415, "picture.wav"),
        ("page.mp3", b"<!doctype html><p>hello", 415, "a web page"),
        ("empty.wav", b"", 415, "empty"),
        ("broken.wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40), 422, "broken.wav"),
        ("noise.wav", bytes(range(256)) * 50, 422, "noise.wav"),
    ],
)
def test_what_is_no_recording_is_refused_by_its_name(client, name, content, status, reason):
    got, told = status_and_reason(upload(client, {name: content}))
    assert got == status and reason in told and str(Path(tempfile.gettempdir())) not in told


def test_one_fault_among_several_uploads_is_told_by_its_name(client, places):
    good = (places / "data" / "songs" / "00.wav").read_bytes()
    assert status_and_reason(upload(client, {"a.wav": good, "b.wav": b"x"}))[1].startswith("cannot read b.wav")
    double = client.post("/model/predict-files", params=ASK, files=[("audio_files", ("a.wav", good))] * 2)
    assert status_and_reason(double) == (422, "two recordings are named 'a.wav': rename one")
    assert client.post("/model/predict-files", params=ASK).status_code == 422


def test_a_huge_upload_is_refused_whether_its_length_is_told_or_not(client):
    status, told = status_and_reason(upload(client, {"long.wav": bytes(3_000_000)}))
    assert status == 413 and "larger than 2 MB" in told

    def parts():
        yield b'--x\r\nContent-Disposition: form-data; name="audio_files"; filename="long.wav"\r\n\r\n'
        yield from [bytes(100_000)] * 30
        yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    streamed = client.post("/model/predict-files", params=ASK, content=parts(), headers=headers)
    assert status_and_reason(streamed) == (413, told)


def test_a_recording_that_is_small_and_lasts_for_hours_is_refused(client, tmp_path):
    soundfile.write(tmp_path / "still.flac", np.zeros(8000 * 60, np.float32), 8000)
    status, told = status_and_reason(upload(client, {"still.flac": (tmp_path / "still.flac").read_bytes()}))
    assert status == 422 and "still.flac lasts 60 s, and 18 s are heard" in told


@pytest.mark.parametrize("name", ["../outside.ckpt", "first/../../outside.ckpt", "/etc/passwd"])
def test_models_outside_of_their_folder_are_refused(client, name):
    assert status_and_reason(client.post("/model/predict-directory", params={"model_ckpt_path": name}, json=["songs"]))[
        0
    ] in (403, 404)


OUTSIDE = {"..": 403, "../secret.wav": 403, "/etc": 403, "link.wav": 403, "nowhere": 404, "a\0b": 404, "x" * 999: 404}


@pytest.mark.parametrize(("name", "status"), OUTSIDE.items())
def test_recordings_outside_of_their_folder_are_refused(client, name, status):
    for address in ("predict-directory", "predict-directory-stream"):
        assert status_and_reason(client.post(f"/model/{address}", params=ASK, json=[name]))[0] == status
    datasets = [{"dataset_type": "irmastest", "dataset_path": name}]
    assert client.post("/model/test-directory", params=ASK, json=datasets).status_code == status


def test_a_table_cannot_name_what_lies_outside(client, places):
    table = places / "data" / "table.csv"
    write_table(table, [{"file": "../secret.wav"} | dict.fromkeys(CODES, 0)], ["file", *CODES])
    datasets = [{"dataset_type": "csv", "dataset_path": "table.csv"}]
    assert status_and_reason(client.post("/model/test-directory", params=ASK, json=datasets))[0] == 403
    assert status_and_reason(client.post("/model/predict-directory", params=ASK, json=["table.csv"]))[0] == 403
    table.unlink()


def test_where_the_served_folder_lies_is_not_told(client, places):
    folder = places / "data" / "nothing"
    folder.mkdir()
    (folder / "none.csv").write_text("name\na.wav\n")
    for name, reason in (("nothing", "nothing holds no recordings"), ("nothing/none.csv", "none.csv has no column")):
        status, told = status_and_reason(client.post("/model/predict-directory", params=ASK, json=[name]))
        assert status == 404 and reason in told and str(places) not in told
    assert without_root(places, f"{places}/a/b.wav and {places}") == "a/b.wav and the folder that is served"


def test_a_recording_of_two_datasets_counts_once(client, places):
    songs = [f"songs/{number:02d}.wav" for number in range(3)]
    rows = [{"file": f"../{song}"} | dict.fromkeys(CODES, int(song.endswith("0.wav"))) for song in songs]
    for name, chosen in (("first", rows[:2]), ("second", rows[1:]), ("other", [rows[0] | {"cel": 0}])):
        write_table(places / "data" / "tables" / f"{name}.csv", chosen, ["file", *CODES])

    def test_on(*names):
        datasets = [{"dataset_type": "csv", "dataset_path": f"tables/{name}.csv"} for name in names]
        return client.post("/model/test-directory", params=ASK, json=datasets)

    assert [test_on(*names).json()["n"] for names in (["first"], ["first"] * 2, ["first", "second"])] == [2, 2, 3]
    status, told = status_and_reason(test_on("first", "other"))
    assert status == 422 and "'00.wav' comes twice, and with other labels" in told


def test_what_a_request_cannot_mean_is_told(client, places):
    def test_on(kind, path):
        datasets = [{"dataset_type": kind, "dataset_path": path}]
        return status_and_reason(client.post("/model/test-directory", params=ASK, json=datasets))

    assert test_on("csv", "songs")[0] == 406
    assert test_on("gtzan", "songs")[0] == 422
    status, told = test_on("irmastest", "songs")
    assert status == 422 and "00.wav has no labels" in told and str(places) not in told
    broken = client.post("/model/predict-directory", params={"model_ckpt_path": "broken.ckpt"}, json=["songs"])
    assert broken.status_code == 422
    missing = client.post("/model/predict-directory", params={"model_ckpt_path": "no.ckpt"}, json=["songs"])
    assert missing.status_code == 404
    assert client.post("/model/predict-directory", params=ASK, json=[]).status_code == 422


def test_one_that_cannot_be_used_is_told_in_the_stream_and_keeps_no_other(client, places):
    folder = places / "data" / "half"
    write(folder / "a.wav", sound("pia"), RATE)
    (folder / "b.wav").write_bytes(b"x")
    lines = client.post("/model/predict-directory-stream", params=ASK, json=["half"]).text.splitlines()
    first, second = map(json.loads, lines)
    assert set(first["half/a.wav"]) == set(CODES) and "half/b.wav" in second["half/b.wav"]["error"]
    assert client.post("/model/predict-directory", params=ASK, json=["half"]).status_code == 422


def test_the_page_answers_and_tells(client, places, expected):
    page = client.get("/")
    assert f"<option>{MODEL}</option>" in page.text
    good = ("audio_files", ("<07>.wav", (places / "data" / "songs" / "07.wav").read_bytes()))
    answered = client.post("/", data=ASK, files=[good])
    assert answered.status_code == 200 and "<th>&lt;07&gt;.wav</th>" in answered.text
    assert answered.text.count(">plays<") == sum(expected["07.wav"].values())
    told = client.post("/", data=ASK, files=[("audio_files", ("x.png", b"?"))])
    assert told.status_code == 415 and "is no recording" in told.text


def test_killed_and_started_again_it_serves(places, expected):
    content = (places / "data" / "songs" / "01.wav").read_bytes()
    for _ in range(2):
        with serving(places) as (url, process), httpx.Client(base_url=url, timeout=60, trust_env=False) as asking:
            assert upload(asking, {"01.wav": content}).json() == {"01.wav": expected["01.wav"]}
            process.send_signal(signal.SIGKILL)
            process.wait()
            with pytest.raises(httpx.TransportError):
                asking.get("/models")
