"""`generate_audio.py` makes a complete folder of each recording, or says in one line why not."""

import csv
import errno
import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from audio_fixtures import noise, octave_levels, save_transcoders, save_yamnet, scene, write
from matplotlib.image import imread
from script_fixtures import files_in, run_script

import generate_audio
from audiokit.paths import REFERENCE_MODELS
from audiokit.reports.figures import new_figure
from audiokit.sound.audio import load
from spectral_transcoder.listening import figures, generate
from spectral_transcoder.listening.generate import DEFAULT_TRANSCODERS, choose_teacher, prepare
from spectral_transcoder.listening.sounds import SoundWriter
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import third_octave
from teachers.registry import load_teacher

ROOT = Path(generate_audio.__file__).parent
GROUND_TRUTH = "groundtruth_mel"
RESULTS = {"index.html", "tags.csv"}

pytestmark = pytest.mark.usefixtures("no_trained_transcoders")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A YAMNet with weights by the recipe, and nothing trained for it."""
    return save_yamnet(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def all_models(tmp_path_factory):
    """The same, with stand-ins for the trained CNNs."""
    return save_transcoders(save_yamnet(tmp_path_factory.mktemp("all_models")))


@pytest.fixture
def run_and_draw(tmp_path, models, capsys):
    """Run the script on files; gives the exit status, and what it printed and complained about."""

    def run(*arguments, output=tmp_path / "out", models=models):
        options = ["--output", output, "--models", models, "--transcoders", "pinv", "--iterations", 1]
        options = [option for option in options if option is not None]
        return run_script(generate_audio.main, capsys, *options, *arguments)

    return run


@pytest.fixture
def run(run_and_draw, monkeypatch):
    """The same without pictures, whose drawing takes most of the time that a short recording takes."""
    monkeypatch.setattr(figures, "spectrogram_figure", lambda *_, **__: new_figure(1, 1))
    return run_and_draw


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def sounds_of(stem, names=(GROUND_TRUTH, "pinv")):
    return {f"{stem}_original.wav", *(f"{stem}_generated_from_{name}.wav" for name in names)}


def contents(folder):
    return {name: (folder / name).read_bytes() for name in files_in(folder)}


def read_tags(folder):
    with open(folder / "tags.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_complete(folder, recording, *, silent=False):
    """All files are there, and sound as long as the recording."""
    stem = recording.stem
    assert files_in(folder) == RESULTS | {f"{stem}_spectrograms.png"} | sounds_of(stem)
    original, rate = soundfile.read(folder / f"{stem}_original.wav", dtype="float32")
    assert rate == 32000
    np.testing.assert_array_equal(original, load(recording, sample_rate=32000))
    n_samples = len(load(recording, sample_rate=16000))
    for name in (GROUND_TRUTH, "pinv"):
        sound, rate = soundfile.read(folder / f"{stem}_generated_from_{name}.wav", dtype="float32")
        assert (rate, len(sound)) == (16000, n_samples)
        assert np.isfinite(sound).all()
        assert (np.abs(sound).max() < 1e-3) == silent
    tags = read_tags(folder)
    assert list(tags[0]) == ["label", GROUND_TRUTH, "pinv"]
    assert len({row["label"] for row in tags}) == 521
    assert all(0 <= float(row[name]) <= 1 for row in tags for name in (GROUND_TRUTH, "pinv"))
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert page.count("<audio") == 3


# Recordings of every kind


def stereo(samples):
    return np.stack([samples, noise(len(samples), level=0.01)], axis=1)


KINDS = {
    "stereo.wav": (stereo(scene(1.6)), 32000, {}),
    "low_rate.wav": (scene(1.6, 8000), 8000, {}),
    "high_rate.wav": (scene(1.6, 96000), 96000, {}),
    "cd.wav": (stereo(scene(1.6, 44100)), 44100, {"subtype": "PCM_16"}),
    "deep.wav": (scene(1.6, 48000), 48000, {"subtype": "PCM_24"}),
    "double.wav": (40 * scene(1.6), 32000, {"subtype": "DOUBLE"}),
    "a.mp3": (scene(1.6, 44100), 44100, {"format": "MP3"}),
    "a.ogg": (scene(1.6, 44100), 44100, {"format": "OGG"}),
    "a.flac": (scene(1.6, 44100), 44100, {"format": "FLAC"}),
    "an_eighth.wav": (scene(0.125), 32000, {}),
    "short.wav": (scene(0.3), 32000, {}),
    "nearly.wav": (scene(0.95), 32000, {}),
    "one.wav": (scene(1), 32000, {}),
    "one_and_a_bit.wav": (scene(1.1)[:32050], 32000, {}),
    "one_and_50_of_16_khz.wav": (scene(1.1, 16000)[:16050], 16000, {}),
    "eleven.wav": (scene(10.9), 32000, {}),
    "silence.wav": (np.zeros(40000), 32000, {}),
    "half_silence.wav": (np.append(scene(1), np.zeros(48000)), 32000, {}),
    "with space & Ünïcode ß.wav": (scene(1), 32000, {}),
    "many.dots.in.it.wav": (scene(1), 32000, {}),
    "percent %20 # ? ' ;.wav": (scene(1), 32000, {}),
    "UPPER.WAV": (scene(1), 32000, {"subtype": "PCM_16"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_recordings_of_every_kind_become_a_complete_folder(tmp_path, run, out, kind):
    samples, rate, written = KINDS[kind]
    if written.get("format") == "MP3" and "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile writes no mp3")
    recording = write(tmp_path / kind, samples, rate, **written)
    status, printed, complaints = run(recording)
    told = f"{recording}: it is silent: all of its samples are the same\n" if kind == "silence.wav" else ""
    assert (status, complaints) == (0, told)
    assert str(out / recording.stem / "index.html") in printed
    assert_complete(out / recording.stem, recording, silent=kind == "silence.wav")


@pytest.mark.parametrize("kind", ["stereo.wav", "an_eighth.wav", "silence.wav", "with space & Ünïcode ß.wav"])
def test_pictures_are_drawn_of_recordings_of_every_kind(tmp_path, run_and_draw, out, kind):
    samples, rate, written = KINDS[kind]
    recording = write(tmp_path / kind, samples, rate, **written)
    assert run_and_draw(recording)[0] == 0
    picture = imread(out / recording.stem / f"{recording.stem}_spectrograms.png")
    # Spectrograms, not only text: less than half is white.
    assert (picture[..., :3].min(axis=-1) < 0.9).mean() > 0.5


def test_a_wav_that_is_cut_off_is_used_as_far_as_it_goes(tmp_path, run, out):
    recording = write(tmp_path / "cut.wav", scene(3))
    recording.write_bytes(recording.read_bytes()[:-100_000])
    told = f"{recording}: there are only 2.219 of the 3 s that its header tells: the rest is missing or damaged\n"
    status, _, complaints = run(recording)
    assert (status, complaints) == (0, told)
    assert_complete(out / "cut", recording)
    assert "there are only 2.219 of the 3 s" in (out / "cut" / "index.html").read_text(encoding="utf-8")
    assert soundfile.info(out / "cut" / "cut_original.wav").duration == pytest.approx(3 - 25000 / 32000, abs=0.01)


def test_names_may_hold_dollar_signs(tmp_path, run_and_draw, out):
    recording = write(tmp_path / "take $1_$ of 2.wav", scene(1))
    assert run_and_draw(recording)[0] == 0
    assert_complete(out / recording.stem, recording)


@pytest.mark.filterwarnings("error")
def test_names_in_any_script_raise_no_warnings(tmp_path, run_and_draw, out):
    recording = write(tmp_path / "鳥の声.wav", scene(1))
    assert run_and_draw(recording)[0] == 0
    assert_complete(out / recording.stem, recording)


# Recordings that cannot be used


def text(path):
    path.write_text("This is no sound.\n" * 100)


def nothing(path):
    path.touch()


def begin_of_a_flac(path):
    write(path, noise(64000), format="FLAC", subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:2000])


def not_a_number(path):
    samples = noise(32000)
    samples[16000] = np.nan
    write(path, samples)


def too_short(path):
    write(path, noise(3999))


def no_samples(path):
    write(path, np.zeros(0))


def missing(path):
    pass


def folder(path):
    path.mkdir()


UNUSABLE = {
    text: "Format not recognised",
    nothing: "Format not recognised",
    begin_of_a_flac: "flac decoder lost sync",
    not_a_number: "first at 0.500 s",
    too_short: "too short",
    no_samples: "0 samples",
    missing: "no recording",
    folder: "is a folder",
}


@pytest.mark.parametrize("make", UNUSABLE, ids=lambda make: make.__name__)
def test_what_cannot_be_used_gives_one_line_and_no_files(tmp_path, run, out, make):
    recording = tmp_path / "bad.wav"
    make(recording)
    status, printed, complaints = run(recording)
    assert (status, printed) == (1, "")
    assert complaints.count("\n") == 1
    assert complaints.startswith("error: ")
    assert UNUSABLE[make] in complaints
    assert str(recording) in complaints
    assert files_in(out) == set()
    assert not (out / "bad").exists()


def test_one_that_cannot_be_used_does_not_stop_the_others(tmp_path, run, out):
    good = [write(tmp_path / f"{name}.wav", scene(1)) for name in "ac"]
    bad = tmp_path / "b.wav"
    text(bad)
    status, printed, complaints = run(good[0], bad, tmp_path / "nowhere.wav", good[1])
    assert status == 1
    assert [line.split(" ")[0] for line in complaints.splitlines()] == ["error:"] * 2
    assert [line for line in printed.splitlines() if line.endswith(".html")] == [
        str(out / name / "index.html") for name in "ac"
    ]
    for recording in good:
        assert_complete(out / recording.stem, recording)
    assert not (out / "b").exists()


# Where things go


@pytest.mark.parametrize("below", [".", "inside/deep"])
def test_an_output_below_a_file_gives_one_line(tmp_path, run, below):
    recording = write(tmp_path / "a.wav", scene(1))
    (tmp_path / "file").touch()
    status, printed, complaints = run(recording, output=tmp_path / "file" / below)
    assert (status, printed) == (1, "")
    assert re.fullmatch(r"error: cannot write to the folder .*: name another one with --output\n", complaints)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for the administrator")
def test_an_output_that_is_read_only_gives_one_line(tmp_path, run, out):
    recording = write(tmp_path / "a.wav", scene(1))
    out.mkdir(mode=0o500)
    status, _, complaints = run(recording)
    assert status == 1
    assert complaints.count("\n") == 1
    assert "cannot write to the folder" in complaints


def test_two_recordings_of_one_name_do_not_overwrite_each_other(tmp_path, run, out):
    first = write(tmp_path / "here" / "a.wav", scene(1))
    second = write(tmp_path / "there" / "a.flac", scene(2), subtype="PCM_16")
    status, _, complaints = run(first, second)
    assert status == 1
    assert complaints == f"error: {second} would overwrite what is made of {first}: rename it, or use --output\n"
    assert_complete(out / "a", first)


def test_a_recording_that_could_not_be_used_does_not_block_another_of_its_name(tmp_path, run, out):
    text(tmp_path / "a.ogg")
    good = write(tmp_path / "a.wav", scene(1))
    run(tmp_path / "a.ogg", good)
    assert_complete(out / "a", good)


def test_the_same_recording_twice_is_done_twice(tmp_path, run, out):
    recording = write(tmp_path / "a.wav", scene(1))
    status, printed, complaints = run(recording, recording)
    assert (status, complaints) == (0, "")
    assert printed.count("index.html") == 2
    assert_complete(out / "a", recording)


def test_a_second_run_gives_the_same_again(tmp_path, run_and_draw, out):
    recording = write(tmp_path / "a.wav", scene(1.3))
    run_and_draw(recording)
    first = contents(out)
    run_and_draw(recording)
    again = contents(out)
    assert first.keys() == again.keys()
    # The wav files bear the time at which they were written.
    assert {name for name in first if first[name] != again[name]} <= {f"a/{name}" for name in sounds_of("a")}
    for name in sounds_of("a"):
        sounds = [soundfile.read(io.BytesIO(files[f"a/{name}"]))[0] for files in (first, again)]
        np.testing.assert_array_equal(*sounds)


def test_names_without_a_folder_are_looked_up_in_the_audio_folder(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, complaints = run("surely_not_there.wav")
    assert status == 1
    assert str(ROOT / "audio" / "surely_not_there.wav") in complaints


# Interruptions


@pytest.fixture
def interrupt(monkeypatch):
    """Let the next runs be interrupted by an error: at the second block of sounds, or in a function afterwards."""

    def interrupt(error, where):
        def fail(*_, **__):
            raise error

        def add(writer, mels, *, is_last):
            return fail() if is_last else add_first(writer, mels, is_last=is_last)

        add_first = SoundWriter.add
        if where == "sounds":
            monkeypatch.setattr(SoundWriter, "add", add)
        else:
            monkeypatch.setattr(generate, where, fail)

    return interrupt


@pytest.fixture
def recording_of_two_blocks(tmp_path):
    return write(tmp_path / "a.wav", scene(12))


@pytest.mark.parametrize("where", ["sounds", "write_tags", "write_page"])
def test_after_ctrl_c_there_are_no_half_files(run, out, interrupt, recording_of_two_blocks, where):
    interrupt(KeyboardInterrupt(), where)
    status, _, complaints = run(recording_of_two_blocks)
    assert status == 130
    assert complaints.count("\n") == 1
    assert complaints.startswith("stopped")
    made = files_in(out / "a")
    assert not any(".part" in name for name in made)
    finished = {"sounds": set(), "write_tags": sounds_of("a") | {"a_spectrograms.png"}}
    finished["write_page"] = finished["write_tags"] | {"tags.csv"}
    assert made == finished[where]
    for name in made & sounds_of("a"):
        assert soundfile.info(out / "a" / name).duration == 12


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")], ids=["ctrl-c", "full disk"]
)
def test_after_an_interruption_a_former_runs_files_are_as_they_were(
    run, out, interrupt, recording_of_two_blocks, error
):
    run(recording_of_two_blocks)
    before = contents(out)
    assert {Path(name).name for name in before} == RESULTS | sounds_of("a") | {"a_spectrograms.png"}
    write(recording_of_two_blocks, scene(12, seed=9))
    interrupt(error, "sounds")
    assert run(recording_of_two_blocks)[0] != 0
    assert contents(out) == before


def test_after_an_interruption_the_same_command_completes_the_folder(run, out, recording_of_two_blocks, monkeypatch):
    with monkeypatch.context() as during:
        during.setattr(generate, "write_page", interrupted)
        assert run(recording_of_two_blocks)[0] == 130
    assert run(recording_of_two_blocks)[0] == 0
    assert_complete(out / "a", recording_of_two_blocks)


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["sounds", "write_tags", "write_page"])
def test_a_full_disk_gives_one_line(run, out, interrupt, recording_of_two_blocks, where):
    interrupt(OSError(errno.ENOSPC, "No space left on device"), where)
    status, _, complaints = run(recording_of_two_blocks)
    assert status == 1
    assert complaints.count("\n") == 1
    assert "the disk is full" in complaints
    assert not any(".part" in name for name in files_in(out))


@contextmanager
def largest_file(n_bytes):
    """Let no file grow beyond a size, as on a disk that is nearly full."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform != "linux", reason="the size of files cannot be limited here")
def test_a_disk_that_is_really_full_gives_one_line(tmp_path, run, out):
    recording = write(tmp_path / "a.wav", scene(3))
    with largest_file(200_000):
        status, _, complaints = run(recording)
    assert status == 1
    assert complaints.count("\n") == 1
    assert files_in(out) == set()


# What is asked for and not there


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--teacher", "VGGish"], r"unknown teacher 'VGGish': choose one of PANN, YamNet, .*"),
        (["--transcoders", "lstm"], r"no transcoder 'lstm' for YamNet: there are pinv"),
        (["--transcoders", "pinv", "cnn_mels"], r"no transcoder 'cnn_mels' for YamNet: there are pinv"),
        (["--device", "quantum"], r"there is no device 'quantum' here: use --device cpu"),
        (["--device", "cuda:99"], r"there is no device 'cuda:99' here: use --device cpu"),
        (["--teacher_weights", "nowhere.pth"], r"the weights of YamNet are missing \(nowhere\.pth\): .*"),
        (["--teacher", "mn04_as", "--teacher_weights", "nowhere.pt"], r"the weights of mn04_as are missing .*"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_there_is_named_in_one_line(tmp_path, run, out, arguments, expected):
    recording = write(tmp_path / "a.wav", scene(1))
    status, printed, complaints = run(recording, *arguments)
    assert (status, printed) == (1, "")
    assert re.fullmatch(f"error: {expected}\n", complaints)
    assert files_in(out) == set()


def test_all_transcoders_that_are_there_are_used_by_default_and_the_others_named(tmp_path, models, all_models):
    few, all_ = (prepare(models=folder) for folder in (models, all_models))
    assert (few.teacher_name, list(few.transcoders)) == ("YamNet", ["pinv"])
    assert list(all_.transcoders) == list(DEFAULT_TRANSCODERS)
    assert all_.notes == ()
    for name, note in zip(("CNN-logits", "TCN"), few.notes, strict=True):
        assert note.startswith(f"{name} is left out")
        assert "\n" not in note
    assert "download_pretrained_models.py --only paper_transcoders" in few.notes[0]


@pytest.mark.parametrize(
    ("teacher", "rate", "command"),
    [("PANN", 32000, "PANN"), ("YamNet", 16000, "yamnet"), ("mn04_as", 32000, "mn04_as")],
)
def test_without_the_teachers_weights_all_but_the_tags_is_made(tmp_path, run, out, teacher, rate, command):
    recording = write(tmp_path / "a.wav", scene(1.2))
    status, printed, complaints = run(recording, "--teacher", teacher, models=tmp_path / "empty")
    assert status == 0
    assert printed == f"\n{out / 'a' / 'index.html'}\n"
    assert complaints == (
        f"No tags: the weights of {teacher} are missing. "
        f"Get them with: python3 download_pretrained_models.py --only {command}\n"
    )
    assert files_in(out / "a") == {"index.html", "a_spectrograms.png"} | sounds_of("a")
    for name in (GROUND_TRUTH, "pinv"):
        info = soundfile.info(out / "a" / f"a_generated_from_{name}.wav")
        assert (info.samplerate, info.duration) == (rate, 1.2)
    page = (out / "a" / "index.html").read_text()
    assert "<li " not in page
    assert f"No tags: the weights of {teacher} are missing." in page


def test_transcoders_are_taken_in_the_order_asked_and_once(models, all_models):
    asked = ["cnn_logits", "pinv", "cnn_logits"]
    assert list(prepare(transcoders=asked, models=all_models).transcoders) == ["cnn_logits", "pinv"]


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        ([], "PANN"),
        (["efficientat/mn04_as_mAP_432.pt"], "mn04_as"),
        (["efficientat/mn04_as_mAP_432.pt", "yamnet/yamnet.tflite"], "YamNet"),
        (["yamnet/yamnet.pth", "pann/ResNet38_mAP=0.434.pth"], "PANN"),
    ],
)
def test_the_default_teacher_is_the_first_whose_weights_are_there(tmp_path, present, chosen):
    for name in present:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert choose_teacher(tmp_path) == chosen


def test_without_weights_the_default_teacher_is_one_that_a_trained_transcoder_is_shipped_for(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "REFERENCE_MODELS", REFERENCE_MODELS)
    assert choose_teacher(tmp_path) == "YamNet"


@pytest.mark.parametrize("arguments", [["--iterations", "0"], ["--iterations", "many"], ["--nonsense"]])
def test_arguments_that_make_no_sense_are_refused(run, arguments):
    with pytest.raises(SystemExit) as caught:
        run("a.wav", *arguments)
    assert caught.value.code == 2


def test_help_needs_no_torch():
    code = (
        "import runpy, sys; sys.argv = ['generate_audio.py', '--help']\n"
        "try: runpy.run_path('generate_audio.py', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'librosa', 'matplotlib', 'soundfile'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for option in ("--output", "--teacher", "--transcoders", "--iterations", "--device", "--models", "--paper"):
        assert option in done.stdout


# What is in the files


@pytest.fixture(scope="module")
def generated(all_models, tmp_path_factory):
    """12.3 s with all transcoders: its folder, and what was printed."""
    folder = tmp_path_factory.mktemp("generated")
    recording = write(folder / "a.wav", scene(12.3))
    arguments = [recording, "--output", folder / "out", "--models", all_models, "--iterations", 8]
    done = subprocess.run(
        [sys.executable, ROOT / "generate_audio.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return folder / "out" / "a", recording, done.stdout


def test_all_versions_are_made(generated):
    folder = generated[0]
    names = (GROUND_TRUTH, *DEFAULT_TRANSCODERS)
    assert files_in(folder) == RESULTS | {"a_spectrograms.png"} | sounds_of("a", names)
    for name in sounds_of("a", names):
        info = soundfile.info(folder / name)
        assert info.duration == 12.3
        assert (info.channels, info.subtype) == (1, "FLOAT")


def test_scores_are_those_of_the_teacher_run_by_hand(generated, all_models):
    folder, recording, _ = generated
    teacher = load_teacher("YamNet", folder=all_models)
    mel = teacher.front_end(torch.from_numpy(load(recording, sample_rate=16000)))
    sound = torch.from_numpy(load(recording, sample_rate=32000))
    # Blocks of 10 s, each with the weight of its length.
    blocks = [(mel[:1000], sound[:320000], 10), (mel[1000:], sound[320000:], 2.3)]
    expected = {GROUND_TRUTH: 0, "pinv": 0}
    pinv = Pinv(teacher.front_end)
    with torch.no_grad():
        for part, samples, seconds in blocks:
            expected[GROUND_TRUTH] += teacher.scores(part[None])[0] * seconds / 12.3
            chunks = [samples[start : start + 32000] for start in range(0, len(samples), 32000)]
            mels = torch.cat([pinv(third_octave(chunk[None])) for chunk in chunks])
            expected["pinv"] += teacher.scores(mels).mean(dim=0) * seconds / 12.3
    for name, scores in expected.items():
        written = {row["label"]: float(row[name]) for row in read_tags(folder)}
        np.testing.assert_allclose([written[label] for label in teacher.labels], scores, atol=1e-4)


def test_the_printed_tags_are_the_highest_of_the_table(generated):
    folder, _, printed = generated
    rows = read_tags(folder)
    firsts = [float(row[GROUND_TRUTH]) for row in rows]
    assert firsts == sorted(firsts, reverse=True)
    head, titles, *lines = printed.strip().splitlines()[:12]
    assert head == "a.wav: what YamNet hears"
    columns = [match.start() for match in re.finditer(r"\S+( \S+)*", titles)]
    assert re.split(r" {2,}", titles) == ["Ground truth", "PINV", "CNN-mels", "CNN-logits", "TCN"]
    for name, start, end in zip((GROUND_TRUTH, *DEFAULT_TRANSCODERS), columns, [*columns[1:], None], strict=True):
        ordered = sorted(rows, key=lambda row, name=name: -float(row[name]))[:10]
        expected = [f"{float(row[name]):.2f} {row['label'][:26]}".strip() for row in ordered]
        shown = [line[start:end].strip() for line in lines]
        assert [entry[:4] for entry in shown] == [entry[:4] for entry in expected]
        # Where scores differ by less than the table shows, the order is not to be told from it.
        assert len(set(shown) & set(expected)) >= 9


def test_the_sound_of_the_ground_truth_has_its_mel_spectrogram(generated):
    folder, recording, _ = generated
    front_end = prepare(teacher="YamNet", models=folder).front_end
    wanted = front_end(torch.from_numpy(load(recording, sample_rate=16000)))
    sound = soundfile.read(folder / f"a_generated_from_{GROUND_TRUTH}.wav", dtype="float32")[0]
    assert (front_end(torch.from_numpy(sound)) - wanted).square().mean().sqrt() < 0.3


def test_the_sound_of_pinv_has_the_levels_of_the_recording(generated):
    folder, _, _ = generated
    original, pinv = (soundfile.read(folder / f"a_{name}.wav")[0] for name in ("original", "generated_from_pinv"))
    # Half as many samples make half the spectrum. PINV's values are powers, YAMNet's own are magnitudes.
    expected = octave_levels(original, n_octaves=4) - 20 * np.log10(2)
    np.testing.assert_allclose(octave_levels(pinv, 16000, n_octaves=4), expected, atol=2.5)


# As published


def test_the_papers_sounds_are_as_long_as_the_published_ones(tmp_path, run, out):
    recording = write(tmp_path / "a.wav", scene(2.3))
    status, _, complaints = run(recording, "--paper", "--teacher", "PANN", models=tmp_path / "empty")
    assert status == 0
    assert complaints.startswith("No tags")
    durations = {
        name: soundfile.info(out / "a" / f"a_{name}.wav").frames
        for name in ("original", f"generated_from_{GROUND_TRUTH}", "generated_from_pinv")
    }
    # A hop less than the frames: 231 of the teacher's, 101 for each second and what is left over.
    assert durations == {
        "original": 73600,
        f"generated_from_{GROUND_TRUTH}": 230 * 320,
        "generated_from_pinv": (3 * 101 - 1) * 320,
    }
    assert "--paper" in (out / "a" / "index.html").read_text()


# Length


def spend(tmp_path, minutes):
    """Peak memory in MB, of a process of its own that generates from a long recording; its output is deleted."""
    path = tmp_path / f"{minutes}.flac"
    time = np.arange(80000) / 8000
    with soundfile.SoundFile(path, "w", samplerate=8000, channels=1, subtype="PCM_16") as file:
        for index in range(6 * minutes):
            file.write(0.2 * np.sin(2 * np.pi * (200 + index) * time))
    code = (
        "import re, sys; from pathlib import Path; import generate_audio; from audiokit import cli\n"
        "status = cli.run(generate_audio.main)\n"
        # Not ru_maxrss, which a process inherits from the one that started it.
        "kilobytes = int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "print('peak', kilobytes / 1024)\n"
        "sys.exit(status)"
    )
    options = ["--teacher", "YamNet", "--models", tmp_path / "none", "--output", tmp_path / "out"]
    options += ["--transcoders", "pinv", "--iterations", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), *map(str, options)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    durations = {soundfile.info(sound).duration for sound in (tmp_path / "out" / str(minutes)).glob("*.wav")}
    shutil.rmtree(tmp_path / "out")
    path.unlink()
    assert durations == {60 * minutes}
    return float(re.search(r"peak ([\d.]+)", done.stdout)[1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted otherwise here")
def test_memory_does_not_grow_with_the_length(tmp_path):
    short, long = (spend(tmp_path, minutes) for minutes in (2, 16))
    assert long < 1300
    # A copy of fourteen minutes takes 107 MB at 32 kHz.
    assert long - short < 80
