"""Files and folders of levels to tags, one after the other, whatever is wrong with one of them."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.errors import UserError, in_one_line
from audiokit.files import short_stem
from audiokit.memory import keep_memory
from audiokit.paths import RESULTS
from spectral_transcoder.sensor.bands.choosing import NoBandsError
from spectral_transcoder.sensor.levels.calibrations import find_calibrations
from spectral_transcoder.sensor.levels.offset import DEFAULT_OFFSET_DB, automatic_offset
from spectral_transcoder.sensor.levels.quality import duration
from spectral_transcoder.sensor.levels.sources import Reading
from spectral_transcoder.sensor.reading.finding import STANDARD_INPUT, find_levels, is_of_many_uses, stem_of
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.results.summary import Summary
from spectral_transcoder.sensor.results.tables import check_format
from spectral_transcoder.sensor.tagging import Tagger
from spectral_transcoder.sensor.wanted import Wanted
from teachers.label_groups import group_members

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from spectral_transcoder.sensor.hearing.predictor import Predictor
    from spectral_transcoder.sensor.levels.calibrator import Calibration
    from spectral_transcoder.sensor.levels.sources import LevelSource

__all__ = ["SOME_LEFT_OUT", "prepare_tagger", "tag_all"]

SOME_LEFT_OUT = 3
"""Exit status where some of several files could not be used, and the others were."""


def prepare_tagger(predictor: Predictor, *, db_offset: float, reading: Reading, wanted: Wanted) -> Tagger:
    """Decide once what is the same for every file; what the predictor could not have is told.

    Raises
    ------
    UserError
        where the groups cannot be read, or there is none of which a threshold is given.
    """
    keep_memory()
    for note in predictor.notes:
        print(note, file=sys.stderr)
    groups = group_members(predictor.labels, wanted.groups)
    unknown = [name for name in wanted.thresholds if name not in groups]
    if unknown:
        raise UserError(f"--threshold: there is no group {unknown[0]!r}: {', '.join(groups)} are there")
    summary = Summary(predictor.labels, groups, wanted.n_top, with_probabilities=wanted.probabilities)
    return Tagger(predictor, summary, db_offset, reading, wanted)


def tag_all(
    predictor: Predictor,
    names: Sequence[str | Path],
    output: Path = RESULTS,
    *,
    db_offset: float | None = DEFAULT_OFFSET_DB,
    calibrator: float | None = None,
    reading: Reading | None = None,
    wanted: Wanted | None = None,
    share: tuple[int, int] = (1, 1),
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
    calibrator
        level of a calibrator that sounded in one of the files, dB: all levels are corrected by it.
    reading, wanted
        how to read, and what to make.
    share
        (3, 10): of the files in the order of their names, every tenth, beginning with the third. All shares together
        are all files, each once; jobs that tag one each may run at a time. An offset and calibrations are found from
        all files all the same.

    Returns
    -------
    int
        0, also for a share without any file; 1 where no file could be used; `SOME_LEFT_OUT` where some could, and
        others not. Files in a folder that are called by an ending of many uses and hold no bands are passed over, with
        a line.
    """
    reading, wanted = reading or Reading(), wanted or Wanted()
    check_format(wanted.format)
    files = find_levels(names, output=output)
    paths = [path for path, _ in files]
    if calibrator is not None:
        reading = replace(reading, calibrations=_calibrations(paths, reading, calibrator))
    if db_offset is None:
        db_offset = _common_offset(paths, reading)
    tagger = prepare_tagger(predictor, db_offset=db_offset, reading=reading, wanted=wanted)
    tagger = replace(tagger, is_one_of_several=len(files) > 1)
    batch = _Batch(tagger, named={Path(name) for name in names}, own={Path(path).resolve() for path in paths})
    mine = _share_of(paths, share)
    made_of: dict[Path, str | Path] = {}
    for path, folder in files:
        stem = output / folder / ("stdin" if path == STANDARD_INPUT else short_stem(stem_of(Path(path))))
        first = made_of.setdefault(stem, path)
        if str(path) in mine:
            batch.tag(path, stem, first=first)
    return batch.status


@dataclass
class _Batch:
    """Files that are tagged some after the others, and how that went."""

    tagger: Tagger
    named: Collection[Path]
    """By the user, and not found in a folder."""

    own: Collection[Path]
    """All that is to be read."""

    n_done: int = 0
    n_failed: int = 0
    has_sound: bool = False
    """Whether any of them has the sound that is wanted, or had it before."""

    def tag(self, path: str | Path, stem: Path, *, first: str | Path) -> None:
        """Tag a file, and tell what was made or what is wrong.

        Parameters
        ----------
        path
        stem
            folder and beginning of the names of all that is made.
        first
            file of which that is made, where several have this stem.
        """
        try:
            if first is not path:
                raise UserError(f"{path} would overwrite what is made of {first}: rename it, or use another --output")
            _spare(self.own, path, self.tagger.files(stem))
            for file in self.tagger.tag(path, stem):
                print(f"  {file}")
            self.n_done += 1
            self.has_sound |= bool(self.tagger.wanted.audio) and self.tagger.sound_path(stem).is_file()
        except NoBandsError as error:
            is_expected = Path(path) not in self.named and is_of_many_uses(Path(path))
            print(f"passed over: {error}" if is_expected else f"error: {error}", file=sys.stderr)
            self.n_failed += not is_expected
        except Exception as error:
            print(f"error: {in_one_line(error, path)}", file=sys.stderr)
            self.n_failed += 1

    @property
    def status(self) -> int:
        """Exit status of all; that some could not be used is told."""
        if self.n_failed and self.n_done:
            n_files = self.n_done + self.n_failed
            print(f"{self.n_failed} of {n_files} files could not be used, as told above", file=sys.stderr)
        if self.n_done and self.tagger.wanted.audio and not self.has_sound:
            print("error: no file has levels at the time that --audio names: there is no sound", file=sys.stderr)
            return SOME_LEFT_OUT
        return 0 if not self.n_failed else SOME_LEFT_OUT if self.n_done else 1


def _common_offset(paths: Sequence[str | Path], reading: Reading) -> float:
    """The offset of all files together, told."""
    found = automatic_offset(_readable(tqdm(paths, unit="file", desc="offset", disable=None), reading))
    print(f"offset: {found:.2f} dB (--auto_offset); for the same one again: --db_offset {found:.2f}")
    return found


def _calibrations(paths: Sequence[str | Path], reading: Reading, nominal: float) -> dict[str, Calibration]:
    """Those of all sensors, told in a line for each time that a calibrator sounded."""
    found = find_calibrations(_readable(tqdm(paths, unit="file", desc="calibrator", disable=None), reading), nominal)
    for calibration in found.values():
        for stretch in calibration.stretches:
            length = duration(stretch.end - stretch.start)
            print(
                f"calibrator: {stretch.level:.2f} dB from {stretch.when} on, for {length} "
                f"({stretch.source}); with {calibration.correction:+.2f} dB, levels are those of {nominal:g} dB"
            )
    return found


def _share_of(paths: Sequence[str | Path], share: tuple[int, int]) -> set[str]:
    """Every n-th file by its name, beginning with the k-th; that there is none is told."""
    number, n_shares = share
    mine = sorted({str(path) for path in paths})[number - 1 :: n_shares]
    if not mine:
        print(f"share {number} of {n_shares} is empty: there are {len(paths)} files")
    return set(mine)


def _readable(paths: Iterable[str | Path], reading: Reading) -> Iterator[LevelSource]:
    """Sources of files that can be opened; what is wrong with the others is told when it is their turn."""
    for path in paths:
        with suppress(UserError):
            yield open_levels(path, reading)


def _spare(own: Collection[Path], path: str | Path, made: Iterable[Path]) -> None:
    """Refuse to write over what was given to be read."""
    if lost := next((file for file in made if file.resolve() in own), None):
        raise UserError(f"what is made of {path} would overwrite {lost}, which is to be read: use another --output")
