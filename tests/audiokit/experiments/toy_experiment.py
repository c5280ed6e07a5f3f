"""A small experiment, also to be run as a script: it trains by writing a number, and measures by spreading it."""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments import experiment_cli
from audiokit.experiments.experiment import Experiment, Metric
from audiokit.experiments.plan import Plan

N_FILES = 20

PLANS = {
    plan.name: plan
    for plan in (
        Plan("reference", {"step": "metric", "model": "oracle", "dataset": ("town", "park")}),
        Plan(
            "deep",
            {"step": ("train", "metric"), "model": ("cnn", "mlp"), "dataset": ("town", "park"), "rate": (-3, -4)},
        ),
    )
}


def add_arguments(parser):
    parser.add_argument("--root", type=Path, default=Path("toy"))
    parser.add_argument("--fail", default="", help="identifiers with this text in them cannot be computed")
    parser.add_argument("--crash", default="", help="likewise, by a fault of the program")
    parser.add_argument("--hang", default="", help="identifiers with this text in them take a minute")
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--voice", type=Path)


def configure(experiment, options):
    toy = Toy(options)
    metrics = (
        Metric("error", toy.errors, title="mean error", decimals=3),
        Metric("hits", toy.hits, direction="higher", decimals=1, percent=True),
    )
    return replace(
        experiment,
        root=options.root,
        export=options.root / "export",
        run=toy.run,
        is_done=toy.is_done,
        outputs=lambda setting: [toy.path(setting)],
        metrics=metrics,
    )


class Toy:
    """What the experiment does."""

    def __init__(self, options):
        self.options = options

    def path(self, setting, **overrides):
        return self.options.root / f"{setting.identifier(**overrides)}.npy"

    def is_done(self, setting):
        made, trained = self.path(setting), self.path(setting, step="train")
        return made.exists() and not (trained.exists() and trained.stat().st_mtime_ns > made.stat().st_mtime_ns)

    def run(self, setting):
        import numpy as np

        self.options.root.mkdir(parents=True, exist_ok=True)
        name = str(setting)
        if self.options.fail and self.options.fail in name:
            raise UserError("no sound today: come back tomorrow")
        if setting.get("step") == "train" and not self.options.voice:
            print("nobody's voice is here: a random one is trained", file=sys.stderr)
        if self.options.crash and self.options.crash in name:
            raise ZeroDivisionError("a fault of ours")
        if self.options.hang and self.options.hang in name:
            (self.options.root / "hanging").write_text(str(os.getpid()))
            time.sleep(60)
        np.save(self.path(setting), self.values(setting))

    def values(self, setting):
        import numpy as np

        if setting.get("step") == "train" or setting["model"] == "oracle":
            return np.float64(len(str(setting)))
        trained = np.load(self.path(setting, step="train"))
        noise = np.random.default_rng(abs(setting["rate"])).normal(size=N_FILES)
        return trained / 100 + 0.1 * (setting["model"] == "mlp") + 0.01 * noise

    def errors(self, setting):
        import numpy as np

        path = self.path(setting)
        return np.load(path) if path.exists() else None

    def hits(self, setting):
        errors = self.errors(setting)
        return None if errors is None else float((errors < 1).mean())


def not_configured(setting):
    raise AssertionError("the options have not been read")


EXPERIMENT = Experiment(
    "toy",
    PLANS,
    root=Path("toy"),
    run=not_configured,
    is_done=not_configured,
    outputs=not_configured,
    deciding=lambda setting: ("paper", "voice") if setting["step"] == "train" else (),
    titles={"rate": "log learning rate"},
    script=Path(__file__),
    add_arguments=add_arguments,
    configure=configure,
)


def toy(root, **options):
    """The experiment in a folder, for use without a command line."""
    defaults = {"fail": "", "crash": "", "hang": "", "paper": False, "voice": None}
    return configure(EXPERIMENT, argparse.Namespace(root=root, **defaults | options))


def main(arguments=None):
    return experiment_cli.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    sys.exit(cli.run(main))
