"""Files of levels to files of tags: all that `predict_third_octave.py` does."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.files import make_folder, readable
from audiokit.reports.figures import save
from audiokit.storage.holding import hold, remove_parts
from spectral_transcoder.sensor.hearing.kept_scores import KeptScores
from spectral_transcoder.sensor.levels.offset import DEFAULT_OFFSET_DB
from spectral_transcoder.sensor.levels.overall import LevelHistogram
from spectral_transcoder.sensor.levels.quality import Quality, duration
from spectral_transcoder.sensor.levels.sources import Reading
from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS, Threshold, find_thresholds
from spectral_transcoder.sensor.presence.unheard import unheard_groups
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.results.columns import block_columns, period_columns, summary_columns
from spectral_transcoder.sensor.results.excerpt import NoExcerptError, read_excerpt, transcoder_for_sound, write_excerpt
from spectral_transcoder.sensor.results.overview import Overview
from spectral_transcoder.sensor.results.periods import Periods
from spectral_transcoder.sensor.results.picture import sensor_figure
from spectral_transcoder.sensor.results.record import is_recorded, write_record
from spectral_transcoder.sensor.results.report import notes_on, report
from spectral_transcoder.sensor.results.tables import open_table
from spectral_transcoder.sensor.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from spectral_transcoder.sensor.hearing.predictor import Predictor
    from spectral_transcoder.sensor.levels.sources import LevelSource
    from spectral_transcoder.sensor.results.summary import Summary

__all__ = ["Tagger"]

N_LISTED = 3

LAYOUT = 3
"""Of scores and tables: those of an earlier one are made again."""


@dataclass(frozen=True)
class Tagger:
    """All that is loaded and decided once, and used for every file."""

    predictor: Predictor
    summary: Summary
    db_offset: float = DEFAULT_OFFSET_DB
    reading: Reading = field(default_factory=Reading)
    wanted: Wanted = field(default_factory=Wanted)
    is_one_of_several: bool = False
    """Whether the source is, of which not each need have the time that sound is wanted of."""

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
        tables = [_named(stem, f"_{kind}.{self.wanted.format}") for kind in ("summary", "presence", "scores")]
        return [*tables, _named(stem, ".png"), _named(stem, "_settings.json")]

    def sound_path(self, stem: Path) -> Path:
        """Where the sound that is wanted goes under a stem."""
        name = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in self.wanted.audio[0])
        return _named(stem, f"_from_{name}_{transcoder_for_sound(self.predictor)[0]}.wav")

    def _tag(self, path: str | Path, stem: Path, record: Path) -> list[Path]:
        source = open_levels(path, self.reading)
        return self.for_source(source)._tag_source(source, path, stem, record)

    def for_source(self, source: LevelSource) -> Self:
        """The same with what is known of levels of this cadence: groups to leave empty, and thresholds."""
        return replace(self, summary=self._summary(source))

    def _summary(self, source: LevelSource) -> Summary:
        """What to keep of the scores of a source: groups that are not heard at its cadence, and thresholds for it.

        Who names groups of labels is given them; nothing is known of them.
        """
        measured = {
            "teacher": self.predictor.teacher.name,
            "transcoder": self.predictor.hearing_name(source.hop_seconds),
            "hop_seconds": source.hop_seconds,
        }
        groups = self.summary.groups if self.wanted.groups == PRESENCE_LABELS else ()
        thresholds = find_thresholds(groups, **measured)
        asked = dict.fromkeys(self.summary.groups, self.wanted.threshold) if self.wanted.threshold is not None else {}
        for name, score in (asked | dict(self.wanted.thresholds)).items():
            thresholds[name] = replace(thresholds.get(name, Threshold()), score=score)
        return self.summary.without(unheard_groups(groups, **measured)).at(thresholds)

    def _tag_source(self, source: LevelSource, path: str | Path, stem: Path, record: Path) -> list[Path]:
        settings = self._settings(source, path)
        if source.can_be_read_again and is_recorded(settings, record):
            print(f"{source.name}: done before with these settings; to do it again, delete {record}")
            return []
        record.unlink(missing_ok=True)
        overview = Overview(
            source.hop_seconds,
            self.predictor.block_seconds,
            self.summary,
            part_of=source.part_of if source.is_interleaved else None,
        )
        with ExitStack() as stack:
            kept = stack.enter_context(self._kept_scores(source, path, stem)) if source.can_be_read_again else None
            written = self._write(source, stem, overview, settings, kept)
            write_record(settings, written, record)
            if kept:
                kept.remove()
        report(source, overview)
        return written

    def _write(
        self, source: LevelSource, stem: Path, overview: Overview, settings: dict, kept: KeptScores | None
    ) -> list[Path]:
        """All files but the record."""
        # What cannot be had is told before there is much to be lost.
        sounds = self._write_sound(source, stem) if self.wanted.audio else []
        written = self._write_tables(source, stem, overview, settings, kept)
        if self.wanted.picture:
            written.append(_named(stem, ".png"))
            through = self.predictor.heard_through(source.hop_seconds)
            hearing = f"what {self.predictor.teacher.name} hears through {through}"
            title = f"{readable(Path(source.name).name)}{_shown_sensors(source, overview)}: {hearing}"
            save(sensor_figure(overview, clock=source.clock, title=title), written[-1])
        return [*written, *sounds]

    def _kept_scores(self, source: LevelSource, path: str | Path, stem: Path) -> KeptScores:
        held = {"device": self.predictor.device.type, "seconds_held": self.predictor.seconds_held}
        settings = self._of_scores(source, path) | held
        return KeptScores(_named(stem, "_predicted"), settings, n_labels=len(self.predictor.labels))

    def _settings(self, source: LevelSource, path: str | Path) -> dict:
        """All that the results depend on, as JSON has it."""
        labels = self.predictor.labels
        thresholds = {name: self.summary.threshold_of(name) for name in self.summary.groups}
        facts = self._of_scores(source, path) | {
            **asdict(self.wanted),
            "groups": {name: [labels[index] for index in members] for name, members in self.summary.groups.items()},
            "unheard": sorted(self.summary.unheard),
            "thresholds": {name: threshold.score for name, threshold in thresholds.items()},
            "probabilities": {name: f"{one.intercept:g} {one.slope:+g} log score" for name, one in thresholds.items()},
        }
        return json.loads(json.dumps(facts, default=str))

    def _of_scores(self, source: LevelSource, path: str | Path) -> dict[str, object]:
        """All that the scores depend on."""
        facts: dict[str, object] = {"source": source.name, "layout": LAYOUT}
        if source.can_be_read_again:
            stat = os.stat(path)
            facts |= {"bytes": stat.st_size, "modified": stat.st_mtime}
        return facts | {
            "teacher": self.predictor.teacher.name,
            "transcoder": self.predictor.hearing_name(source.hop_seconds),
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
            for kind in ("summary", "presence", *(["scores"] if self.wanted.all_scores else []))
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
            periods = Periods(self.summary, clock=source.clock, zone=source.zone, hop_seconds=source.hop_seconds)
            for scored in self.predictor.score(source, db_offset=self.db_offset, **found, kept=kept):
                tables["summary"].write(summary_columns(source, scored, self.summary))
                if "scores" in tables:
                    tables["scores"].write(block_columns(source, scored), scored.scores)
                overview.add(scored)
                periods.add(scored)
                progress.update(len(scored.times) * self.predictor.block_seconds)
            if not overview.n_blocks:
                if kept:
                    kept.remove()
                raise UserError(f"{source.name} has not one whole second of levels: there is nothing to tag")
            tables["presence"].write(period_columns(source, periods.columns()))
        lines = notes_on(source, self.summary, **found, db_offset=self.db_offset)
        for line in lines:
            print(f"{source.name}: {line}", file=sys.stderr)
        return list(paths.values())

    def _write_sound(self, source: LevelSource, stem: Path) -> list[Path]:
        """The sound, unless it is of a time that only others of several files have."""
        start, n_seconds = self.wanted.audio
        if not source.can_be_read_again:
            raise UserError(f"{source.name} can be read only once: --audio needs a file")
        try:
            levels, _ = read_excerpt(source, start, n_seconds)
        except NoExcerptError as error:
            if not self.is_one_of_several:
                raise
            print(f"no sound: {error}", file=sys.stderr)
            return []
        path = self.sound_path(stem)
        write_excerpt(path, self.predictor, levels, db_offset=self.db_offset, iterations=self.wanted.iterations)
        return [path]


def _shown_sensors(source: LevelSource, overview: Overview) -> str:
    """For a title, whose time a picture shows, where others lie at the same time; a line on that is printed."""
    if not overview.left_out:
        return ""
    shown, left_out = (
        _listed([source.sensor_of(series) or f"series {series}" for series in some])
        for some in (overview.shown, overview.left_out)
    )
    print(
        f"{source.name}: the picture shows {shown}; at the same time, or before it, there is {left_out}: put each into "
        "a file of its own for a picture of each",
        file=sys.stderr,
    )
    return f", {shown}"


def _listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - N_LISTED} more" if len(names) > N_LISTED else ""
    return ", ".join(names[:N_LISTED]) + more


def _named(stem: Path, ending: str) -> Path:
    """A path that begins with the stem, whatever dots are in it."""
    return stem.with_name(stem.name + ending)
