"""Formulas as the reports print them beside the right ones: the same numbers, free logits, a toy problem.

A formula here is a function of probabilities ``p``, float64 of shape (N, K), and labels, int64 of shape (N,), that
gives one loss a sample, shape (N,). The pages transcribe what is printed; :func:`formula` gives what :mod:`nlr.losses`
computes.
"""

import numpy as np
import torch
import torch.nn.functional as F

from nlr import noise
from nlr.book.display import Prose
from nlr.errors import NlrError
from nlr.evidence.wording import listed
from nlr.losses import make_loss

#: What is printed beside what is right, each with its erratum: erratum, report and name, printed loss, right loss.
PAIRS = (
    ("E1", "Soni, NCE", "soni-nce", "nce"),
    ("E2", "Joshi, NCE", "joshi-nce", "nce"),
    ("E3", "Soni, NFL", "soni-nfl", "nfl"),
    ("E3", "Joshi, NFL", "joshi-nfl", "nfl"),
    ("E4", "Soni, NRCE", "soni-nrce", "nrce"),
    ("E5", "Joshi, CE", "joshi-ce", "ce"),
    ("E5", "Joshi, RCE", "joshi-rce", "rce"),
    ("E5", "Joshi, FL", "joshi-fl", "fl"),
    ("E6", "Kathuria, NCE", "kathuria-nce", "nce"),
    ("E7", "Kathuria, NCE+MAE", "kathuria-nce+kathuria-mae", "nce+mae"),
    ("E8", "Kathuria, NFL", "kathuria-nfl", "nfl"),
    ("E9", "Kathuria, MAE", "kathuria-mae", "mae"),
    ("E10", "Krishnan, NCE", "krishnan-nce", "nce"),
    ("E11", "Krishnan, NFL", "krishnan-nfl", "nfl"),
)

#: Those pairs whose losses do not depend on the batch.
SINGLE = tuple(pair for pair in PAIRS if not make_loss(pair[2]).card.batch_level)


class Erratum(Prose):
    """What is printed, what is right, and a fault that the one has and the other has not.

    Shown as one sentence: the fault, with the names of those that have it and of those that have not.

    Args:
        name: E1 to E65.
        fault: A function that takes what is printed, or what is right, and says whether it has the fault; its
            docstring is the fault in one sentence.
        printed: What reports print, a mapping from a name to a formula or whatever else ``fault`` takes.
        right: The same for what is right.

    Raises:
        NlrError: If something printed does not have the fault, or something right has it.
    """

    def __init__(self, name, fault, printed, right):
        self.name, self.fault, self.printed, self.right = name, fault, printed, right
        sentence = " ".join(fault.__doc__.split()).rstrip(".")
        for label, candidate in printed.items():
            if not fault(candidate):
                raise NlrError(f"{name}: {label!r}, as printed, should have the fault, but has not: {sentence}.")
        for label, candidate in right.items():
            if fault(candidate):
                raise NlrError(f"{name}: {label!r}, which is right, should not have the fault, but has it: {sentence}.")
        super().__init__(f"**{name}.** {sentence}. True of {listed(printed)}; not of {listed(right)}.")


def formula(name, num_classes=10, **parameters):
    """A loss of :mod:`nlr.losses` as a formula.

    Args:
        name: The name of the loss.
        num_classes: The number of classes K.
        **parameters: Those of :func:`nlr.losses.make_loss`.

    Returns:
        A function of probabilities (N, K), all above 0, and labels (N,), with losses (N,).
    """
    loss = make_loss(name, num_classes, reduction="none", **parameters)
    return lambda p, labels: loss.per_sample(p.log(), labels)


def picked(p, labels):
    """The entry of each row that belongs to its label, shape (N,)."""
    return p.gather(1, labels[:, None]).squeeze(1)


def one_hot(p, labels):
    """The labels as distributions, with the shape and the type of p."""
    return F.one_hot(labels, p.shape[1]).to(p.dtype)


def agrees(transcribed, name, **parameters):
    """Whether a transcribed formula is the loss of that name in the package, on :func:`points`."""
    _, p, labels = points()
    return torch.allclose(transcribed(p, labels), formula(name, **parameters)(p, labels), rtol=1e-12)


def number(value):
    """Three significant digits as a formula of MyST, powers of ten written out."""
    digits, _, power = f"{value + 0:.3g}".partition("e")  # + 0 takes the sign off a negative zero
    return f"${digits} \\cdot 10^{{{int(power)}}}$" if power else f"${digits}$"


def points(num_classes=10):
    """The predictions on which every formula is evaluated.

    Sample ``i`` has label ``i``; where a prediction has a rival class it is the next one. What the label and the rival
    leave is shared evenly by the other classes.

    Args:
        num_classes: The number of classes K, at least 5.

    Returns:
        The triple of names (5 strings), probabilities (5, K) and labels (5,).
    """
    if num_classes < 5:
        raise NlrError(f"The five points need five labels: num_classes must be at least 5, not {num_classes!r}.")
    even = 1 / num_classes
    shares = {
        "sure, right": (0.99, 0.01 / (num_classes - 1)),
        "right": (0.7, 0.3 / (num_classes - 1)),
        "uniform": (even, even),
        "torn": (0.49, 0.49),
        "sure, wrong": (0.001, 0.99),
    }
    labels = torch.arange(len(shares))
    p = torch.empty(len(shares), num_classes, dtype=torch.float64)
    for i, (p_y, p_rival) in enumerate(shares.values()):
        p[i] = (1 - p_y - p_rival) / (num_classes - 2)
        p[i, i], p[i, (i + 1) % num_classes] = p_y, p_rival
    return list(shares), p, labels


def label_sum(formula, p):
    """The sum of a formula over all labels that the samples could have.

    Args:
        formula: A formula whose value for a sample does not depend on other samples.
        p: Probabilities, shape (N, K).

    Returns:
        The sums, shape (N,).
    """
    return sum(formula(p, torch.full((len(p),), k)) for k in range(p.shape[1]))


def logit_gradient(formula, p, labels):
    """The gradient of the summed losses with respect to logits that give these probabilities.

    Args:
        formula: A formula.
        p: Probabilities above 0, shape (N, K).
        labels: Labels, shape (N,).

    Returns:
        The gradient, shape (N, K); a negative entry means that descent raises that logit.
    """
    logits = p.log().requires_grad_()
    return torch.autograd.grad(formula(torch.softmax(logits, 1), labels).sum(), logits)[0]


def minimise(formula, logits, labels, radius, steps=150):
    """Minimise a formula over the logits themselves, each sample by itself.

    Steps go along the negative gradient; only its direction counts, not its size. Their length falls linearly to 0, and
    together they are 2.5 radii long, so that every place in the ball can be reached. Logits are centred and kept within
    a ball, because many losses have no minimum otherwise.

    Args:
        formula: A formula whose value for a sample does not depend on other samples.
        logits: Where to start, shape (N, K).
        labels: Labels, shape (N,).
        radius: The largest norm of the centred logits of a sample.
        steps: How many steps.

    Returns:
        The logits at the end, float64 of shape (N, K).
    """
    logits = logits.double()
    for step in range(steps):
        z = logits.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(formula(torch.softmax(z, 1), labels).sum(), z)
        # The smallest float keeps a gradient of 0 from dividing by 0.
        direction = gradient / gradient.norm(dim=1, keepdim=True).clamp(min=torch.finfo(gradient.dtype).tiny)
        logits = logits - 5 * radius / steps * (1 - step / steps) * direction
        logits = logits - logits.mean(1, keepdim=True)
        logits = logits * (radius / logits.norm(dim=1, keepdim=True)).clamp(max=1)
    return logits


def ends_of_descent(name, radii, samples=100, seed=1):
    """Where :func:`minimise` ends from random predictions of ten classes with random labels.

    Args:
        name: The name of a loss.
        radii: Largest norms of the centred logits.
        samples, seed: How many predictions, and the seed of them and their labels.

    Returns:
        The triple of the share of samples with the label on top at the start, and for each radius that share and the
        mean loss at the end, two lists.
    """
    generator = torch.Generator().manual_seed(seed)
    starts = 2 * torch.randn(samples, 10, generator=generator, dtype=torch.float64)
    labels = torch.randint(10, (samples,), generator=generator)
    loss, shares, losses = formula(name), [], []
    for radius in radii:
        logits = minimise(loss, starts, labels, radius)
        shares.append((logits.argmax(1) == labels).double().mean().item())
        losses.append(loss(torch.softmax(logits, 1), labels).mean().item())
    return (starts.argmax(1) == labels).double().mean().item(), shares, losses


def label_entropies(size, batches=20_000, seed=10):
    """The entropies of the labels of random batches of ten equally frequent classes, shape (batches,)."""
    drawn = np.random.default_rng(seed).multinomial(size, [0.1] * 10, batches)
    return torch.special.entr(torch.as_tensor(drawn / size)).sum(1)


def gradients_by_probability(name, edges, gamma, batches=200, size=64, seed=11):
    """The gradient of a loss in random batches of ten classes, by the probability of the label.

    p_y is uniform between 0 and 1, the rest is shared evenly.

    Args:
        name: The name of a loss that takes gamma.
        edges: The edges of the bins of p_y, from 0 to 1.
        gamma: Its exponent.
        batches, size, seed: How many batches of how many samples, and their seed.

    Returns:
        Three lists with a number a bin, in per cent: the samples in it, those of them whose label descent lowers, and
        its part of the gradient, the sum of absolute values in the logits.
    """
    x = torch.rand(batches * size, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    p = torch.cat([x, ((1 - x) / 9).expand(-1, 9)], 1)
    labels = torch.zeros(size, dtype=torch.int64)
    loss = formula(name, gamma=gamma)
    gradient = torch.cat([logit_gradient(loss, batch, labels) for batch in p.split(size)])
    index = torch.bucketize(x[:, 0], torch.tensor(edges[1:-1], dtype=torch.float64))
    members, sizes = [index == b for b in range(len(edges) - 1)], gradient.abs().sum(1)
    return (
        [100 * m.double().mean().item() for m in members],
        [100 * (gradient[m, 0] > 0).double().mean().item() for m in members],
        [100 * (sizes[m].sum() / sizes.sum()).item() for m in members],
    )


# A toy problem: overlapping clouds on a ring in the plane, a small network, all samples in every step.

#: The classes of the toy problem, its training points, and the hidden units of its network.
CLASSES, SAMPLES, HIDDEN = 6, 300, 64


def ring(samples, seed):
    """Points of six classes, whose clouds stand evenly on a ring.

    The classes are equally frequent (as far as the number of samples allows); a cloud is a Gaussian with a standard
    deviation of 0.5 in either direction, 2 from the middle.

    Args:
        samples: How many points.
        seed: A seed for them.

    Returns:
        The pair of inputs, shape (samples, 2), and labels, shape (samples,).
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(samples) % CLASSES
    angle = 2 * torch.pi * labels / CLASSES
    middle = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    return middle + 0.5 * torch.randn(samples, 2, generator=generator), labels


class Networks:
    """One network a seed, side by side: a layer of 64 rectified units between the plane and the logits."""

    def __init__(self, seeds):
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.parameters = [
            torch.stack([(2 * torch.rand(shape, generator=g) - 1) / inputs**0.5 for g in generators]).requires_grad_()
            for inputs, shape in (
                (2, (2, HIDDEN)),
                (2, (1, HIDDEN)),
                (HIDDEN, (HIDDEN, CLASSES)),
                (HIDDEN, (1, CLASSES)),
            )
        ]

    def __call__(self, inputs):
        """Logits, shape (seeds, N, 6), of inputs (N, 2), or (seeds, N, 2) with points for each network."""
        w1, b1, w2, b2 = self.parameters
        return torch.relu(inputs @ w1 + b1) @ w2 + b2


def train_ring(name, rate, seeds, steps=200):
    """Train a network for each seed on 300 points of the ring with symmetric label noise, all by Adam with rate 0.02.

    Points, noise and initial weights of a network follow from its seed alone, so that losses can be compared in pairs.

    Args:
        name: The name of a loss.
        rate: The noise rate of the training labels.
        seeds: The seeds.
        steps: How many steps.

    Returns:
        The triple of the :class:`Networks`, their accuracies on 3,000 further points with clean labels, and the shares
        of these points that get the most frequent answer (1/6 is even, 1 is a constant answer), both of shape (seeds,).
    """
    inputs, clean = map(torch.stack, zip(*(ring(SAMPLES, seed) for seed in seeds), strict=True))
    kind = "symmetric" if rate else "clean"
    drawn = [
        noise.add_noise(y.numpy(), kind, rate, seed, num_classes=CLASSES) for y, seed in zip(clean, seeds, strict=True)
    ]
    labels = torch.stack([torch.as_tensor(noisy.labels) for noisy in drawn])
    networks = Networks(seeds)
    loss = make_loss(name, CLASSES)
    optimiser = torch.optim.Adam(networks.parameters, lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        logits = networks(inputs)
        if loss.card.batch_level:  # each network has its own batch
            total = sum(map(loss, logits, labels))
        else:
            total = len(seeds) * loss(logits.flatten(0, 1), labels.flatten())
        total.backward()
        optimiser.step()
    inputs, clean = map(torch.stack, zip(*(ring(3000, 10_000 + seed) for seed in seeds), strict=True))
    with torch.no_grad():
        answers = networks(inputs).argmax(2)
    modal = torch.stack([a.bincount(minlength=CLASSES).max() / a.numel() for a in answers])
    return networks, (answers == clean).double().mean(1), modal
