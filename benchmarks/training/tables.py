"""Tables of training: steps and input pipeline on one core, and a device."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from threadpoolctl import threadpool_limits

from audiokit.devices import choose_device
from training.on_device import Device, compare_cnn_logits, features_line, pipeline_line, print_projection
from training.pipeline import pipeline_tables
from training.steps import step_table
from training.subjects import Subject, describe_weights, load_chunks, make_dataset, teacher_or_random

if TYPE_CHECKING:
    import argparse

TABLES = ("steps", "pipeline")
"""Of a processor."""

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
    print(features_line(PAPER_TEACHERS, where), flush=True)
    subjects = []
    for name in PAPER_TEACHERS:
        chunks = load_chunks(dataset, name)
        whole_batches = len(chunks["mel"]) // options.batch * options.batch
        chunks = {key: tensor[:whole_batches] for key, tensor in chunks.items()}
        teacher = teacher_or_random(name, options.models).to(where.device)
        subjects.append(Subject(teacher, "hybridts", chunks, options.batch))
        print(compare_cnn_logits(subjects[-1], where, options.curves), flush=True)
    print(pipeline_line(subjects[0], where), flush=True)
    print_projection(subjects, where)


def print_tables(options: argparse.Namespace) -> None:
    """Print the tables that the command line names; by default those of what there is."""
    tables = options.tables or (*TABLES, *(["device"] if torch.cuda.is_available() else []))
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
