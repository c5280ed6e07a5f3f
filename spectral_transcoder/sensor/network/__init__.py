"""Networks of sensors: what `predict_third_octave.py` told of many files, by sensor, hour, weekday and month.

`reading` (tables of blocks, in pieces), `accumulation` (blocks to sums of hours, sums to means), `sensors` (which table
is whose), `places`, `tables` and `figures` (sums to what people read), `page` (a map that needs no server), `mapping`
(all of it).
"""

from spectral_transcoder.sensor.network.mapping import map_sensors

__all__ = ["map_sensors"]
