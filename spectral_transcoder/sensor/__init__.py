"""Third-octave levels of noise-monitoring sensors to scores of sound sources, without any recording.

`load_predictor` and `Predictor` are the way in from Python, `tag_all` and `follow` (levels that still come) are what
`predict_third_octave.py` calls. In the order of the data: `reading` (which file is what), `formats` (bytes to tables of
cells), `bands` and `times` (cells to levels and seconds), `levels` (frames in order, every 125 ms or 1 s, faults
counted, corrected by a calibrator, in blocks, on the scale of the transcoders), `hearing` (levels to scores),
`presence` (what was learned on annotated sensors, and levels of noise), `results` (scores to tables, hours and days, a
picture, a report). `tagging` does one source, `many` all that are named, `live` what comes, `network` gathers what was
heard at many sensors.
"""

from spectral_transcoder.sensor.hearing.loading import load_predictor
from spectral_transcoder.sensor.hearing.predictor import Predictor
from spectral_transcoder.sensor.levels.offset import automatic_offset
from spectral_transcoder.sensor.levels.sources import Reading
from spectral_transcoder.sensor.live import follow
from spectral_transcoder.sensor.many import prepare_tagger, tag_all
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.wanted import Wanted

__all__ = [
    "Predictor",
    "Reading",
    "Wanted",
    "automatic_offset",
    "follow",
    "load_predictor",
    "open_levels",
    "prepare_tagger",
    "tag_all",
]
