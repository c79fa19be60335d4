r"""When one answer to everything is the better answer, under weight decay: a last layer and its features, by class.

The model. A network whose last hidden layer ends in batch norm and ReLU computes :math:`z = W h + b` with
:math:`h_j = \mathrm{relu}(\gamma_j u_j + \beta_j)`, where batch norm gives :math:`u_j` mean 0 and variance 1. Weights
before a batch norm can shrink without changing the function, so that under weight decay d only W, b, the gains and
the shifts pay. Since :math:`\mathrm{E}(\gamma_j u_j + \beta_j)^2 = \gamma_j^2 + \beta_j^2`, a non-negative feature
costs its mean square:

.. math:: R(Z) + \tfrac d2\bigl(\|W\|^2 + \sum_k \pi_k \|h_k\|^2 + \|b\|^2\bigr), \qquad z_k = W h_k + b,\ h_k \ge 0,

with R the risk on noisy labels and :math:`\pi_k` the share of class k. Two things are assumed: what lies before the
last batch norm can form any feature, and it gives all images of a class the same one. Batch norm's epsilon is left out.

Without that batch norm the gains that pay are those of the layer before, and a feature is a product of two factors,
:math:`h = \mathrm{relu}(Vx + a)`, so that every logit that differs between images is a product of three.

``joint`` is float64 of shape (K, K): the share of images of true class k that are labelled j.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from torch import nn

from nlr.errors import NlrError
from nlr.theory.gradients import uniform_rate

#: By how much the mean square of what the hidden layer sees exceeds the squares of the gains and shifts that it costs,
#: where convolutions with batch norm, ReLU and 2 x 2 max-pooling end in 7 x 7 positions: 49 if each pool holds four
#: equal values (the least, which is taken), 196 if all of it is in one of the four.
POSITIONS = 49

_TIE = 1e-9  # differences of risk up to this, as a share of it, are of the search and not of the problem


@dataclass(frozen=True, eq=False)
class Answer:
    """Logits of the classes and what they cost."""

    #: The penalised risk.
    risk: float
    #: The logits that all images of a class get, float64 of shape (K, K), a row a true class.
    logits: np.ndarray

    @property
    def answered(self):
        """How many classes are answered for at least one class of images."""
        return len(set(self.logits.argmax(1).tolist()))


@dataclass(frozen=True, eq=False)
class Prediction:
    """The two criteria for one loss, noise and weight decay."""

    #: The constant answer of least penalised risk.
    constant: Answer
    #: The answer of least penalised risk that was found; where nothing beats the constant one, that.
    fit: Answer
    #: The pull at the constant answer: it is locally stable where this is below the weight decay.
    pull: float
    #: Whether no answer with differences between images has a lower penalised risk than the constant one.
    lower: bool
    #: Whether the constant answer is locally stable under the penalised gradient flow.
    stable: bool


def joint_labels(matrix, class_sizes):
    """The share of images with each pair of true class and label.

    Args:
        matrix: The transition matrix, (K, K).
        class_sizes: How many images each class has, K numbers.

    Returns:
        float64 of shape (K, K), summing to 1.
    """
    sizes = torch.as_tensor(np.asarray(class_sizes), dtype=torch.float64)
    return (sizes / sizes.sum())[:, None] * torch.as_tensor(np.asarray(matrix), dtype=torch.float64)


def noisy_risk(loss, joint, logits):
    """The mean loss on the noisy labels where all images of a class have the same logits.

    Args:
        loss: A loss of :mod:`nlr.losses` that judges one sample at a time.
        joint: As above.
        logits: float64 of shape (K, K), a row a true class.

    Returns:
        A scalar tensor that can be differentiated.
    """
    return (joint * loss.every_label(F.log_softmax(logits, dim=1))).sum()


def along_margin(loss, rate, margins):
    """Noisy risk where the true class leads all others by a margin in the logits; equal classes, symmetric noise.

    Args:
        loss: As above, of K classes.
        rate: The noise rate.
        margins: A sequence of N numbers.

    Returns:
        float64 of shape (N,).
    """
    num_classes = loss.num_classes
    logits = torch.zeros(len(margins), num_classes, dtype=torch.float64)
    logits[:, 0] = torch.as_tensor(margins, dtype=torch.float64)
    shares = torch.full((num_classes,), rate / (num_classes - 1), dtype=torch.float64)
    shares[0] = 1 - rate
    return (loss.every_label(F.log_softmax(logits, dim=1)) * shares).sum(1)


def margin_penalty(decay, margin, num_classes=10):
    """What a margin of all K equal classes costs under weight decay: ``decay * margin * sqrt(K - 1)``."""
    return decay * margin * math.sqrt(num_classes - 1)


def threshold(loss, rate):
    r"""The weight decay from which on the constant answer is locally stable; equal classes, symmetric noise.

    .. math:: d^* = c\,\frac{\sqrt{K-1}}{K}\Bigl(1 - \frac{\eta K}{K-1}\Bigr)

    with c of :func:`nlr.theory.gradients.uniform_rate`; never below 0.

    Args:
        loss: As above, of K classes.
        rate: The noise rate.
    """
    num_classes = loss.num_classes
    signal = max(0.0, 1 - rate * num_classes / (num_classes - 1))
    return uniform_rate(loss) * math.sqrt(num_classes - 1) / num_classes * signal


def pull(loss, joint, logits):
    r"""How strongly the noisy labels draw new features out of nothing.

    The greatest :math:`\|\sum_k \pi_k \bar g_k h_k\|` over features :math:`h \ge 0` with
    :math:`\sum_k \pi_k h_k^2 = 1`, where :math:`\bar g_k` is the mean gradient in the logits over the images of class
    k. A pair of such a feature and its weights grows from zero where this exceeds the weight decay, and dies out where
    it is below.

    Args:
        loss, joint: As above.
        logits: The logits that all images have, K numbers.

    Returns:
        A float. The search goes through all sets of classes and is exact.
    """
    shares = joint.sum(1)
    all_logits = torch.as_tensor(logits, dtype=torch.float64).expand(len(joint), -1).clone().requires_grad_()
    (gradients,) = torch.autograd.grad(noisy_risk(loss, joint, all_logits), all_logits)
    rows = (gradients / shares.sqrt()[:, None]).numpy()
    products = rows @ rows.T
    best = 0.0
    for subset in range(1, 2 ** len(rows)):
        inside = [k for k in range(len(rows)) if subset >> k & 1]
        values, vectors = np.linalg.eigh(products[np.ix_(inside, inside)])
        leading = vectors[:, -1]
        one_sign = leading.min() > -1e-12 or leading.max() < 1e-12
        if values[-1] > best and one_sign:
            best = values[-1]
    return math.sqrt(best)


def constant_answer(loss, joint, decay):
    """The constant answer of least penalised risk.

    A constant logit is the bias, or a feature that is the same for all images, times its weights, whichever is
    cheaper: logits of length r cost ``decay * r**2 / 2`` up to length 1 and ``decay * (r - 1/2)`` beyond.

    Args:
        loss, joint: As above.
        decay: The weight decay, above 0.

    Returns:
        The :class:`Answer`.

    Raises:
        NlrError: If the weight decay is not above 0: then answers can grow without end.
    """
    if not decay > 0:
        raise NlrError(f"Weight decay {decay!r}: expected a number above 0, as without it nothing costs anything.")
    num_classes = len(joint)
    labels = joint.sum(0, keepdim=True)

    def penalised(logits):
        length = logits.square().sum().clamp(min=1e-30).sqrt()
        cost = torch.where(length <= 1, length**2 / 2, length - 0.5)
        return noisy_risk(loss, labels, logits[None]) + decay * cost

    starts = np.vstack([np.zeros(num_classes), 6 * np.eye(num_classes)])
    found = min((_descend(penalised, start) for start in starts), key=lambda pair: pair[0])
    return Answer(found[0], np.tile(found[1], (num_classes, 1)))


def best_fit(loss, joint, decay, hidden_norm=True):
    """The answer of least penalised risk that a descent from several starts finds.

    The starts fit the 1, 2, 3, 5, 7 and all classes that their labels show best, and all classes at twice the size;
    without hidden batch norm, where descents are long, only the last. Every answer found is one that the model can
    give, so its risk is a bound from above.

    Args:
        loss, joint, decay: As above.
        hidden_norm: Whether the hidden layer has batch norm.

    Returns:
        The :class:`Answer`.
    """
    num_classes, shares = len(joint), joint.sum(1)
    width = num_classes + 2  # a class may have a feature of its own, and several classes a common one
    order = (joint.diagonal() - (joint.sum(0) - joint.diagonal()) / (num_classes - 1)).argsort(descending=True)
    shapes = [(width, num_classes), (num_classes, width), (num_classes,)]
    if not hidden_norm:
        shapes += [(width, width), (width,)]
    sizes = [math.prod(shape) for shape in shapes]
    non_negative = slice(sizes[0], sizes[0] + sizes[1])

    def parts(vector):
        return [part.view(shape) for part, shape in zip(vector.split(sizes), shapes, strict=True)]

    def logits(vector):
        weights, features, bias, *hidden = parts(vector)
        if hidden:
            features = F.relu(features @ hidden[0] + hidden[1])
        return features @ weights + bias

    def penalised(vector):
        cost = vector.square().sum()
        seen = parts(vector)[1].square()
        cost = cost - seen.sum() + (shares[:, None] * seen).sum() / (1 if hidden_norm else POSITIONS)
        return noisy_risk(loss, joint, logits(vector)) + decay / 2 * cost

    def start(classes, size):
        vector = 0.05 * torch.rand(sum(sizes), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        weights, features, _, *hidden = parts(vector)
        for row, k in enumerate(order[:classes].tolist()):
            weights[row] -= size / num_classes
            weights[row, k] += size
            features[k, row] += 3 * size
        if hidden:
            hidden[0] += torch.eye(width, dtype=torch.float64)
        return vector.numpy()

    asked = [(classes, 1.0) for classes in (1, 2, 3, 5, 7, num_classes) if hidden_norm and classes <= num_classes]
    starts = [start(*each) for each in [*asked, (num_classes, 2.0)]]
    risk, vector = min((_descend(penalised, each, non_negative) for each in starts), key=lambda pair: pair[0])
    return Answer(risk, logits(torch.from_numpy(vector)).numpy())


def predict(loss, joint, decay, hidden_norm=True):
    """Both criteria for one loss, noise and weight decay.

    A loss times c under decay d has the pulls and risks of the loss under d/c, all times c, so that both give the same
    answer.

    Args:
        loss, joint, decay, hidden_norm: As above.

    Returns:
        The :class:`Prediction`.

    Raises:
        NlrError: If the weight decay is not above 0; or without hidden batch norm if the best constant answer has
            logits longer than 1, where a feature that is not zero carries it and the criterion of stability does not
            hold.
    """
    constant = constant_answer(loss, joint, decay)
    if not hidden_norm and (length := float(np.linalg.norm(constant.logits[0]))) > 1:
        raise NlrError(
            f"The best constant answer of {loss.name!r} under weight decay {decay:g} has logits of length "
            f"{length:.2f}; without hidden batch norm its stability is decided up to length 1 only: choose a larger "
            "weight decay."
        )
    drawn = pull(loss, joint, constant.logits[0])
    fit = best_fit(loss, joint, decay, hidden_norm)
    lower = constant.risk <= fit.risk + _TIE * abs(constant.risk)
    # A product of three factors is flat at zero: the penalty is the steeper of the two, however strong the pull.
    return Prediction(constant, constant if lower else fit, drawn, lower, not hidden_norm or drawn < decay)


def train(loss, rate, decay, seed=0, steps=600, learning_rate=6.0):
    """Trains a network with the head of the model on clusters of points, all points in every step.

    Ten clusters of 40 points in 20 dimensions, symmetric noise of an exact share of each cluster; linear layer of 32
    units, batch norm, ReLU, linear layer, weight decay on everything.

    Args:
        loss: A loss of ten classes.
        rate: The noise rate.
        decay: The weight decay.
        seed: Of points, noise and first weights.
        steps, learning_rate: Of plain gradient descent.

    Returns:
        The pair (share of the points that get the commonest answer, share that gets its own cluster's).
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(400) % 10
    centres = 3 * torch.randn(10, 20, generator=generator, dtype=torch.float64)
    points = centres[labels] + 0.3 * torch.randn(400, 20, generator=generator, dtype=torch.float64)
    place = torch.arange(400) // 10  # of a point within its cluster
    wrong = place < round(rate * 40)
    noisy = torch.where(wrong, (labels + 1 + place % 9) % 10, labels)
    network = nn.Sequential(nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10)).double()
    with torch.no_grad():
        for layer in (network[0], network[3]):
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / layer.in_features**0.5)
            layer.bias.zero_()
    optimiser = torch.optim.SGD(network.parameters(), lr=learning_rate, weight_decay=decay)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(network(points), noisy).backward()
        optimiser.step()
    answers = network(points).argmax(1)
    return answers.bincount().max().item() / 400, (answers == labels).double().mean().item()


def _descend(objective, start, non_negative=None):
    """L-BFGS-B on a function of a float64 tensor; returns the value and the place."""

    def value_and_gradient(vector):
        vector = torch.from_numpy(vector).requires_grad_()
        value = objective(vector)
        (gradient,) = torch.autograd.grad(value, vector)
        return value.item() / unit, gradient.numpy() / unit

    unit = 1.0
    unit = abs(value_and_gradient(start)[0])  # so that a loss times a factor takes the same path
    bounds = [(None, None)] * len(start)
    if non_negative is not None:
        bounds[non_negative] = [(0, None)] * len(bounds[non_negative])
    options = {"maxiter": 3000, "maxfun": 6000, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return float(found.fun) * unit, found.x
