"""The combination loss against numbers worked out by hand, and what multi-labelled members change."""

import math

import pytest
import torch

from stages.separation.losses import (
    SUBSETS,
    combination_loss,
    member_estimates,
    member_l1,
    subset_magnitude_errors,
    subset_weighted_sdr,
    whole_subsets,
)

SINGLE = torch.eye(4)[None]
# Slot 0 holds a segment labelled vocals and drums; slot 2 is unused.
VOCALS_DRUMS = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])[None]
BASS_DRUMS_OTHER = torch.tensor([[1.0, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]])[None]


def column(*values):
    """One value for each class as (1, 4, 1, 1): one channel, one sample."""
    return torch.tensor(values, dtype=torch.float32)[None, :, None, None]


def test_members_are_sums_of_their_classes():
    summed = member_estimates(column(1, 2, 4, 8), VOCALS_DRUMS)
    assert summed.flatten().tolist() == [5, 2, 0, 8]


@pytest.mark.parametrize(("groups", "count"), [(SINGLE, 14), (VOCALS_DRUMS, 6), (BASS_DRUMS_OTHER, 2)])
def test_only_subsets_that_split_no_member_count(groups, count):
    assert whole_subsets(groups).sum() == count


def test_subsets_of_a_two_label_member_are_the_right_six():
    kept = SUBSETS[whole_subsets(VOCALS_DRUMS)[0].bool()].tolist()
    assert sorted(kept) == sorted([
        [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0], [1, 1, 1, 0], [1, 0, 1, 1], [0, 1, 0, 1],
    ])  # fmt: skip


def test_magnitude_errors_by_hand():
    estimates = column(1, 2, 3, 4)[..., None]
    # Targets 3, 4i, 0 and -3: sums of complex numbers, whose magnitudes are not the sums of magnitudes.
    spectra = torch.tensor([3, 4j, 0, -3])[None, :, None, None, None]
    errors = dict(zip(map(tuple, SUBSETS.int().tolist()), subset_magnitude_errors(estimates, spectra)[0], strict=True))
    assert errors[1, 0, 0, 0] == pytest.approx((1 - 3) ** 2)
    assert errors[0, 0, 0, 1] == pytest.approx((4 - 3) ** 2)
    assert errors[1, 1, 0, 0] == pytest.approx((3 - 5) ** 2)  # |3 + 4i| = 5
    assert errors[1, 0, 0, 1] == pytest.approx((5 - 0) ** 2)  # |3 - 3| = 0
    assert errors[1, 1, 0, 1] == pytest.approx((7 - 4) ** 2)  # |3 + 4i - 3| = 4


def test_weighted_sdr_by_hand():
    # Orthogonal unit targets: mixture (1, 1), and nothing in two classes. The estimate of the first is (1, 1), too.
    targets = torch.tensor([[1.0, 0], [0, 1], [0, 0], [0, 0]])[None, :, None]
    estimates = torch.tensor([[1.0, 1], [0, 1], [0, 0], [0, 0]])[None, :, None]
    losses = dict(zip(map(tuple, SUBSETS.int().tolist()), subset_weighted_sdr(estimates, targets)[0], strict=True))
    # First alone: cos(s, s') = 1/sqrt(2); the rest is estimated as silence, cosine 0; a = 1/2.
    assert losses[1, 0, 0, 0] == pytest.approx(-0.5 / math.sqrt(2), abs=1e-4)
    # Second alone: cos = 1; the rest (1, 0) is estimated as (1, 0): perfect.
    assert losses[0, 1, 0, 0] == pytest.approx(-1, abs=1e-4)
    # Both: s = (1, 1) estimated as (1, 2), cos = 3/sqrt(10), and no rest.
    assert losses[1, 1, 0, 0] == pytest.approx(-3 / math.sqrt(10), abs=1e-4)
    # A silent one, rightly estimated as silence: a = 0, and the rest is the mixture, perfect.
    assert losses[0, 0, 1, 0] == pytest.approx(-1, abs=1e-4)


def test_combination_loss_is_the_mean_over_whole_subsets_by_hand():
    # All subsets of a mixture of one class: x alone, estimated as e_x in class 0.
    magnitudes, spectra = column(2, 0, 0, 0)[..., None], torch.tensor([1, 0, 0, 0 + 0j])[None, :, None, None, None]
    estimates, targets = column(2, 0, 0, 0), column(1, 0, 0, 0)
    # 7 of 14 subsets hold class 0: squared error 1 and cosine 1 there. The other 7 expect silence and have it, but
    # the rest, 1, is estimated as 1 - 0: cosine 1. So L_freq = 1/2, L_time = -1.
    assert combination_loss(magnitudes, estimates, spectra, targets, SINGLE) == pytest.approx(0.5 - 10, abs=1e-3)
    # With vocals and drums as one member, 3 of 6 hold it: the same, and the estimates of its classes may be split.
    split = column(1.5, 0, 0.5, 0)
    assert combination_loss(split[..., None], split, spectra, targets, VOCALS_DRUMS) == pytest.approx(
        0.5 - 10, abs=1e-3
    )


def test_batch_mean_weighs_examples_equally():
    torch.manual_seed(0)
    estimates, targets = torch.rand(2, 4, 2, 50), torch.rand(2, 4, 2, 50)
    targets[1, 2] = 0
    magnitudes, spectra = torch.rand(2, 4, 2, 5, 6), torch.rand(2, 4, 2, 5, 6, dtype=torch.complex64)
    groups = torch.cat([SINGLE, VOCALS_DRUMS])
    parts = (magnitudes, estimates, spectra, targets, groups)
    alone = [combination_loss(*(part[i : i + 1] for part in parts)) for i in range(2)]
    assert combination_loss(*parts).item() == pytest.approx(sum(alone).item() / 2, rel=1e-5)


def test_l1_by_hand():
    estimates, targets = column(1, 2, 3, 4), column(5, 0, 0, 4)
    # Members: |1+3 - 5| = 1, |2 - 0| = 2, |4 - 4| = 0; the unused slot does not count.
    assert member_l1(estimates, targets, VOCALS_DRUMS) == pytest.approx(1.0)
    assert member_l1(estimates, targets, SINGLE) == pytest.approx((4 + 2 + 3 + 0) / 4)


def gradient(loss):
    """Gradient of `loss(estimates)` at random estimates, (1, 4, 2, 64)."""
    torch.manual_seed(1)
    estimates = torch.rand(1, 4, 2, 64, requires_grad=True)
    loss(estimates).backward()
    return estimates.grad[0]


def test_the_gradient_of_a_multi_labelled_segment_reaches_only_the_estimates_in_its_sum():
    torch.manual_seed(0)
    targets = torch.rand(1, 4, 2, 64)
    others = VOCALS_DRUMS.clone()
    others[:, 1:] = 0  # only the member of vocals and drums
    grad = gradient(lambda e: member_l1(e, targets, others))
    assert (grad[[1, 3]] == 0).all()
    assert (grad[[0, 2]] != 0).all()
    assert torch.equal(grad[0], grad[2])


def test_the_combination_loss_asks_nothing_of_the_split_within_a_member():
    torch.manual_seed(0)
    targets, spectra = torch.rand(1, 4, 2, 64), torch.rand(1, 4, 2, 8, 8, dtype=torch.complex64)
    targets[:, 2], spectra[:, 2] = 0, 0
    grad = gradient(lambda e: combination_loss(e.unflatten(3, (8, 8)), e, spectra, targets, VOCALS_DRUMS))
    torch.testing.assert_close(grad[0], grad[2])
    assert not torch.allclose(grad[0], grad[1])
    grad = gradient(lambda e: combination_loss(e.unflatten(3, (8, 8)), e, spectra, targets, SINGLE))
    assert not torch.allclose(grad[0], grad[2])


@pytest.mark.parametrize("groups", [SINGLE, VOCALS_DRUMS, BASS_DRUMS_OTHER])
def test_silence_gives_finite_gradients(groups):
    magnitudes = torch.zeros(1, 4, 2, 3, 3, requires_grad=True)
    estimates = torch.zeros(1, 4, 2, 9, requires_grad=True)
    spectra, targets = torch.zeros(1, 4, 2, 3, 3, dtype=torch.complex64), torch.zeros(1, 4, 2, 9)
    loss = combination_loss(magnitudes, estimates, spectra, targets, groups) + member_l1(estimates, targets, groups)
    loss.backward()
    for grad in (loss, magnitudes.grad, estimates.grad):
        assert torch.isfinite(grad).all()
