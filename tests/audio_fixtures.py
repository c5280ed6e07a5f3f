"""Sounds that tests make for themselves, and models that they save."""

import numpy as np
import soundfile
import torch
import yaml
from recipe import fill
from safetensors.torch import save_file

from spectral_transcoder.transcoders.store import TranscoderSettings, build_transcoder
from yamnet.network import YAMNet

RECORDINGS = {
    "birds": "data/audio/birds.wav",
    "street": "data/tau_clips/street_pedestrian-paris-152-4607-a.wav",
}
"""Real ones among the reference data."""


def noise(n_samples, *, seed=0, level=0.1):
    """White noise, (n_samples,) float32."""
    return (level * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def scene(seconds, rate=32000, *, seed=0):
    """Tones that come and go over pink-like noise: something different in every second and band, (n,) float32."""
    generator = np.random.default_rng(seed)
    n_samples = round(seconds * rate)
    time = np.arange(n_samples) / rate
    spectrum = np.fft.rfft(generator.standard_normal(n_samples))
    frequencies = np.fft.rfftfreq(n_samples, 1 / rate)
    sound = 3 * np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, 40)), n_samples)
    sound *= 1 + 0.8 * np.sin(2 * np.pi * 0.7 * time)
    for start in np.arange(0, seconds, 0.6):
        since = time - start
        tone = np.sin(2 * np.pi * generator.uniform(150, 0.4 * rate) * since)
        sound += generator.uniform(0.1, 0.5) * tone * np.exp(-6 * np.maximum(since, 0)) * (since >= 0)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def tone(seconds, *, start, stop, frequency=1000, rate=32000):
    """A sine that sounds from `start` to `stop`, over faint noise, (n,) float32."""
    time = np.arange(round(seconds * rate)) / rate
    sound = 0.5 * np.sin(2 * np.pi * frequency * time) * ((time >= start) & (time < stop))
    return (sound + noise(len(time), level=1e-4)).astype(np.float32)


def octave_levels(sound, rate=32000, *, n_octaves=6):
    """dB in the octaves from 250 Hz up, to 8 kHz by default."""
    power = np.abs(np.fft.rfft(np.asarray(sound, np.float64))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate)
    centres = 250 * 2.0 ** np.arange(n_octaves)
    bands = [(frequencies >= centre / 2**0.5) & (frequencies < centre * 2**0.5) for centre in centres]
    return np.array([10 * np.log10(power[band].sum()) for band in bands])


def write(path, samples, rate=32000, **format_):
    """Write a sound file, by default a wav without rounding; gives its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **({"subtype": "FLOAT"} if path.suffix == ".wav" else {}) | format_)
    return path


def save_yamnet(folder):
    """Save a YAMNet whose scores differ from label to label and sound to sound, where the download would put it."""
    path = folder / "yamnet" / "yamnet.pth"
    path.parent.mkdir(parents=True)
    torch.save(fill(YAMNet(), linear_factor=0.1).state_dict(), path)
    return folder


SMALL_CNN = {
    "model_type": "cnn_pinv",
    "cnn_kernel_size": 3,
    "cnn_dilation": 1,
    "cnn_nb_layers": 2,
    "cnn_nb_channels": 2,
}
SMALL_TCN = {"model_type": "tcn_pinv", "tcn_nb_layers": 1, "tcn_nb_channels": 4}


def save_transcoders(folder, teacher="YamNet"):
    """Save small stand-ins for the trained networks, which change PINV by a little, where ours would lie."""
    (folder / "reference_models").mkdir(parents=True, exist_ok=True)
    for seed, (name, sizes) in enumerate((("cnn_mels", SMALL_CNN), ("cnn_logits", SMALL_CNN), ("tcn", SMALL_TCN))):
        torch.manual_seed(seed)
        settings = sizes | {"mels_type": teacher}
        path = folder / "reference_models" / f"{name}_{teacher}.safetensors"
        save_file(build_transcoder(TranscoderSettings(**settings)).state_dict(), path)
        path.with_suffix(".yaml").write_text(yaml.safe_dump(settings | {"name": name}))
    return folder
