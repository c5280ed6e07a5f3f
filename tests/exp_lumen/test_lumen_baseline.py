"""The baseline's numbers: entropies at their limits, Hjorth's of a sine, and 28 features of a file."""

import librosa
import numpy as np
import pytest
from audio_fixtures import noise

from exp_lumen.baseline.entropies import hjorth, permutation_entropy, spectral_entropy, svd_entropy
from exp_lumen.baseline.features import NAMES, SAMPLE_RATE, whole_file_features
from exp_lumen.baseline.machines import fit_machines
from exp_lumen.instruments import CODES

NOISE = noise(22050, seed=0, level=0.1).astype(np.float64)
SINE = np.sin(2 * np.pi * 0.05 * np.arange(22050))


def test_entropies_are_0_for_what_is_regular_and_1_for_white_noise():
    rising = np.arange(1000.0)
    assert permutation_entropy(rising) == 0 and permutation_entropy(NOISE) == pytest.approx(1, abs=1e-3)
    assert spectral_entropy(SINE, SAMPLE_RATE) < 0.25 < 0.95 < spectral_entropy(NOISE, SAMPLE_RATE)
    assert svd_entropy(np.ones(1000)) == pytest.approx(0, abs=1e-6) and svd_entropy(NOISE) == pytest.approx(1, abs=1e-3)


def test_hjorth_s_mobility_of_a_sine_is_its_frequency_and_its_complexity_1():
    mobility, complexity = hjorth(SINE)
    assert mobility == pytest.approx(2 * np.sin(np.pi * 0.05), rel=1e-3) and complexity == pytest.approx(1, rel=1e-3)
    assert hjorth(np.ones(100)) == (0, 0)
    assert hjorth(NOISE)[0] == pytest.approx(np.sqrt(2), rel=0.02)


def test_features_have_their_names_and_are_librosa_s_of_one_frame():
    features = dict(zip(NAMES, whole_file_features(SINE.astype(np.float32)), strict=True))
    assert len(features) == 28
    assert features["centroid"] == pytest.approx(0.05 * SAMPLE_RATE, rel=1e-3)
    assert features["rms"] == pytest.approx(np.sqrt(0.5), rel=1e-4)
    assert features["zero crossings"] == pytest.approx(0.1, rel=1e-2)
    spectrum = np.abs(np.fft.rfft(SINE * np.hanning(len(SINE))))[:, None]
    assert features["flatness"] == pytest.approx(librosa.feature.spectral_flatness(S=spectrum).item(), rel=1e-3)


@pytest.mark.parametrize("n_samples", [1, 100, 22051])
def test_short_silent_and_odd_recordings_have_finite_features(n_samples):
    assert np.isfinite(whole_file_features(np.zeros(n_samples, np.float32))).all()
    assert np.isfinite(whole_file_features(noise(n_samples, seed=1).astype(np.float32))).all()


def test_machines_learn_of_what_is_known_alone():
    generator = np.random.default_rng(0)
    features = generator.standard_normal((400, 28))
    targets = np.zeros((400, 11))
    targets[:, 3] = features[:, 0] > 0
    known = np.ones((400, 11))
    known[:200, 3], targets[:200, 3] = 0, 1 - targets[:200, 3]  # wrong, and not to be believed
    machines = fit_machines(features, targets, known)
    assert set(machines.pipelines) == {CODES[3]}
    scores = machines.scores(features)
    assert np.mean((scores[200:, 3] > 0.5) == targets[200:, 3]) > 0.95
    assert np.mean((scores[:200, 3] > 0.5) == (features[:200, 0] > 0)) > 0.7 and not scores[:, 0].any()
