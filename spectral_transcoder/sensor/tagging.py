"""Files of levels to files of tags: all that `predict_third_octave.py` does."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from audiokit.errors import UserError, in_one_line
from audiokit.files import make_folder, readable, short_stem, write_whole
from audiokit.memory import keep_memory
from audiokit.paths import RESULTS
from audiokit.reports.figures import save
from audiokit.storage.holding import hold, remove_parts
from spectral_transcoder.inversion import ITERATIONS
from spectral_transcoder.listening.tags import top_labels
from spectral_transcoder.sensor.bands.choosing import NoBandsError
from spectral_transcoder.sensor.calibration import (
    DEFAULT_OFFSET_DB,
    LOUD_PERCENTILE,
    LevelHistogram,
    automatic_offset,
    warning_about,
)
from spectral_transcoder.sensor.excerpt import read_excerpt, transcoder_for_sound, write_excerpt
from spectral_transcoder.sensor.hearing import unheard_groups
from spectral_transcoder.sensor.kept_scores import KeptScores
from spectral_transcoder.sensor.output import check_format, open_table
from spectral_transcoder.sensor.overview import Overview
from spectral_transcoder.sensor.picture import sensor_figure
from spectral_transcoder.sensor.quality import Quality, duration
from spectral_transcoder.sensor.reading.finding import STANDARD_INPUT, find_levels, is_of_many_uses, stem_of
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.sources import Reading
from spectral_transcoder.sensor.summary import DEFAULT_THRESHOLD, Summary
from spectral_transcoder.third_octave import SLOW
from teachers.label_groups import TRAFFIC_VOICE_BIRDS, group_members

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from spectral_transcoder.sensor.prediction import Predictor, Scored
    from spectral_transcoder.sensor.sources import LevelSource

__all__ = ["SOME_LEFT_OUT", "Tagger", "Wanted", "block_columns", "lines_about", "prepare_tagger", "tag_all"]

N_REPORTED = 5

FILES = "files"
"""Key of the record: name of each file that was made → its size in bytes."""

SOME_LEFT_OUT = 3
"""Exit status where some of several files could not be used, and the others were."""

SLOW_NOTE = "a level a second: each stands for eight equal ones, so that tags of short sounds rest on little"


@dataclass(frozen=True)
class Wanted:
    """What to make of each file."""

    format: str = "csv"
    """csv, parquet or h5."""

    n_top: int = 3
    groups: Path = TRAFFIC_VOICE_BIRDS
    threshold: float = DEFAULT_THRESHOLD
    all_scores: bool = True
    """Write the scores of all labels, and not only the summary."""

    picture: bool = True
    audio: tuple[str, int] | None = None
    """Beginning and seconds of an excerpt to make a sound of."""

    iterations: int = ITERATIONS
    """Of Griffin-Lim, for that sound."""


@dataclass(frozen=True)
class Tagger:
    """All that is loaded and decided once, and used for every file."""

    predictor: Predictor
    summary: Summary
    db_offset: float = DEFAULT_OFFSET_DB
    reading: Reading = field(default_factory=Reading)
    wanted: Wanted = field(default_factory=Wanted)

    def tag(self, path: str | Path, stem: Path) -> list[Path]:
        """Write the tables, the picture and the sound of one source, and print what is in it.

        Every file comes into being whole; the settings, by which a second run knows that all is done, come last. Where
        they are there and the same, nothing is done. Whatever stops it, a second run goes on with the scores that are
        there, but for what can be read only once. Of two processes, the second waits for what the first makes.

        Parameters
        ----------
        path
            as `open_levels` takes it.
        stem
            folder and beginning of the names of all files.

        Returns
        -------
        list of Path
            what was written; empty where all was done before.

        Raises
        ------
        UserError
            where the source cannot be used or the folder not be written to.
        """
        make_folder(stem.parent)
        record = _named(stem, "_settings.json")
        with hold(record, wait=True):
            return self._tag(path, stem, record)

    def files(self, stem: Path) -> list[Path]:
        """Tables, picture and record that are made under a stem."""
        tables = [_named(stem, f"_{kind}.{self.wanted.format}") for kind in ("summary", "scores")]
        return [*tables, _named(stem, ".png"), _named(stem, "_settings.json")]

    def _tag(self, path: str | Path, stem: Path, record: Path) -> list[Path]:
        source = open_levels(path, self.reading)
        return self.for_source(source)._tag_source(source, path, stem, record)

    def for_source(self, source: LevelSource) -> Self:
        """The same, but that groups are left empty which are not heard in levels of this cadence."""
        return replace(self, summary=self.summary.without(self._unheard(source)))

    def _unheard(self, source: LevelSource) -> dict[str, str]:
        """Groups that are left empty → why; who names groups of labels is given them."""
        if self.wanted.groups != TRAFFIC_VOICE_BIRDS:
            return {}
        return unheard_groups(
            self.summary.groups,
            teacher=self.predictor.teacher.name,
            transcoder=self.predictor.heard_through(source.hop_seconds),
            hop_seconds=source.hop_seconds,
        )

    def _tag_source(self, source: LevelSource, path: str | Path, stem: Path, record: Path) -> list[Path]:
        settings = self._settings(source, path)
        if source.can_be_read_again and _is_recorded(settings, record):
            print(f"{source.name}: done before with these settings; to do it again, delete {record}")
            return []
        record.unlink(missing_ok=True)
        overview = Overview(source.hop_seconds, self.predictor.block_seconds, self.summary)
        with ExitStack() as stack:
            kept = stack.enter_context(self._kept_scores(source, path, stem)) if source.can_be_read_again else None
            written = self._write(source, stem, overview, settings, kept)
            _record(settings, written, record)
            if kept:
                kept.remove()
        _report(source, overview)
        return written

    def _write(
        self, source: LevelSource, stem: Path, overview: Overview, settings: dict, kept: KeptScores | None
    ) -> list[Path]:
        """All files but the record."""
        written = self._write_tables(source, stem, overview, settings, kept)
        if self.wanted.picture:
            written.append(_named(stem, ".png"))
            through = self.predictor.heard_through(source.hop_seconds)
            hearing = f"what {self.predictor.teacher.name} hears through {through}"
            title = f"{readable(Path(source.name).name)}: {hearing}"
            save(sensor_figure(overview, clock=source.clock, title=title), written[-1])
        if self.wanted.audio:
            written.append(self._write_sound(source, stem))
        return written

    def _kept_scores(self, source: LevelSource, path: str | Path, stem: Path) -> KeptScores:
        held = {"device": self.predictor.device.type, "seconds_held": self.predictor.seconds_held}
        settings = self._of_scores(source, path) | held
        return KeptScores(_named(stem, "_predicted"), settings, n_labels=len(self.predictor.labels))

    def _settings(self, source: LevelSource, path: str | Path) -> dict:
        """All that the results depend on, as JSON has it."""
        labels = self.predictor.labels
        facts = self._of_scores(source, path) | {
            **asdict(self.wanted),
            "groups": {name: [labels[index] for index in members] for name, members in self.summary.groups.items()},
            "unheard": sorted(self.summary.unheard),
        }
        return json.loads(json.dumps(facts, default=str))

    def _of_scores(self, source: LevelSource, path: str | Path) -> dict[str, object]:
        """All that the scores depend on."""
        facts: dict[str, object] = {"source": source.name}
        if source.can_be_read_again:
            stat = os.stat(path)
            facts |= {"bytes": stat.st_size, "modified": stat.st_mtime}
        return facts | {
            "teacher": self.predictor.teacher.name,
            "transcoder": self.predictor.transcoder_name,
            "weights": self.predictor.fingerprint,
            "block_seconds": self.predictor.block_seconds,
            "mixed_precision": self.predictor.mixed_precision,
            "db_offset": self.db_offset,
            **asdict(self.reading),
        }

    def _write_tables(
        self, source: LevelSource, stem: Path, overview: Overview, settings: dict, kept: KeptScores | None
    ) -> list[Path]:
        paths = {
            kind: _named(stem, f"_{kind}.{self.wanted.format}")
            for kind in (("summary", "scores") if self.wanted.all_scores else ("summary",))
        }
        for path in paths.values():
            remove_parts(path)
        quality, histogram = Quality(), LevelHistogram()
        if kept and kept.n_there:
            there = duration(kept.n_there * self.predictor.block_seconds)
            print(f"{source.name}: goes on; the scores of {there} are there", file=sys.stderr)
        total = None if source.n_frames is None else round(source.n_frames * source.hop_seconds)
        progress = tqdm(total=total, unit="s", unit_scale=True, desc=readable(Path(source.name).name), disable=None)
        with progress, ExitStack() as stack:
            tables = {
                kind: stack.enter_context(
                    open_table(path, clock=source.clock, labels=self.predictor.labels, settings=settings)
                )
                for kind, path in paths.items()
            }
            found = {"quality": quality, "histogram": histogram}
            for scored in self.predictor.score(source, db_offset=self.db_offset, **found, kept=kept):
                columns = block_columns(source, scored)
                tables["summary"].write(columns | self.summary.columns(scored.scores))
                if "scores" in tables:
                    tables["scores"].write(columns, scored.scores)
                overview.add(scored)
                progress.update(len(scored.times) * self.predictor.block_seconds)
            if not overview.n_blocks:
                if kept:
                    kept.remove()
                raise UserError(f"{source.name} has not one whole second of levels: there is nothing to tag")
        warning = warning_about(histogram.percentile(LOUD_PERCENTILE), self.db_offset)
        for line in lines_about(source, quality, self.summary, warning):
            print(f"{source.name}: {line}", file=sys.stderr)
        return list(paths.values())

    def _write_sound(self, source: LevelSource, stem: Path) -> Path:
        start, n_seconds = self.wanted.audio
        if not source.can_be_read_again:
            raise UserError(f"{source.name} can be read only once: --audio needs a file")
        levels, _ = read_excerpt(source, start, n_seconds)
        name = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in start)
        path = _named(stem, f"_from_{name}_{transcoder_for_sound(self.predictor)[0]}.wav")
        write_excerpt(path, self.predictor, levels, db_offset=self.db_offset, iterations=self.wanted.iterations)
        return path


def block_columns(source: LevelSource, scored: Scored) -> dict[str, NDArray]:
    """What every table has of blocks before their scores, by column."""
    columns = {"time": scored.times, "seconds": scored.seconds, "level_db": scored.levels.round(2)}
    return columns | _series_columns(source, scored.chunks)


def lines_about(source: LevelSource, quality: Quality, summary: Summary, warning: str | None) -> list[str]:
    """What the user should know of a source that was read to its end, a line each."""
    lines = [*source.notes, *quality.lines(source.hop_seconds)]
    if source.hop_seconds == SLOW.hop_seconds:
        lines.append(SLOW_NOTE)
    lines += [f"{name} is left empty: {reason}" for name, reason in summary.unheard.items()]
    return lines if warning is None else [*lines, warning]


def _series_columns(source: LevelSource, numbers: NDArray[np.integer]) -> dict[str, NDArray]:
    """The column that tells which series a block is of: its name, or its number where it has none."""
    if not source.is_chunked:
        return {}
    if not source.series_names:
        return {"chunk": numbers}
    return {"sensor": np.array([source.series_names[number] for number in numbers], object)}


def _readable(paths: Iterable[str | Path], reading: Reading) -> Iterator[LevelSource]:
    """Sources of files that can be opened; what is wrong with the others is told when it is their turn."""
    for path in paths:
        with suppress(UserError):
            yield open_levels(path, reading)


def _spare(own: Collection[Path], path: str | Path, made: Iterable[Path]) -> None:
    """Refuse to write over what was given to be read."""
    if lost := next((file for file in made if file.resolve() in own), None):
        raise UserError(f"what is made of {path} would overwrite {lost}, which is to be read: use another --output")


def _record(settings: dict, written: Sequence[Path], record: Path) -> None:
    """Write down what was made, and with what."""
    files = {path.name: path.stat().st_size for path in written}
    with write_whole(record) as partial:
        partial.write_text(json.dumps(settings | {FILES: files}, indent=1), encoding="utf-8")


def _is_recorded(settings: dict, record: Path) -> bool:
    """Whether all was made with the same settings, and is there with the sizes that it had."""
    try:
        made = json.loads(record.read_text(encoding="utf-8"))
        files = made.pop(FILES)
        sizes = {name: record.with_name(name).stat().st_size for name in files}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False
    return made == settings and sizes == files


def _named(stem: Path, ending: str) -> Path:
    """A path that begins with the stem, whatever dots are in it."""
    return stem.with_name(stem.name + ending)


def _report(source: LevelSource, overview: Overview) -> None:
    """Print as what the source was read and what was found, in four lines."""
    n_blocks, n_scored = overview.n_blocks, overview.n_scored
    unscored = f", {n_blocks - n_scored} of them without scores for gaps" if n_scored < n_blocks else ""
    print(f"\n{source.name}: {n_blocks} blocks of {duration(overview.block_seconds)}{unscored}")
    if source.description:
        print(f"  read as {source.description}")
    if not n_scored:
        return
    if overview.summary.heard:
        shares = zip(overview.summary.heard, overview.presence.mean, strict=True)
        print(
            f"  score of {overview.summary.threshold:g} or more: "
            f"{', '.join(f'{name} in {share:.0%}' for name, share in shares)} of the blocks"
        )
    best = top_labels(overview.scores.mean, overview.summary.labels, n=N_REPORTED)
    print(f"  highest mean scores: {', '.join(f'{label} {score:.2f}' for label, score in best)}")


def prepare_tagger(predictor: Predictor, *, db_offset: float, reading: Reading, wanted: Wanted) -> Tagger:
    """Decide once what is the same for every file; what the predictor could not have is told.

    Raises
    ------
    UserError
        where the groups cannot be read.
    """
    keep_memory()
    for note in predictor.notes:
        print(note, file=sys.stderr)
    groups = group_members(predictor.labels, wanted.groups)
    summary = Summary(predictor.labels, groups, wanted.n_top, wanted.threshold)
    return Tagger(predictor, summary, db_offset, reading, wanted)


def tag_all(
    predictor: Predictor,
    names: Sequence[str | Path],
    output: Path = RESULTS,
    *,
    db_offset: float | None = DEFAULT_OFFSET_DB,
    reading: Reading | None = None,
    wanted: Wanted | None = None,
) -> int:
    """Tag several files and folders; one that cannot be used does not keep the others from being done.

    Parameters
    ----------
    names
        as `find_levels` takes them.
    output
        folder for all that is made; below it lie the folders that were below those that are named.
    db_offset
        added to the levels to make them dB re full scale; None: found from all files together.
    reading, wanted
        how to read, and what to make.

    Returns
    -------
    int
        0; 1 where no file could be used; `SOME_LEFT_OUT` where some could, and others not. Files in a folder that are
        called by an ending of many uses and hold no bands are passed over, with a line.
    """
    reading, wanted = reading or Reading(), wanted or Wanted()
    check_format(wanted.format)
    files = find_levels(names, output=output)
    if db_offset is None:
        paths = [path for path, _ in files]
        db_offset = automatic_offset(_readable(tqdm(paths, unit="file", desc="offset", disable=None), reading))
        print(f"offset: {db_offset:.2f} dB (--auto_offset); for the same one again: --db_offset {db_offset:.2f}")
    tagger = prepare_tagger(predictor, db_offset=db_offset, reading=reading, wanted=wanted)
    n_done, n_failed = 0, 0
    stems: dict[Path, str | Path] = {}
    named = {Path(name) for name in names}
    own = {Path(path).resolve() for path, _ in files}
    for path, folder in files:
        stem = output / folder / ("stdin" if path == STANDARD_INPUT else short_stem(stem_of(Path(path))))
        try:
            if stem in stems:
                raise UserError(
                    f"{path} would overwrite what is made of {stems[stem]}: rename it, or use another --output"
                )
            _spare(own, path, tagger.files(stem))
            stems[stem] = path
            for file in tagger.tag(path, stem):
                print(f"  {file}")
            n_done += 1
        except NoBandsError as error:
            is_expected = Path(path) not in named and is_of_many_uses(Path(path))
            print(f"passed over: {error}" if is_expected else f"error: {error}", file=sys.stderr)
            n_failed += not is_expected
        except Exception as error:
            print(f"error: {in_one_line(error, path)}", file=sys.stderr)
            n_failed += 1
    if n_failed and n_done:
        print(f"{n_failed} of {n_done + n_failed} files could not be used, as told above", file=sys.stderr)
    return 0 if not n_failed else SOME_LEFT_OUT if n_done else 1
