"""Speed of training: steps, input pipeline, and on a GPU the paper's whole plan, against the original's algorithm.

    python3 benchmarks/bench_training.py [--models FOLDER] [--teachers YamNet mn04_as PANN] [--repeats 5]
    python3 benchmarks/bench_training.py --tables device --device cuda [--steps 200] [--curves FOLDER]

Works on a dataset that it makes itself. FOLDER holds what `download_pretrained_models.py` gets; teachers that are not
there have random weights. Our steps are those of the package's `Trainer`. Prints Markdown.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits
from training_on_device import Device, compare_cnn_logits, pipeline_line, projection_table
from training_pipeline import pipeline_tables
from training_steps import step_table
from training_subjects import Subject, describe_weights, load_chunks, make_dataset, teacher_or_random

from audiokit.devices import choose_device
from audiokit.paths import ROOT

TABLES = ("steps", "pipeline", "device")
PAPER_TEACHERS = ("PANN", "YamNet")


def print_steps(options: argparse.Namespace, dataset: Path) -> None:
    """Print the tables of single steps."""
    subjects = [(name, "cnn") for name in PAPER_TEACHERS] + [(name, "hybridts") for name in options.teachers]
    for name, plan in subjects:
        chunks = {key: tensor[: options.batch] for key, tensor in load_chunks(dataset, name).items()}
        subject = Subject(teacher_or_random(name, options.models), plan, chunks, options.batch)
        print(step_table(subject, repeats=options.repeats), flush=True)


def print_pipeline(options: argparse.Namespace, dataset: Path) -> None:
    """Print the tables of the input pipeline."""
    teacher = teacher_or_random("PANN", options.models)
    print(pipeline_tables(teacher, dataset, batch_size=options.batch, repeats=options.repeats), flush=True)


def print_device(options: argparse.Namespace, dataset: Path) -> None:
    """Print the tables of a device."""
    where = Device(choose_device(options.device), compile=not options.eager, n_steps=options.steps)
    subjects = []
    for name in PAPER_TEACHERS:
        chunks = load_chunks(dataset, name)
        whole_batches = len(chunks["mel"]) // options.batch * options.batch
        chunks = {key: tensor[:whole_batches] for key, tensor in chunks.items()}
        teacher = teacher_or_random(name, options.models).to(where.device)
        subjects.append(Subject(teacher, "hybridts", chunks, options.batch))
        print(compare_cnn_logits(subjects[-1], where, options.curves), flush=True)
    print(pipeline_line(subjects[0], where), flush=True)
    print(projection_table(subjects, where), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT)
    parser.add_argument("--teachers", nargs="+", default=["YamNet"], help="of CNN-logits on the CPU; PANN is slow")
    parser.add_argument("--tables", nargs="+", choices=TABLES, help="all by default; device only where there is a GPU")
    parser.add_argument("--device", default="auto", help="of the tables named device")
    parser.add_argument("--eager", action="store_true", help="without torch.compile on the device")
    parser.add_argument("--curves", type=Path, help="folder for the loss curves on the device")
    parser.add_argument("--chunks", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100, help="of each training on the device, after a fifth more")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    tables = options.tables or TABLES[: 3 if torch.cuda.is_available() else 2]
    names = tuple(dict.fromkeys((*PAPER_TEACHERS, *options.teachers)))
    print(f"Weights: {describe_weights(names, options.models)}.\n")
    n_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        torch.set_num_threads(1)
        with threadpool_limits(1):
            dataset = make_dataset(Path(folder), n_chunks=options.chunks, teachers=names)
            if "steps" in tables:
                print_steps(options, dataset)
            if "pipeline" in tables:
                print_pipeline(options, dataset)
        torch.set_num_threads(n_threads)
        if "device" in tables:
            print_device(options, dataset)


if __name__ == "__main__":
    main()
