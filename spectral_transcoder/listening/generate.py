"""From a recording to its transcoded Mel spectrograms, their sounds and tags, and a page to compare them on."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.devices import choose_device
from audiokit.errors import UserError
from audiokit.files import make_folder, output_stem, readable, write_whole
from audiokit.memory import keep_memory
from audiokit.paths import AUDIO_GENERATED, REFERENCE_MODELS, ROOT
from audiokit.reports import figures
from audiokit.reports.page import Column, write_page
from audiokit.sound.audio import BLOCK_SAMPLES, write_wav
from audiokit.sound.each_recording import for_each_recording
from audiokit.storage.holding import hold, remove_parts
from spectral_transcoder.analysis import GROUND_TRUTH, Source, analyse, analyse_as_published
from spectral_transcoder.inversion import ITERATIONS
from spectral_transcoder.listening.figures import spectrogram_figure, third_octave_range
from spectral_transcoder.listening.sounds import SoundWriter, write_paper_sounds
from spectral_transcoder.listening.tags import WeightedMean, top_labels, top_table, write_tags
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import FAST, n_frames
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from teachers.registry import Teacher, find_weights, front_end_of, load_teacher, module_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from audiokit.sound.mel import MelFrontEnd

__all__ = [
    "DEFAULT_TRANSCODERS",
    "Generated",
    "Generator",
    "choose_teacher",
    "generate_all",
    "prepare",
    "transcoder_folders",
]

PREFERRED_TEACHERS = ("PANN", "YamNet", "mn10_as", "mn04_as")
"""The first whose weights are at hand is the default; without weights, the first with a trained transcoder."""

DEFAULT_TRANSCODERS = ("pinv", "cnn_mels", "cnn_logits", "tcn")

PUBLISHED = {("cnn_mels", "PANN"), ("cnn_logits", "PANN"), ("cnn_logits", "YamNet")}
"""Transcoders that the paper's repository offers."""

PAGE = "index.html"

TITLES = {
    GROUND_TRUTH: "Ground truth",
    "pinv": "PINV",
    "cnn_mels": "CNN-mels",
    "cnn_logits": "CNN-logits",
    "tcn": "TCN",
    "tcn_clips": "TCN for recordings",
    "tcn_sensors": "TCN for sensors",
}

TEXTS = {
    GROUND_TRUTH: "The recording's own Mel spectrogram, inverted: the best that an inversion can do.",
    "pinv": "Third octaves spread over the Mel bands by a pseudo-inverse; nothing is trained.",
    "cnn_mels": "PINV corrected by a network that was trained to match the Mel spectrogram.",
    "cnn_logits": "PINV corrected by a network that was trained to match the teacher's tags.",
    "tcn": "PINV corrected at the sensor's frame rate, with the texture of noise, on many kinds of sounds.",
    "tcn_clips": "TCN that was trained on recordings of single sounds, too.",
    "tcn_sensors": "TCN that was trained on levels of slower meters, too.",
}


@dataclass(frozen=True)
class Generated:
    """What one recording has become."""

    page: Path
    scores: dict[str, NDArray[np.floating]]
    """Name → (n_labels,); empty without a teacher."""


@dataclass(frozen=True)
class Generator:
    """All that is loaded once and used for every recording."""

    front_end: MelFrontEnd
    teacher_name: str
    teacher: Teacher | None
    transcoders: Mapping[str, nn.Module]
    device: torch.device
    iterations: int = ITERATIONS
    paper: bool = False
    notes: Sequence[str] = field(default_factory=tuple)
    """What could not be had, a line each."""

    def generate(self, recording: Path, output: Path) -> Generated:
        """Make the sounds, the picture, the tags and the page of one recording in a folder of its name in `output`.

        Every file comes into being whole; the page is written last.

        Raises
        ------
        UserError
            where the recording cannot be used or the folder not be written to.
        """
        source = Source(recording, self.front_end)
        for note in source.sensor.notes:
            print(f"{recording}: {note}", file=sys.stderr)
        folder = make_folder(output / output_stem(recording))
        with hold(folder / PAGE, wait=True):
            remove_parts(folder)
            return self._generate_in(folder, source)

    def _generate_in(self, folder: Path, source: Source) -> Generated:
        stem = output_stem(source.sensor.path)
        names = [GROUND_TRUTH, *self.transcoders]
        sounds = {name: folder / f"{stem}_generated_from_{name}.wav" for name in names}
        original = folder / f"{stem}_original.wav"
        with ExitStack() as stack:
            partial = {name: stack.enter_context(write_whole(path)) for name, path in sounds.items()}
            _write_original(source, stack.enter_context(write_whole(original)))
            run = self._run_as_published if self.paper else self._run
            pictures, scores = run(source, partial)
        _remove_stale(folder, stem, kept={*sounds.values()})
        picture = folder / f"{stem}_spectrograms.png"
        self._draw(source, pictures, picture)
        if self.teacher:
            titled = {name: scores[name] for name in names}
            write_tags(folder / "tags.csv", titled, self.teacher.labels)
        page = folder / PAGE
        self._write_page(page, source, original, sounds, pictures, scores, picture)
        return Generated(page, scores)

    def _run(self, source: Source, sounds: Mapping[str, Path]) -> tuple[dict, dict]:
        """Analyse and invert block by block."""
        pictures = {name: figures.Overview(source.n_frames) for name in sounds}
        pictures["third_octave"] = figures.Overview(n_frames(source.n_samples, FAST))
        scores = {name: WeightedMean() for name in sounds} if self.teacher else {}
        writer = SoundWriter(
            sounds,
            self.front_end,
            exponents={name: self._exponent(name) for name in sounds},
            n_samples=source.teacher.n_samples,
            iterations=self.iterations,
        )
        total = source.n_samples / source.sensor.sample_rate
        done = 0.0
        name = readable(source.sensor.path.name)
        progress = tqdm(total=round(total, 1), unit="s", unit_scale=True, desc=name, disable=None)
        with progress, writer:
            for block in analyse(source, self.transcoders, teacher=self.teacher, device=self.device):
                done += block.seconds
                writer.add(block.mels, is_last=done > total - 0.5)
                pictures["third_octave"].add(block.third_octave.cpu().numpy())
                for name, mel in block.mels.items():
                    pictures[name].add(mel.cpu().numpy())
                for name, values in block.scores.items():
                    scores[name].add(values.cpu().numpy(), block.seconds)
                progress.update(block.seconds)
        return (
            {name: overview.image for name, overview in pictures.items()},
            {name: mean.mean for name, mean in scores.items()},
        )

    def _run_as_published(self, source: Source, sounds: Mapping[str, Path]) -> tuple[dict, dict]:
        """Analyse at once, invert with librosa."""
        block = analyse_as_published(source, self.transcoders, teacher=self.teacher, device=self.device)
        write_paper_sounds(sounds, block.mels, self.front_end)
        pictures = {name: mel.cpu().numpy() for name, mel in block.mels.items()}
        pictures["third_octave"] = block.third_octave.cpu().numpy()
        return pictures, {name: values.cpu().numpy() for name, values in block.scores.items()}

    def _exponent(self, name: str) -> int:
        return 2 if name == "pinv" else self.front_end.exponent

    def _draw(self, source: Source, pictures: Mapping[str, NDArray[np.floating]], path: Path) -> None:
        mels = {title(name): image for name, image in pictures.items() if name != "third_octave"}
        figure = spectrogram_figure(
            pictures["third_octave"],
            mels,
            self.front_end,
            seconds=source.n_samples / source.sensor.sample_rate,
            title=f"{readable(source.sensor.path.name)}, Mel spectrograms for {self.teacher_name}",
        )
        figures.save(figure, path)

    def _write_page(
        self,
        page: Path,
        source: Source,
        original: Path,
        sounds: Mapping[str, Path],
        pictures: Mapping[str, NDArray[np.floating]],
        scores: Mapping[str, NDArray[np.floating]],
        picture: Path,
    ) -> None:
        levels = pictures["third_octave"]
        limits = figures.mel_range(pictures[GROUND_TRUTH], self.front_end)
        text = "The recording, normalised. Below: its third octaves, all that a sensor keeps."
        columns = [Column("Original", text, original, figures.thumbnail(levels, third_octave_range(levels)), ())]
        for name, sound in sounds.items():
            image = figures.thumbnail(pictures[name], limits)
            tags = top_labels(scores[name], self.teacher.labels) if self.teacher else ()
            columns.append(Column(title(name), TEXTS.get(name, ""), sound, image, tags))
        facts = (
            f"{source.sensor.seconds:.2f} s; teacher: {self.teacher_name}"
            f"{'; inverted as the published audio was (--paper)' if self.paper else ''}"
        )
        name = readable(source.sensor.path.name)
        notes = [*(f"{name}: {note}" for note in source.sensor.notes), *self.notes]
        write_page(
            page,
            title=name,
            maker="Spectral Transcoder",
            facts=facts,
            notes=notes,
            columns=columns,
            picture=picture,
            picture_text=f"Third-octave spectrogram and Mel spectrograms of {name}, one above the other",
        )


def title(name: str) -> str:
    """Name of a transcoder as people write it."""
    return TITLES.get(name, name)


def generate_all(generator: Generator, names: Sequence[str], output: Path = AUDIO_GENERATED) -> int:
    """Generate the folders of several recordings, and print what came out and what went wrong.

    One that cannot be used does not keep the others from being done.

    Parameters
    ----------
    names
        paths, or bare names of files in `audio/`.

    Returns
    -------
    int
        1 where a recording could not be used, else 0
    """
    keep_memory()
    for note in generator.notes:
        print(note, file=sys.stderr)
    return for_each_recording(names, lambda path: _report(generator, generator.generate(path, output), path))


def _report(generator: Generator, generated: Generated, recording: Path) -> None:
    if generator.teacher:
        titled = {title(name): scores for name, scores in generated.scores.items()}
        heard = f"{readable(recording.name)}: what {generator.teacher_name} hears"
        print(f"\n{heard}\n{top_table(titled, generator.teacher.labels)}")
    print(f"\n{generated.page}")


def choose_teacher(folder: Path = ROOT) -> str:
    """The teacher that a recording is transcoded for when none is named.

    The first of the preferred ones whose weights lie below `folder`; where none do, the first for which there is a
    trained transcoder, since PINV alone is what nobody wants to hear first.
    """
    with_weights = [name for name in PREFERRED_TEACHERS if find_weights(name, folder)]
    with_transcoder = [name for name in PREFERRED_TEACHERS if find_transcoders(name, transcoder_folders(folder))]
    return next(iter([*with_weights, *with_transcoder, *PREFERRED_TEACHERS]))


def prepare(
    *,
    teacher: str | None = None,
    teacher_weights: Path | None = None,
    transcoders: Sequence[str] | None = None,
    models: Path = ROOT,
    device: str = "auto",
    iterations: int = ITERATIONS,
    paper: bool = False,
) -> Generator:
    """Load a teacher and its transcoders.

    Parameters
    ----------
    teacher
        name; `choose_teacher` by default.
    teacher_weights
        a checkpoint, in place of the one below `models`.
    transcoders
        names; all of `DEFAULT_TRANSCODERS` that are at hand by default.
    models
        folder with `pann/`, `yamnet/`, `efficientat/` and `paper_transcoders/`.
    device
        as `choose_device` takes it.

    Raises
    ------
    UserError
        for an unknown teacher, a transcoder that is asked for and not there, or a device that is not there.
    """
    name = teacher or choose_teacher(models)
    front_end = front_end_of(name)
    where = choose_device(device)
    loaded, notes = _load_transcoders(name, transcoders, models)
    judge = None
    if teacher_weights or find_weights(name, models):
        judge = load_teacher(name, weights=teacher_weights, folder=models).to(where)
    else:
        command = f"python3 download_pretrained_models.py --only {module_of(name).download_name(name)}"
        notes.append(f"No tags: the weights of {name} are missing. Get them with: {command}")
    return Generator(
        front_end,
        name,
        judge,
        {key: network.to(where) for key, network in loaded.items()},
        where,
        iterations=iterations,
        paper=paper,
        notes=tuple(notes),
    )


def _load_transcoders(
    teacher: str, names: Sequence[str] | None, models: Path
) -> tuple[dict[str, nn.Module], list[str]]:
    """Transcoders by name, and a line for each that is missing."""
    stored = find_transcoders(teacher, transcoder_folders(models))
    loaded: dict[str, nn.Module] = {}
    notes = []
    for name in dict.fromkeys(names or DEFAULT_TRANSCODERS):
        if name == "pinv":
            loaded[name] = Pinv(front_end_of(teacher))
        elif name in stored and stored[name].settings.gives_mel:
            loaded[name] = load_transcoder(stored[name])
        elif names:
            there = ", ".join(["pinv", *(key for key, value in stored.items() if value.settings.gives_mel)])
            raise UserError(f"no transcoder {name!r} for {teacher}: there are {there}")
        elif (name, teacher) in PUBLISHED or name == "tcn":  # of others there is nobody to ask for one
            notes.append(f"{title(name)} is left out: no trained one for {teacher} is here. {_remedy(name, teacher)}")
    return loaded, notes


def transcoder_folders(models: Path) -> tuple[Path, ...]:
    """Where trained transcoders are looked for."""
    return models / "reference_models", REFERENCE_MODELS, models / "paper_transcoders"


def _remedy(name: str, teacher: str) -> str:
    if (name, teacher) in PUBLISHED:
        return "Get the paper's with: python3 download_pretrained_models.py --only paper_transcoders"
    return "The paper has published none."


def _remove_stale(folder: Path, stem: str, *, kept: set[Path]) -> None:
    """Remove what an earlier run with other transcoders or another teacher has left."""
    for path in {*folder.glob("*_generated_from_*.wav"), folder / "tags.csv"} - kept:
        if path.name == "tags.csv" or path.name.startswith(f"{stem}_generated_from_"):
            path.unlink(missing_ok=True)


def _write_original(source: Source, path: Path) -> None:
    """Write the normalised recording, piece by piece."""
    recording = source.sensor
    with write_wav(path, recording.sample_rate, n_samples=recording.n_samples) as file:
        for start in range(0, recording.n_samples, BLOCK_SAMPLES):
            file.write(recording.read(start, min(start + BLOCK_SAMPLES, recording.n_samples)))
