"""Write a trained transcoder as an ONNX file, for sensors and whatever else has no PyTorch.

The file takes seconds of third-octave levels, `third_octave` (batch, 8, 29) in dB, and gives the teacher's log-Mel
spectrograms, `mel`. With the teacher, and its tagger where there is one, it takes up to ten seconds at once, (batch,
seconds, 8, 29), and gives `scores` and those of `groups`, and says from which score on a group is present;
predict_onnx.py shows how. It is compared with PyTorch before it is left there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from teachers.options import add_foreground_option, add_models_option, add_teacher_weights_option

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--teacher", default="mn04_as", help="PANN, YamNet, mn04_as …")
    help_text = "tcn, cnn_mels, cnn_logits …; by default what predict_third_octave.py takes"
    add("--transcoder", metavar="NAME", help=help_text)
    add("--folder", type=Path, help="of the trained transcoder; by default where generate_audio.py looks")
    add("--output", type=Path, metavar="FILE", help="by default <teacher>_<name>.onnx in this folder")
    add("--with_teacher", action="store_true", help="put the teacher behind it: from levels to scores in one file")
    add_teacher_weights_option(parser)
    add_models_option(parser)
    add(
        "--groups",
        type=Path,
        metavar="FILE",
        help="csv with the columns label and group; by default those of predict_third_octave.py: traffic, voice, birds",
    )
    add_foreground_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file."""
    options = parse(arguments)
    with cli.quick_imports():
        from spectral_transcoder.hearing import BESIDE_TAGGER, beside_tagger_in_sensors, find_tagger, load_tagger
        from spectral_transcoder.sensor.hearing.listener import TAGGER
        from spectral_transcoder.sensor.hearing.loading import has_tagger_by_default
        from spectral_transcoder.sensor.hearing.onnx_tagger import export_tagger
        from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS, Threshold, find_thresholds
        from spectral_transcoder.third_octave import FAST
        from spectral_transcoder.transcoders.onnx_export import export_onnx
        from spectral_transcoder.transcoders.store import SEARCHED_FOLDERS, find_transcoders, load_transcoder
        from teachers.label_groups import group_members
        from teachers.registry import load_teacher

    folders = [options.folder] if options.folder else SEARCHED_FOLDERS
    found = {
        name: stored for name, stored in find_transcoders(options.teacher, folders).items() if stored.settings.gives_mel
    }
    beside = beside_tagger_in_sensors(found) if options.with_teacher else BESIDE_TAGGER
    tagger = find_tagger(options.teacher, "fast", folders) if options.with_teacher and beside in found else None
    name = options.transcoder or (TAGGER if tagger and has_tagger_by_default(options.teacher) else beside)
    if name not in found and not (name == TAGGER and tagger):
        names = ", ".join([*found, *([TAGGER] if tagger else [])]) or "none"
        raise UserError(f"no transcoder {name} for {options.teacher} is here; there is: {names}")
    path = options.output or Path(f"{options.teacher}_{name}{'_tags' * options.with_teacher}.onnx")
    transcoder = load_transcoder(found[beside if name == TAGGER else name])
    if options.with_teacher:
        teacher = load_teacher(options.teacher, weights=options.teacher_weights, folder=options.models).eval()
        groups = group_members(teacher.labels, options.groups or PRESENCE_LABELS)
        through = f"{name}{'+foreground' * options.foreground}"
        content = f"{options.teacher} through {through}"
        heard = {"teacher": options.teacher, "transcoder": through, "hop_seconds": FAST.hop_seconds}
        # Of groups of one's own nothing is known, whatever their names are.
        chosen = {} if options.groups else find_thresholds(groups, **heard)
        thresholds = {group: chosen.get(group, Threshold()).score for group in groups}
        difference = export_tagger(
            transcoder,
            teacher,
            groups,
            path,
            thresholds=thresholds,
            in_front=options.foreground,
            tagger=load_tagger(tagger) if name == TAGGER else None,
        )
    else:
        content = f"{name} for {options.teacher}"
        difference = export_onnx(transcoder, path)
    print(f"{path} ({content}, within {difference:.1g} of PyTorch)")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
