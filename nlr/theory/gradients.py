r"""Gradients of losses in the logits, at the predictions that matter for learning.

Everything is float64 and exact up to rounding: by automatic differentiation, on single predictions and not on networks.
"""

import torch
import torch.nn.functional as F

from nlr.errors import NlrError


def logit_gradients(loss, logits, labels):
    """The gradient of each sample's loss in its own logits.

    Args:
        loss: A loss of :mod:`nlr.losses`.
        logits: Floating point of shape (N, K).
        labels: Integers of shape (N,).

    Returns:
        Shape (N, K).
    """
    logits = logits.detach().requires_grad_()
    losses = loss.per_sample(F.log_softmax(logits, dim=1), labels)
    return torch.autograd.grad(losses.sum(), logits)[0]


def uniform_rate(loss):
    r"""The effective learning rate of a loss at the uniform prediction, that of cross-entropy being 1.

    At the uniform prediction the gradient in the logits is :math:`c\,(p-e_y)` for every loss that treats the classes
    that are not labelled alike, and :math:`p-e_y` for cross-entropy. The function returns :math:`c`.

    Args:
        loss: A loss of :mod:`nlr.losses`.

    Raises:
        NlrError: If the gradient has another direction.
    """
    num_classes = loss.num_classes
    labels = torch.tensor([0])
    (gradient,) = logit_gradients(loss, torch.zeros(1, num_classes, dtype=torch.float64), labels)
    direction = 1 / num_classes - F.one_hot(labels, num_classes)[0].double()
    rate = float(gradient @ direction / (direction @ direction))
    if not torch.allclose(gradient, rate * direction, atol=1e-12):
        raise NlrError(
            f"The gradient of {loss.name!r} at the uniform prediction is {gradient.tolist()}, no multiple of p - e_y: "
            f"an effective learning rate needs a loss that treats all classes but the labelled one alike."
        )
    return rate


def confidently_wrong(margins, num_classes=10):
    """Logits that are zero but for class 1, which leads by a margin; the label is meant to be class 0.

    Args:
        margins: The leads, a sequence of N numbers.
        num_classes: The number of classes K, at least 3.

    Returns:
        Float64 of shape (N, K).
    """
    logits = torch.zeros(len(margins), num_classes, dtype=torch.float64)
    logits[:, 1] = torch.as_tensor(margins, dtype=torch.float64)
    return logits


def predictions(p_y, share, num_classes=10):
    """Predictions with p_y on the labelled class 0 and a given share of the rest on class 1.

    What neither class 0 nor class 1 has is spread evenly; a share of 1 / (K - 1) makes the whole rest uniform.

    Args:
        p_y: Numbers in [0, 1], anything that torch makes a tensor of shape (N,) of.
        share: Numbers in [0, 1], shape (N,) or one for all.
        num_classes: The number of classes K, at least 3.

    Returns:
        Probabilities, float64 of shape (N, K).

    Raises:
        NlrError: If a number is not in [0, 1].
    """
    p_y, share = (torch.as_tensor(v, dtype=torch.float64) for v in (p_y, share))
    p_y, share = torch.broadcast_tensors(p_y.reshape(-1), share)
    for name, values in (("p_y", p_y), ("share", share)):
        if not ((values >= 0) & (values <= 1)).all():
            raise NlrError(f"predictions takes {name} in [0, 1], not {values.tolist()}.")
    others = (1 - p_y) * (1 - share) / (num_classes - 2)
    p = others[:, None].repeat(1, num_classes)
    p[:, 0], p[:, 1] = p_y, (1 - p_y) * share
    return p


def p_and_q(log_p, labels):
    r"""The two sums that nce is made of: :math:`P=-\log p_y` and :math:`Q=-\sum_{k\ne y}\log p_k`.

    Args:
        log_p: Log-softmax, shape (N, K).
        labels: Integers of shape (N,).

    Returns:
        The pair (P, Q), each of shape (N,); nce is P / (P + Q).
    """
    p = -log_p.gather(1, labels[:, None]).squeeze(1)
    return p, -log_p.sum(1) - p
