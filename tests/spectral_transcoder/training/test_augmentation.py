"""Augmented seconds are those that the sounds would have given, had they been louder, coloured or mixed."""

import pytest
import torch
from torch.testing import assert_close

from efficientat.teacher import front_end as efficientat_front_end
from pann.mel import FRONT_END as PANN
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES, LOWER_FREQUENCIES, UPPER_FREQUENCIES, third_octave
from spectral_transcoder.training.augmentation import Augmentation
from yamnet.mel import FRONT_END as YAMNET

FRONT_ENDS = {"PANN": PANN, "YamNet": YAMNET, "mn04_as": efficientat_front_end("mn04_as")}
each_front_end = pytest.mark.parametrize("front_end", FRONT_ENDS.values(), ids=FRONT_ENDS)

RATE = 32000
NOTHING = {"mixed_share": 0.0, "gain_db": 0.0, "colour_db": 0.0, "cut_share": 0.0, "slow_share": 0.0}


@pytest.fixture(autouse=True)
def the_same_chances():
    torch.manual_seed(0)


def noise(n_items, seconds=1, seed=0):
    """White noise at 32 kHz."""
    return 0.1 * torch.randn(n_items, seconds * RATE, generator=torch.Generator().manual_seed(seed))


def levels(waveforms):
    return torch.stack([torch.from_numpy(third_octave(waveform.numpy())) for waveform in waveforms]).float()


def mels(front_end, waveforms):
    """Of every second, or every other sample where the front end takes 16 kHz: of noise it is noise as well."""
    return front_end(waveforms[:, :: RATE // front_end.sample_rate])[:, : front_end.chunk_frames]


def batch_of(front_end, waveforms):
    return {"third_octave": levels(waveforms), "mel": mels(front_end, waveforms)}


@each_front_end
def test_with_no_chance_nothing_changes(front_end):
    batch = batch_of(front_end, noise(2))
    augmented = Augmentation(front_end, **NOTHING)(batch)
    assert_close(augmented["third_octave"], batch["third_octave"], rtol=0, atol=1e-3)
    assert_close(augmented["mel"], batch["mel"], rtol=0, atol=1e-3)


@each_front_end
def test_a_gain_is_that_of_the_waveform(front_end):
    waveforms = noise(4)
    batch = batch_of(front_end, waveforms)
    torch.manual_seed(0)
    augmented = Augmentation(front_end, **NOTHING | {"gain_db": 15.0})(batch)
    gain = (augmented["third_octave"] - batch["third_octave"]).mean(dim=(1, 2))
    assert gain.abs().max() <= 15
    assert gain.std() > 1
    louder = batch_of(front_end, waveforms * 10 ** (gain / 20)[:, None])
    assert_close(augmented["third_octave"], louder["third_octave"], rtol=0, atol=0.01)
    assert_close(augmented["mel"], louder["mel"], rtol=0, atol=0.01)


def test_gains_are_spread_evenly():
    silence = {"third_octave": torch.zeros(2000, 1, 29), "mel": torch.zeros(2000, 1, 64)}
    gain = Augmentation(YAMNET, **NOTHING | {"gain_db": 12.0})(silence)["third_octave"].mean(dim=(1, 2))
    assert float(gain.mean()) == pytest.approx(0, abs=0.7)
    assert float(gain.std()) == pytest.approx(24 / 12**0.5, rel=0.05)


@each_front_end
def test_bands_at_the_same_frequency_get_the_same_colour(front_end):
    batch = batch_of(front_end, noise(3))
    augmented = Augmentation(front_end, **NOTHING | {"colour_db": 4.0})(batch)
    by_band = (augmented["third_octave"] - batch["third_octave"])[:, 0]
    expanded = [front_end.expand(mel) for mel in (augmented["mel"], batch["mel"])]
    by_mel = 20 / front_end.exponent * (expanded[0] / expanded[1])[:, 10].log10()
    for band in (14, 18, 22):  # 500, 1250, 3150 Hz
        nearest = abs(front_end.centre_frequencies() - CENTRE_FREQUENCIES[band]).argmin()
        assert_close(by_mel[:, nearest], by_band[:, band], rtol=0, atol=1)  # up to half a Mel band away


def test_colours_have_their_deviation_at_the_points_of_the_response():
    silence = {"third_octave": torch.zeros(4000, 1, 29), "mel": torch.zeros(4000, 1, 64)}
    colour = Augmentation(YAMNET, **NOTHING | {"colour_db": 4.0})(silence)["third_octave"][:, 0]
    assert float(colour[:, 0].std()) == pytest.approx(4, rel=0.05)  # 20 Hz, as the lowest point
    assert (colour.std(dim=0) < 4.3).all()
    assert (colour.std(dim=0) > 2.5).all()


@each_front_end
def test_mixed_seconds_are_those_of_the_sum_of_the_sounds(front_end):
    torch.manual_seed(1)
    soft, loud = noise(1, seed=1), 3 * noise(1, seed=2)
    batch = batch_of(front_end, torch.cat([soft, loud]))
    for _ in range(20):
        augmented = Augmentation(front_end, **NOTHING | {"mixed_share": 1.0, "softest_db": 0.0})(batch)
        if (augmented["third_octave"] - batch["third_octave"]).abs().min() > 0.5:
            break
    # Each as loud as the other, scaled to its level.
    summed = batch_of(front_end, torch.cat([soft + loud / 3, 3 * soft + loud]))
    difference = augmented["third_octave"] - summed["third_octave"]
    assert_close(difference.mean(), torch.tensor(0.0), rtol=0, atol=0.3)
    difference = augmented["mel"] - summed["mel"]
    assert_close(difference.mean(), torch.tensor(0.0), rtol=0, atol=0.12)


def test_the_share_of_mixed_seconds_and_their_levels_are_as_asked_for():
    same = {"third_octave": torch.full((4000, 1, 29), 60.0), "mel": torch.zeros(4000, 1, 64)}
    augmented = Augmentation(YAMNET, **NOTHING | {"mixed_share": 0.3, "softest_db": -30.0})(same)
    added = augmented["third_octave"][:, 0, 0] - 60
    assert float((added > 1e-3).float().mean()) == pytest.approx(0.3, abs=0.03)
    level_db = 10 * (10 ** (added[added > 0.01] / 10) - 1).log10()
    assert float(level_db.max()) < 0.1
    assert float(level_db.min()) > -30.1


def test_silence_stays_finite():
    batch = {"third_octave": torch.full((4, 8, 29), -154.0), "mel": YAMNET.compress(torch.zeros(4, 96, 64))}
    augmented = Augmentation(YAMNET)(batch)
    assert all(tensor.isfinite().all() for tensor in augmented.values())


def test_silence_that_is_added_stays_silent():
    loud = batch_of(YAMNET, noise(1))
    silent = {"third_octave": torch.full((1, 8, 29), -154.0), "mel": YAMNET.compress(torch.zeros(1, 96, 64))}
    batch = {name: torch.cat([loud[name], silent[name].expand_as(loud[name])]) for name in loud}
    for seed in range(8):
        torch.manual_seed(seed)
        augmented = Augmentation(YAMNET, **NOTHING | {"mixed_share": 1.0})(batch)
        # Alone or doubled, whichever it was mixed with.
        assert (augmented["third_octave"][0] - loud["third_octave"][0]).mean() < 3.1
        assert_close(augmented["mel"][0].mean(), loud["mel"][0].mean(), rtol=0, atol=0.4)
        assert (augmented["third_octave"][0].std() - loud["third_octave"][0].std()).abs() < 0.1


def test_the_same_random_numbers_make_the_same_batch():
    batch = batch_of(YAMNET, noise(4))
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(Augmentation(YAMNET)(batch)["mel"])
    assert torch.equal(*made)
    assert not torch.equal(made[0], Augmentation(YAMNET)(batch)["mel"])


def below(waveforms, cutoff):
    """What of waveforms is below a frequency, by an ideal filter."""
    spectrum = torch.fft.rfft(waveforms)
    spectrum[:, int(cutoff * waveforms.shape[1] / RATE) :] = 0
    return torch.fft.irfft(spectrum, n=waveforms.shape[1])


def cutoff_of(left_db):
    """Number of the last band with something left, and the frequency that it is left below: (29,) in dB."""
    band = int((left_db > -90).nonzero().max())
    share = 10 ** (float(left_db[band]) / 10)
    return band, LOWER_FREQUENCIES[band] + share * (UPPER_FREQUENCIES - LOWER_FREQUENCIES)[band]


@pytest.mark.parametrize("name", ["PANN", "mn04_as"])
def test_seconds_that_are_cut_off_are_those_of_the_sound_below_a_frequency(name):
    front_end = FRONT_ENDS[name]
    waveforms = noise(8)
    batch = batch_of(front_end, waveforms)
    torch.manual_seed(0)
    augmented = Augmentation(front_end, **NOTHING | {"cut_share": 1.0})(batch)
    lost_db = augmented["third_octave"] - batch["third_octave"]
    cutoffs = [cutoff_of(item[0]) for item in lost_db]
    filtered = batch_of(
        front_end, torch.cat([below(item[None], cutoff) for item, (_, cutoff) in zip(waveforms, cutoffs, strict=True)])
    )
    for number, (band, cutoff) in enumerate(cutoffs):
        assert 3500 <= cutoff * 1.001 <= 1.002 * 14000
        assert_close(lost_db[number, :, :band], torch.zeros(8, band), rtol=0, atol=1e-3)
        assert_close(lost_db[number, :, band + 1 :], torch.full((8, 28 - band), -100.0), rtol=0, atol=1e-2)
        # The filter takes the second for one that repeats: its ends are others. Windows leak into the bands next
        # to the cutoff, and rounding into all.
        n_below = int(front_end.centre_frequencies().searchsorted(cutoff))
        made, wanted = (mel[number, 2:-2] for mel in (augmented["mel"], filtered["mel"]))
        assert_close(made[:, : n_below - 2], wanted[:, : n_below - 2], rtol=0, atol=0.05)
        softest = front_end.compress(1e-5 * front_end.expand(wanted[:, : n_below - 2]).mean())
        for mel in (made, wanted):
            assert (mel[:, n_below + 3 :] <= softest).all()


def test_the_share_of_cut_seconds_is_as_asked_for():
    same = {"third_octave": torch.full((4000, 1, 29), 60.0), "mel": torch.zeros(4000, 1, 64)}
    levels = Augmentation(YAMNET, **NOTHING | {"cut_share": 0.4})(same)["third_octave"][:, 0]
    assert float((levels[:, -1] < 60).float().mean()) == pytest.approx(0.4, abs=0.03)
    assert (levels[:, 0] == 60).all()


def test_some_seconds_have_the_levels_of_slower_meters():
    power = 1e6 * torch.rand(1000, 8, 29, generator=torch.Generator().manual_seed(0))
    mel = torch.randn(1000, 96, 64, generator=torch.Generator().manual_seed(1))
    augmented = Augmentation(YAMNET, **NOTHING | {"slow_share": 0.4})({"third_octave": 10 * power.log10(), "mel": mel})
    found = 10 ** (augmented["third_octave"] / 10)
    as_they_are = (found / power - 1).abs().amax(dim=(1, 2)) < 1e-3
    all_one = found.std(dim=1).amax(dim=1) / found.mean(dim=(1, 2)) < 1e-3
    pairs = found.unflatten(1, (4, 2))
    every_other = (pairs.std(dim=2).amax(dim=(1, 2)) / found.mean(dim=(1, 2)) < 1e-3) & ~all_one
    assert float(as_they_are.float().mean()) == pytest.approx(0.6, abs=0.05)
    assert float(all_one.float().mean()) == pytest.approx(0.2, abs=0.05)
    assert float(every_other.float().mean()) == pytest.approx(0.2, abs=0.05)
    assert_close(found.mean(dim=1), power.mean(dim=1), rtol=1e-3, atol=0)
    assert_close(augmented["mel"], mel, rtol=0, atol=1e-3)
