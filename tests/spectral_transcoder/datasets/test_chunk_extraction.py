"""Recordings become the dataset that the paper's code makes of them, whatever happens on the way."""

import errno
import itertools
import multiprocessing
import os
import random
import signal
import sys
import time

import numpy as np
import pytest
import soundfile
import torch
from audio_fixtures import RECORDINGS, noise, scene, write
from dataset_fixtures import TAU, attributes, content, make, tau_rows, write_tables, write_tau
from torch.testing import assert_close

from audiokit.errors import UserError
from audiokit.sound import headers
from audiokit.sound.audio import load
from audiokit.storage import row_writer
from audiokit.storage.journal import partial_folder
from spectral_transcoder.datasets import chunk_extraction, device_extraction
from spectral_transcoder.datasets.chunk_dataset import load_split, open_chunks
from spectral_transcoder.datasets.chunk_extraction import Extractor
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_split import Ratios

ALL_TO_TRAIN = Recipe(ratios=Ratios(1, 0, 0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tau(tmp_path_factory.mktemp("tau"), 9)


@pytest.fixture(scope="module")
def expected(folder):
    """Content of the dataset that is made without a break."""
    return content(make(folder, folder / "expected")[0])


def rows_of(path, name, split="train"):
    """Arrays of one recording."""
    with open_chunks(path) as dataset:
        rows = [row for row, fname in enumerate(dataset.fnames(split)) if fname.rpartition("_")[0] == name]
        return {key: values[rows] for key, values in dataset.load(split).items()}


# The numbers


@pytest.mark.parametrize("name", ["birds", "street"])
def test_the_numbers_are_those_of_the_paper(shared, golden, tmp_path, name):
    source = shared / RECORDINGS[name]
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / source.name).symlink_to(source)
    path, summary = make(tmp_path / "sounds", tmp_path, recipe=ALL_TO_TRAIN)
    assert summary.n_chunks["train"] == 10
    arrays = load_split(path, "train")
    tolerances = {"third_octave": ("tho_db", 5e-5), "mel_pann": ("mel_pann", 4e-4), "mel_yamnet": ("mel_yamnet", 2e-5)}
    for key, (original, tolerance) in tolerances.items():
        assert_close(arrays[key][:3], golden(f"golden_{name}")[original].float(), atol=tolerance, rtol=0)


def test_each_recording_is_normalised_cut_and_transformed_by_itself(folder, tmp_path):
    path, _ = make(folder, tmp_path)
    with open_chunks(path) as dataset:
        names = {fname.rpartition("_")[0] for fname in dataset.fnames("train")}
    features = ChunkFeatures(("PANN", "YamNet"))
    for name in names:
        seconds = {rate: torch.from_numpy(load(folder / TAU / name, sample_rate=rate)) for rate in (32000, 16000)}
        direct = features({rate: waveform.reshape(2, rate) for rate, waveform in seconds.items()})
        for key, values in rows_of(path, name).items():
            assert torch.equal(values, direct[key])


def test_two_processes_make_the_same_as_one(folder, expected, tmp_path):
    assert content(make(folder, tmp_path, workers=2)[0]) == expected


def test_a_city_is_in_one_split_only(folder, tmp_path):
    path, _ = make(folder, tmp_path, recipe=Recipe(split_by_city=True))
    with open_chunks(path) as dataset:
        assert {name.split("-")[1] for name in dataset.fnames("valid")} == {"lisbon", "prague"}


def test_the_layout_fixture_of_tau_2022_is_understood(shared, tmp_path):
    source = shared / "data/layout_fixtures/tau2022uas_mobile/TAU-urban-acoustic-scenes-2022-mobile-development"
    name = "audio/airport-lisbon-1000-40000-0-a.wav"
    (tmp_path / "tau").mkdir()
    (tmp_path / "tau/audio").symlink_to(source / "audio")
    write_tables(tmp_path / "tau", [(name, "airport")])
    path, summary = make(tmp_path / "tau", tmp_path, recipe=ALL_TO_TRAIN)
    assert summary.n_chunks["train"] == 1
    with open_chunks(path) as dataset:
        assert dataset.fnames("train") == [f"{name}_0"]


# Any folder


def test_any_folder_of_any_recordings_will_do(tmp_path, capsys):
    sounds = tmp_path / "sounds"
    write(sounds / "Straße/läuft.wav", scene(2.5, 44100), 44100)
    write(sounds / "Straße/low.wav", scene(1, 8000), 8000)
    write(sounds / "park/high.flac", np.stack([scene(3, 96000), scene(3, 96000, seed=1)], axis=1), 96000)
    write(sounds / "short.ogg", noise(16000), 32000)
    path, summary = make(sounds, tmp_path, recipe=ALL_TO_TRAIN)
    assert summary.is_complete
    assert summary.notes == ["short.ogg is shorter than a second"]
    with open_chunks(path) as dataset:
        rows = dict(zip(dataset.fnames("train"), dataset.scenes("train"), strict=True))
        assert dataset.attributes["dataset_type"] == "folder"
        assert dataset.attributes["audio_dataset"] == "sounds"
    assert rows == {
        "Straße/läuft.wav_0": "Straße", "Straße/läuft.wav_1": "Straße", "Straße/low.wav_0": "Straße",
        "park/high.flac_0": "park", "park/high.flac_1": "park", "park/high.flac_2": "park",
    }  # fmt: skip
    expected = load(sounds / "park/high.flac", sample_rate=16000)
    direct = ChunkFeatures(("YamNet",)).front_ends["mel_yamnet"](torch.from_numpy(expected).reshape(3, -1))[:, :96]
    assert torch.equal(rows_of(path, "park/high.flac")["mel_yamnet"], direct)
    assert "--dataset_type is ignored" in capsys.readouterr().err


def test_long_recordings_are_read_in_blocks(tmp_path, monkeypatch):
    write(tmp_path / "sounds/a.wav", noise(25 * 8000), 8000)
    calls = []
    call = ChunkFeatures.__call__
    monkeypatch.setattr(ChunkFeatures, "__call__", lambda self, seconds: calls.append(seconds) or call(self, seconds))
    make(tmp_path / "sounds", tmp_path, recipe=ALL_TO_TRAIN)
    assert [len(seconds[32000]) for seconds in calls] == [10, 10, 5]


def test_a_folder_is_not_split_by_city(tmp_path):
    write(tmp_path / "a.wav", noise(32000))
    with pytest.raises(UserError, match="leave --split_by_city out"):
        make(tmp_path, tmp_path / "out", recipe=Recipe(split_by_city=True))


# Recordings that cannot be used


@pytest.fixture
def with_faults(tmp_path):
    """TAU with one file that is no sound, one that is missing, one that breaks off at once, and one that is short."""
    write_tau(tmp_path, 10)
    broken = [tmp_path / TAU / name for name, _ in tau_rows(10)]
    broken[3].write_text("no sound")
    broken[5].unlink()
    write(broken[6], noise(88200), 44100, format="FLAC", subtype="PCM_16")
    broken[6].write_bytes(broken[6].read_bytes()[:2000])
    write(broken[8], noise(4410), 44100)
    return tmp_path


def test_without_them_the_dataset_is_not_completed(with_faults):
    path, summary = make(with_faults, with_faults / "out")
    assert not summary.is_complete
    assert not path.exists()
    reasons = [summary.unreadable[tau_rows(10)[number][0]] for number in (3, 5, 6)]
    assert [reason.partition("(")[2].partition(")")[0] for reason in reasons] == [
        "Format not recognised",
        "No such file or directory",
        "Error : flac decoder lost sync",
    ]
    assert summary.notes == [f"{tau_rows(10)[8][0]} is shorter than a second"]


@pytest.mark.parametrize("workers", [1, 2])
def test_unless_they_may_be_left_out(with_faults, workers, monkeypatch, capsys):
    make(with_faults, with_faults / "out")
    path, summary = make(with_faults, with_faults / "out", skip_errors=True, workers=workers)
    assert "going on: 6 of 7 recordings are done" in capsys.readouterr().err
    assert summary.is_complete
    assert len(summary.unreadable) == 3
    faulty = {tau_rows(10)[number][0] for number in (3, 5, 6, 8)}
    count = 0
    for split in ("train", "valid", "eval"):
        with open_chunks(path) as dataset:
            names = [fname.rpartition("_")[0] for fname in dataset.fnames(split)]
            assert dataset.group(split).attrs["n_files"] == len(set(names))
        assert not faulty & set(names)
        for name in names:
            direct = make_alone(with_faults, name, with_faults / "alone" / name)
            for key, values in rows_of(path, name, split).items():
                assert torch.equal(values, direct[key])
        count += len(names)
    assert count == sum(summary.n_chunks.values()) == 12


def make_alone(folder, name, output):
    (output / "sounds").mkdir(parents=True, exist_ok=True)
    link = output / "sounds/a.wav"
    link.unlink(missing_ok=True)
    link.symlink_to(folder / TAU / name)
    return load_split(make(output / "sounds", output, recipe=ALL_TO_TRAIN)[0], "train")


def test_recordings_that_are_shorter_than_their_headers_say_leave_no_gap(folder, tmp_path, monkeypatch):
    read = headers.read_header

    def promise_more(path):
        header = read(path)
        return headers.Header(header.sample_rate, header.n_samples + 44100 * ("-3-3-" in path.name), header.stamp)

    monkeypatch.setattr(headers, "read_header", promise_more)
    path, summary = make(folder, tmp_path)
    assert summary.notes == [f"{tau_rows(9)[3][0]} has 2 of the 3 seconds that its header tells"]
    assert sum(summary.n_chunks.values()) == 18
    with open_chunks(path) as dataset:
        for split in ("train", "valid", "eval"):
            assert dataset.n_chunks(split) == len(dataset.load(split)["third_octave"])
            assert dataset.load(split)["third_octave"].max() > 0


def test_none_that_can_be_used_is_told(tmp_path):
    write(tmp_path / "sounds/a.wav", noise(100))
    with pytest.raises(UserError, match=r"no recording in .*sounds has a second of sound"):
        make(tmp_path / "sounds", tmp_path, recipe=ALL_TO_TRAIN)


# Going on


def count_extractions(monkeypatch):
    calls = []
    call = Extractor.__call__
    monkeypatch.setattr(Extractor, "__call__", lambda self, file: calls.append(file.name) or call(self, file))
    return calls


def journalled(path):
    journal = partial_folder(path) / "journal"
    return max(0, journal.read_bytes().count(b"\n") - 1) if journal.exists() else 0


def make_and_die(folder, output, survived):
    """Make a dataset, but be killed when the files of it are touched for the n-th time."""
    counter = itertools.count()

    def die_in_time(event, arguments):
        touches = event in ("fsync", "open", "os.rename", "os.remove", "os.rmdir", "os.mkdir")
        if touches and str(output) in str(arguments[0]) and next(counter) == survived:
            os.kill(os.getpid(), signal.SIGKILL)

    fsync = os.fsync
    os.fsync = lambda number: (die_in_time("fsync", [output]), fsync(number))
    sys.addaudithook(die_in_time)
    make(folder, output)


def make_with(folder, output, workers):
    make(folder, output, workers=workers)


def in_a_process(function, *arguments, method="fork"):
    process = multiprocessing.get_context(method).Process(target=function, args=arguments)
    process.start()
    return process


@pytest.mark.slow
def test_killed_at_any_step_it_goes_on_to_the_same(tmp_path):
    write_tau(tmp_path, 3, seconds=1)
    expected = content(make(tmp_path, tmp_path / "expected")[0])
    for survived in itertools.count():
        output = tmp_path / str(survived)
        process = in_a_process(make_and_die, tmp_path, output, survived)
        process.join()
        path, summary = make(tmp_path, output)
        assert summary.is_complete
        assert content(path) == expected
        assert [file.name for file in path.parent.iterdir() if not file.name.startswith("tmp")] == ["chunks.h5"]
        if process.exitcode == 0:
            break
    assert survived > 20


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Enough recordings to be killed in between, and the content of the dataset."""
    folder = write_tau(tmp_path_factory.mktemp("many"), 40, seconds=1)
    return folder, content(make(folder, folder / "expected")[0])


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "method"), [(1, "fork"), (2, "forkserver")])
def test_killed_five_times_at_random_it_does_nothing_twice(many, tmp_path, monkeypatch, workers, method):
    folder, expected = many
    generator = random.Random(workers)
    done = [0]
    for _ in range(5):
        process = in_a_process(make_with, folder, tmp_path, workers, method=method)
        path = tmp_path / "chunks/chunks.h5"
        while process.is_alive() and journalled(path) == done[-1]:  # until it is at work
            time.sleep(0.001)
        time.sleep(generator.uniform(0, 0.05))
        process.kill()
        process.join()
        if path.exists():
            break
        done.append(journalled(path))
    assert done == sorted(done)
    was_complete = path.exists()
    calls = count_extractions(monkeypatch)
    path, _ = make(folder, tmp_path)
    assert len(calls) == (0 if was_complete else 40 - done[-1])
    assert content(path) == expected


def test_a_full_disk_leaves_what_is_done(folder, expected, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        writes = itertools.count()
        write_all = row_writer._write_all

        def fill_up(file, rows):
            if next(writes) == 3 * 5 + 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            write_all(file, rows)

        patch.setattr(row_writer, "_write_all", fill_up)
        with pytest.raises(OSError, match="No space left") as caught:
            make(folder, tmp_path)
        assert caught.value.filename.endswith("rows.h5")
    calls = count_extractions(monkeypatch)
    path, _ = make(folder, tmp_path)
    assert "going on: 5 of 9 recordings are done" in capsys.readouterr().err
    assert len(calls) == 4
    assert content(path) == expected


def interrupt(folder, output, monkeypatch, *, after=4, **options):
    """Stop making a dataset after some recordings."""
    with monkeypatch.context() as patch:
        calls = itertools.count()
        call = Extractor.__call__

        def stop(self, file):
            if next(calls) == after:
                raise KeyboardInterrupt
            return call(self, file)

        patch.setattr(Extractor, "__call__", stop)
        with pytest.raises(KeyboardInterrupt):
            make(folder, output, **options)


def test_other_parameters_begin_anew_and_tell_why(folder, tmp_path, monkeypatch, capsys):
    interrupt(folder, tmp_path, monkeypatch)
    path, _ = make(folder, tmp_path, recipe=Recipe(seed=72))
    assert "is begun anew: seed was 71, is 72" in capsys.readouterr().err
    assert content(path) == content(make(folder, tmp_path / "other", recipe=Recipe(seed=72))[0])


def test_other_versions_begin_anew(folder, expected, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr("spectral_transcoder.datasets.dataset_recipe._version", lambda package: "0.0")
        interrupt(folder, tmp_path, patch)
    path, _ = make(folder, tmp_path)
    assert "version_torch was 0.0" in capsys.readouterr().err
    assert content(path) == expected


def test_changed_recordings_begin_anew(tmp_path, monkeypatch, capsys):
    write_tau(tmp_path, 5, seconds=1)
    interrupt(tmp_path, tmp_path / "out", monkeypatch, after=2)
    write(tmp_path / TAU / tau_rows(5)[0][0], noise(44100), 44100)
    calls = count_extractions(monkeypatch)
    make(tmp_path, tmp_path / "out")
    assert "is begun anew: the recordings have changed" in capsys.readouterr().err
    assert len(calls) == 5


@pytest.mark.parametrize("rest", [b"7", b"7 2", b"\x00\x00", b"\x00\x00\n4 1\n"])
def test_lines_that_a_crash_damaged_are_ignored(folder, expected, tmp_path, monkeypatch, rest):
    interrupt(folder, tmp_path, monkeypatch)
    with open(tmp_path / "chunks/chunks.h5.part/journal", "ab") as journal:
        journal.write(rest)
    interrupt(folder, tmp_path, monkeypatch, after=2)
    calls = count_extractions(monkeypatch)
    assert content(make(folder, tmp_path)[0]) == expected
    assert len(calls) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "journal").write_bytes(b"\x00\x00\n\x00"),
        lambda folder: (folder / "journal").write_bytes(b""),
        lambda folder: (folder / "rows.h5").unlink(),
        lambda folder: (folder / "journal").unlink(),
    ],
)
def test_what_a_crash_has_damaged_is_begun_anew(folder, expected, tmp_path, monkeypatch, damage):
    interrupt(folder, tmp_path, monkeypatch)
    damage(tmp_path / "chunks/chunks.h5.part")
    assert content(make(folder, tmp_path)[0]) == expected


def test_two_processes_do_not_make_the_same_dataset(folder, tmp_path, monkeypatch):
    call = Extractor.__call__

    def make_again(self, file):
        with pytest.raises(UserError, match=r"another process is making .*chunks\.h5\.part"):
            make(folder, tmp_path)
        return call(self, file)

    monkeypatch.setattr(Extractor, "__call__", make_again)
    assert make(folder, tmp_path)[1].is_complete


def test_a_complete_dataset_of_recordings_that_have_changed_since_is_not_believed(tmp_path):
    write_tau(tmp_path, 5, seconds=1)
    path, _ = make(tmp_path, tmp_path / "out")
    names = [name for name, _ in tau_rows(5)]
    (tmp_path / TAU / names[0]).unlink()  # what was only deleted is no reason
    assert make(tmp_path, tmp_path / "out")[1].is_complete
    write(tmp_path / TAU / names[1], noise(44100, seed=9), 44100)
    before = path.read_bytes()
    with pytest.raises(UserError, match=f"1 recordings have changed since, such as {names[1]}"):
        make(tmp_path, tmp_path / "out")
    assert path.read_bytes() == before


def test_a_complete_dataset_is_left_as_it_is(folder, tmp_path, monkeypatch, capsys):
    path, first = make(folder, tmp_path)
    before = path.read_bytes()
    calls = count_extractions(monkeypatch)
    again = make(folder, tmp_path)[1]
    assert (again.is_complete, again.n_chunks) == (True, first.n_chunks)
    assert "is there already" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"holds another dataset \(seed was 71, is 5\): delete it, or"):
        make(folder, tmp_path, recipe=Recipe(seed=5))
    assert not calls
    assert path.read_bytes() == before


# Devices


@pytest.mark.parametrize(("workers", "batch_seconds"), [(1, 4), (1, 50), (2, 5)])
def test_batches_of_many_recordings_give_the_same(folder, tmp_path, monkeypatch, workers, batch_seconds):
    """As on a GPU, but with the CPU computing."""
    monkeypatch.setattr(chunk_extraction, "DIRECT_DEVICES", ())
    monkeypatch.setattr(device_extraction, "BATCH_SECONDS", batch_seconds)
    path, _ = make(folder, tmp_path, workers=workers)
    direct, _ = make(folder, tmp_path / "direct")
    with open_chunks(path) as batched, open_chunks(direct) as plain:
        assert attributes(batched.group("train")) == attributes(plain.group("train"))
        for split in ("train", "valid", "eval"):
            assert batched.fnames(split) == plain.fnames(split)
            for key, values in plain.load(split).items():
                assert_close(batched.load(split)[key], values, atol=1e-3, rtol=0)


@pytest.mark.parametrize("faulty", [False, True])
def test_batches_go_on_where_they_were(folder, tmp_path, monkeypatch, faulty):
    monkeypatch.setattr(chunk_extraction, "DIRECT_DEVICES", ())
    monkeypatch.setattr(device_extraction, "BATCH_SECONDS", 5)
    expected = content(make(folder, tmp_path / "expected")[0])
    decode = device_extraction.Decoder.__call__
    calls = itertools.count()

    def stop(self, file):
        if next(calls) == 6:
            raise KeyboardInterrupt
        return decode(self, file)

    with monkeypatch.context() as patch:
        patch.setattr(device_extraction.Decoder, "__call__", stop)
        with pytest.raises(KeyboardInterrupt):
            make(folder, tmp_path)
    assert 0 < journalled(tmp_path / "chunks/chunks.h5") < 6
    assert content(make(folder, tmp_path)[0]) == expected


def test_missing_devices_are_refused(folder, tmp_path):
    with pytest.raises(UserError, match="there is no device 'cuda:77' here"):
        make(folder, tmp_path, device="cuda:77")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_makes_the_same(folder, tmp_path):
    path, _ = make(folder, tmp_path, device="cuda")
    direct, _ = make(folder, tmp_path / "cpu")
    for key, values in load_split(direct, "train").items():
        assert_close(load_split(path, "train")[key], values, atol=1e-3, rtol=0)


def test_soundfile_reads_what_the_fixtures_write(folder):
    assert soundfile.info(folder / TAU / tau_rows(1)[0][0]).subtype == "PCM_24"
