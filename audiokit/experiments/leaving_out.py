"""Which settings need not be computed, for they are done, and which of these were made with other options."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.experiments.journal import journal_path, other_options

if TYPE_CHECKING:
    from audiokit.experiments.experiment import Experiment
    from audiokit.experiments.plan import Setting

__all__ = ["LeavingOut"]


@dataclass
class LeavingOut:
    """Leaves out what is done, where that is wished."""

    experiment: Experiment
    is_wished: bool
    _otherwise: Counter[str] = field(default_factory=Counter)
    """What was other than it is now, and of how many settings that are done."""

    def __call__(self, setting: Setting) -> bool:
        """Whether to leave out a setting."""
        if not self.is_wished or not self.experiment.is_done(setting):
            return False
        if self.experiment.deciding:
            names, path = self.experiment.deciding(setting), journal_path(self.experiment.root, setting)
            self._otherwise.update(filter(None, [other_options(path, self.experiment.options, names)]))
        return True

    def tell(self) -> None:
        """Say which of those that were left out would become others."""
        for difference, count in self._otherwise.items():
            settings = "1 setting was" if count == 1 else f"{count} settings were"
            line = f"{settings} made with other options ({difference}) and left as that is: leave out -S to do it again"
            tqdm.write(line, file=sys.stderr)
