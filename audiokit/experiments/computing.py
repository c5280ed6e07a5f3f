"""Settings of an experiment, computed one after the other or in some processes, and a journal of each."""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.experiments.journal import journal_path, write_journal
from audiokit.files import make_folder
from audiokit.stopping import is_asked_to_stop
from audiokit.storage.holding import hold
from audiokit.storage.wholeness import is_made

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from audiokit.experiments.experiment import Experiment
    from audiokit.experiments.plan import Setting

__all__ = ["compute", "compute_setting"]


def compute(
    experiment: Experiment,
    settings: Collection[Setting],
    *,
    jobs: int = 1,
    skip: bool = False,
    detached: bool = False,
    arguments: Sequence[str] = (),
) -> list[Setting]:
    """Compute settings, in their order.

    Parameters
    ----------
    experiment
    settings
    jobs
        processes that share the settings.
    skip
        Whether to leave out settings that are done.
    detached
        Whether to go on after a failure.
    arguments
        options of the experiment, for the processes.

    Returns
    -------
    list
        settings that failed; always empty unless `detached`.

    Raises
    ------
    Exception
        of the first setting that fails, unless `detached`; what is finished by then stays.
    UserError
        where what every one of the settings needs is missing.
    """
    from tqdm import tqdm

    from audiokit.experiments.leaving_out import LeavingOut

    settings = _possible(experiment, settings)
    if jobs > 1:
        from audiokit.experiments.jobs import compute_in_processes

        return compute_in_processes(experiment, settings, jobs=jobs, skip=skip, detached=detached, arguments=arguments)
    failed = []
    is_left_out = LeavingOut(experiment, skip)
    for setting in tqdm(settings, desc=experiment.name, unit="setting", disable=len(settings) == 1):
        if is_left_out(setting):
            continue
        tqdm.write(setting.heading, file=sys.stderr)
        try:
            compute_setting(experiment, setting)
        except Exception as error:
            if not detached or is_asked_to_stop():
                raise
            failed.append(setting)
            reason = f"error: {error}\n" if isinstance(error, UserError) else traceback.format_exc()
            tqdm.write(reason, file=sys.stderr, end="")
    is_left_out.tell()
    return failed


def _possible(experiment: Experiment, settings: Collection[Setting]) -> Collection[Setting]:
    """Settings that lack nothing; a line says what the others lack."""
    if experiment.lacks is None:
        return settings
    reasons = {setting: experiment.lacks(setting) for setting in settings}
    possible = [setting for setting in settings if not reasons[setting]]
    told = Counter(filter(None, reasons.values()))
    if told and not possible:
        raise UserError(next(iter(told)))
    for reason, count in told.items():
        print(f"left out ({count} of {len(settings)} settings): {reason}", file=sys.stderr)
    return possible


def compute_setting(experiment: Experiment, setting: Setting) -> None:
    """Compute one setting and write down how; of two processes, the second waits for what the first makes."""
    journal = journal_path(experiment.root, setting)
    make_folder(journal.parent)
    asked = time.time_ns()
    with hold(journal, wait=True):
        if is_made([journal], since=asked) and experiment.is_done(setting):
            return  # made while this process waited
        start = time.monotonic()
        experiment.run(setting)
        write_journal(experiment.root, setting, seconds=time.monotonic() - start, options=experiment.options)
