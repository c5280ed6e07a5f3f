"""Third-octave levels to Mel spectrograms, so that pretrained sound classifiers work on sensor data.

Modules, in the order in which a recording passes through them:
`audio` → `third_octave` → `pinv`, `transcoders` → `transcoding` → `teachers` → `analysis` → `inversion`, `sounds` →
`figures`, `page`; `generate` runs the whole chain. `sensor` does without a recording: levels to tags. `datasets`,
`training` and `experiments` make transcoders and compare them.
"""
