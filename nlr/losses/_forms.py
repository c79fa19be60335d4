"""The forms that a loss can take, the card that every loss has, and tables of base losses.

What a loss is made of its name and parameters by is in :mod:`nlr.losses._names`, its formula in
:mod:`nlr.losses._definitions` and :mod:`nlr.losses._variants`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import nn

from nlr.errors import NlrError
from nlr.losses._numerics import expm1, log_softmax, pick, readable, share_of_sum

#: How the losses of a batch become one value.
REDUCTIONS = ("mean", "sum", "none")

_UNSIGNED = (torch.uint8, torch.uint16, torch.uint32, torch.uint64)
_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, *_UNSIGNED)


@dataclass(frozen=True)
class Card:
    """What is known of a loss, for its number of classes and its parameters."""

    #: The canonical name.
    name: str
    #: LaTeX without the scale, with p the softmax, y the label, K the number of classes, N the size of the batch.
    formula: str
    #: Where the formula comes from.
    source: str
    #: A bound from below, minus infinity allowed.
    lower: float
    #: A bound from above, infinity allowed.
    upper: float
    #: The sum over all labels where it is the same for every prediction, else None.
    constant_sum: float | None
    #: ``active``, ``passive`` or ``both``, by the form in which the source writes the loss: active if only the labelled
    #: class has an explicit term (the denominator of a normalised loss does not count).
    kind: str
    #: Whether the loss of a sample depends on the other samples of its batch.
    batch_level: bool = False


class Loss(nn.Module):
    """A loss of logits and labels; made by :func:`make_loss`.

    Attributes:
        name: The canonical name.
        settings: Every parameter with its value; those of the terms of a sum as mappings under the terms' names.
            ``make_loss(loss.name, loss.num_classes, **loss.settings)`` gives the same loss.
        num_classes: The number of classes K.
        reduction: ``mean``, ``sum`` or ``none``.
        ignore_index: The label of samples that do not count, or None.
        weight: A weight for each class, a buffer of shape (K,), or None.
        card: The :class:`Card`.
        passive_slope: The constant -dL/dp_y of the passive part, weights and scale included; None where there is no
            passive part or where it is not linear in p_y.
    """

    def __init__(self, settings, num_classes, card, passive_slope):
        super().__init__()
        scale = settings["scale"]
        if scale != 1:
            card = _scaled(card, scale)
            passive_slope = None if passive_slope is None else scale * passive_slope
        self.name = card.name
        self.settings = settings
        self.num_classes = num_classes
        self.reduction = "mean"
        self.ignore_index = None
        self.register_buffer("weight", None)
        self.card = card
        self.passive_slope = passive_slope

    def forward(self, logits, labels):
        r"""Computes the loss, an ordinary function: differentiable as often as one likes, by torch.func too.

        A sample is a row of logits; with more dimensions every position is one. A label of ``ignore_index`` takes its
        sample out, whatever its logits; ``weight`` multiplies the loss of each sample by the weight of its label, and
        the mean is divided by the sum of the weights that count, as in torch's cross-entropy. So the mean of a batch
        without a sample that counts is NaN, its sum 0.

        Labels may be probabilities q instead. The loss is then the mean over a label drawn from q, the sum over k of
        q_k w_k L(p, k), for cross-entropy as torch has it, and the mean is one over the samples. For mae this is
        2 (1 - sum of q_k p_k), not the sum of \|p_k - q_k\|.

        A logit of -inf takes its class out: p_k is 0. Value and gradient are the limits as the logit falls. Losses that
        are normalised and unbounded, such as nce and nfl, are then 0 with gradient 0 for every label but that one,
        and 1 for that one: better leave such a class out of the loss.

        Args:
            logits: Floating point, shape (N, K), (N, K, d1, ...) or (K,).
            labels: Integers of any type in 0..K-1 or ``ignore_index``, shape (N,), (N, d1, ...) or (); or
                probabilities, floating point of the shape of the logits.

        Returns:
            A scalar, or the shape of integer labels without reduction; float32, or float64 for float64 logits.

        Raises:
            NlrError: For wrong shapes or types, for probabilities as labels of a loss of batch level or with
                ``ignore_index``. On a CPU, where it costs no waiting, and outside torch.func and torch.compile also for
                a label out of range, for probabilities that are negative or do not sum to 1, and for logits of -inf
                where the loss has no limit.
        """
        self._check(logits, labels)
        rows = _rows(logits, self.num_classes)
        if logits.dtype != torch.float64:
            rows = rows.float()
        if labels.is_floating_point():
            weights = None
            losses = self._expected(rows, _rows(labels, self.num_classes).to(rows.dtype))
        else:
            labels = labels.reshape(-1).long()
            if self.ignore_index is None:
                counted = None
            else:
                counted = labels != self.ignore_index
                rows, labels = rows.masked_fill(~counted[:, None], 0), labels.masked_fill(~counted, 0)
            losses, weights = self._labelled(rows, labels, counted)
        if self.reduction == "none":
            value = losses if logits.ndim == 2 else losses.reshape(_positions(logits))
        elif self.reduction == "mean" and weights is not None:
            value = losses.sum() / weights.sum()
        else:
            value = getattr(losses, self.reduction)()
        if readable(value) and value.isnan().any():
            self._refuse_infinite(rows, losses)
        return value

    def per_sample(self, log_p, labels):
        """The loss of each sample, shape (N,).

        Args:
            log_p: Log-softmax of the logits, shape (N, K).
            labels: int64, shape (N,).
        """
        return self._scale(self._per_sample(log_p, labels))

    def every_label(self, log_p):
        """The loss of each sample for every label it could have, shape (N, K).

        Args:
            log_p: Log-softmax of the logits, shape (N, K).

        Raises:
            NlrError: For a loss of batch level, which depends on the labels of the whole batch.
        """
        return self._scale(self._every_label(log_p))

    def extra_repr(self):
        """The spelling of the loss, shown by ``print``."""
        options = {"num_classes": self.num_classes, "ignore_index": self.ignore_index}
        if self.weight is not None:
            options["weight"] = self.weight.tolist()
        shown = [spelled(self.name, self.settings)]
        return ", ".join(shown + [f"{key}={value}" for key, value in options.items() if value is not None])

    def _scale(self, losses):
        return _times(self.settings["scale"], losses)

    def _labelled(self, rows, labels, counted):
        """The loss of each row with its label, and the weights of the rows, None where all count alike."""
        log_p = log_softmax(rows)
        try:
            if counted is not None and self.card.batch_level:
                found = self.per_sample(log_p[counted], labels[counted])
                losses = torch.zeros_like(log_p[:, 0]).masked_scatter(counted, found)
            else:
                losses = self.per_sample(log_p, labels)
        except (IndexError, RuntimeError):
            if readable(rows):
                self._refuse_labels(labels)
            raise
        if counted is None and self.weight is None:
            return losses, None
        weights = torch.ones_like(losses) if self.weight is None else self.weight.to(losses)[labels]
        if counted is not None:
            weights = weights.masked_fill(~counted, 0)
        return losses.masked_fill(weights == 0, 0) * weights, weights

    def _expected(self, rows, probabilities):
        """The mean loss of each row over a label drawn from its probabilities."""
        if readable(probabilities):
            self._check_probabilities(probabilities)
        losses = self.every_label(log_softmax(rows))
        # A label that is never drawn counts for nothing, even where its loss is infinite.
        losses = losses.masked_fill((probabilities == 0) & ~losses.isfinite(), 0)
        if self.weight is not None:
            losses = losses * self.weight.to(losses)
        return (probabilities * losses).sum(1)

    def _check(self, logits, labels):
        loss, k = f"Loss {self.name!r}", self.num_classes
        for what, given in (("logits", logits), ("labels", labels)):
            if not isinstance(given, torch.Tensor):
                raise NlrError(f"{loss} takes tensors, not {what} of type {type(given).__name__}; see torch.as_tensor.")
        if logits.ndim == 0 or logits.shape[min(1, logits.ndim - 1)] != k or not logits.is_floating_point():
            raise NlrError(
                f"{loss} takes floating-point logits of shape (N, {k}), not {logits.dtype} of shape "
                f"{tuple(logits.shape)}, or of shape (N, {k}, d1, ...) or ({k},); num_classes is set in make_loss."
            )
        if logits.device != labels.device:
            raise NlrError(f"{loss} takes logits and labels on one device, not on {logits.device} and {labels.device}.")
        if labels.is_floating_point() and labels.shape == logits.shape:
            if self.card.batch_level or self.ignore_index is not None:
                reason = "depends on the labels of the whole batch" if self.card.batch_level else "has an ignore_index"
                raise NlrError(f"{loss} {reason}: it takes integer labels, not probabilities.")
        elif labels.shape != _positions(logits) or labels.dtype not in _INTEGERS:
            raise NlrError(
                f"{loss} takes integer labels of shape {tuple(_positions(logits))}, one a row for logits of shape "
                f"(N, {k}), or probabilities of shape {tuple(logits.shape)}, not {labels.dtype} of shape "
                f"{tuple(labels.shape)}."
            )

    def _check_probabilities(self, probabilities):
        totals = probabilities.sum(1)
        # So far off are sums of probabilities in bfloat16.
        wrong = ((totals - 1).abs() > 0.01) | (probabilities < 0).any(1)
        if wrong.any():
            place = int(wrong.nonzero()[0])
            raise NlrError(
                f"Loss {self.name!r} takes integer labels of shape ({len(totals)},), or probabilities of at least 0 "
                f"that sum to 1 over the classes, not {probabilities[place].tolist()} as in row {place}."
            )

    def _refuse_labels(self, labels):
        wrong = labels[(labels < 0) | (labels >= self.num_classes)].tolist()
        if wrong:
            raise NlrError(
                f"Loss {self.name!r} got the label {wrong[0]}, which is not in 0..{self.num_classes - 1}; a label that "
                "is not to count is named by ignore_index in make_loss."
            ) from None

    def _refuse_infinite(self, rows, losses):
        """Raises where a loss is NaN although no logit is NaN or +inf."""
        wrong = losses.isnan()
        if wrong.any() and (rows == -math.inf).any() and not (rows.isnan() | (rows == math.inf)).any():
            place = int(wrong.nonzero()[0])
            raise NlrError(
                f"Loss {self.name!r} has no limit for the logits of -inf in row {place}: leave the classes out that "
                "are masked, or give them large negative numbers."
            )


def spelled(name, parameters):
    """A canonical name with parameters, ``nce+mae,beta=1.5,mae.scale=0.5``; they are sorted, defaults not added."""
    return ",".join([name, *sorted(_assignments(parameters))])


def _assignments(parameters, prefix=""):
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _assignments(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}={repr(float(value)).removesuffix('.0')}"


def _positions(logits):
    """The shape of the labels of logits (N, K), (N, K, d1, ...) or (K,)."""
    return logits.shape[:1] + logits.shape[2:] if logits.ndim > 1 else logits.shape[1:]


def _rows(values, num_classes):
    """Values of shape (N, K), (N, K, d1, ...) or (K,) as rows of K."""
    return values if values.ndim == 2 else values.movedim(min(1, values.ndim - 1), -1).reshape(-1, num_classes)


def _scaled(card, scale):
    constant = None if card.constant_sum is None else scale * card.constant_sum
    return replace(card, lower=scale * card.lower, upper=scale * card.upper, constant_sum=constant)


def _times(factor, values):
    return values if factor == 1 else factor * values


class Elementwise(Loss):
    """A function of log p_y alone, so that a gather of one column is enough."""

    def __init__(self, settings, num_classes, card, passive_slope, compute):
        super().__init__(settings, num_classes, card, passive_slope)
        self._compute = compute

    def _per_sample(self, log_p, labels):
        return self._compute(pick(log_p, labels))

    def _every_label(self, log_p):
        return self._compute(log_p)


class Linear(Loss):
    """A multiple of 1 - p_y; the factor is the passive slope."""

    def __init__(self, settings, num_classes, card, slope):
        super().__init__(settings, num_classes, card, slope)
        self._slope = slope

    def _per_sample(self, log_p, labels):
        return self._every_label(pick(log_p, labels))

    def _every_label(self, log_p):
        return -self._slope * expm1(log_p)


class Matrix(Elementwise):
    """A function of all log p_k, with a second argument that selects the labels' own terms from those of all."""

    def _per_sample(self, log_p, labels):
        return self._compute(log_p, lambda terms: terms.gather(1, labels[:, None])).squeeze(1)

    def _every_label(self, log_p):
        return self._compute(log_p, lambda terms: terms)


class Batch(Elementwise):
    """A function of the whole batch and its labels."""

    def _per_sample(self, log_p, labels):
        return self._compute(log_p, labels)

    def _every_label(self, log_p):
        raise NlrError(
            f"Loss {self.name!r} depends on the labels of the whole batch: it has no loss for every label of a sample."
        )


class Normalised(Loss):
    """A loss divided by its sum over all labels."""

    def __init__(self, name, num_classes, settings, inner):
        card = inner.card
        if card.batch_level:
            raise NlrError(f"norm({inner.name}) is not defined: {inner.name!r} depends on the labels of its batch.")
        if card.lower < 0:
            raise NlrError(
                f"norm({inner.name}) is not defined: {inner.name!r} takes negative values, and a normalised loss needs "
                f"one that is never negative."
            )
        total, lower = card.constant_sum, 0.0
        if total is not None:
            lower, upper = card.lower / total, card.upper / total
        elif inner.name == "gce":
            # Approached as p_y goes to 0 and the rest is uniform.
            upper = 1 / (num_classes - (num_classes - 1) ** (1 - inner.settings["q"]))
        else:
            upper = 1.0
        if isinstance(inner, Sum):
            formula = rf"\frac{{L(p,y)}}{{\sum_{{j=1}}^{{K}} L(p,j)}},\quad L(p,y) = {card.formula}"
        else:
            one = card.formula.replace("p_y", "p_j")
            formula = rf"\frac{{{card.formula}}}{{\sum_{{j=1}}^{{K}} \left[{one}\right]}}"
        source = f"Normalised as in Ma et al. 2020 (arXiv:2006.13554). {card.source}"
        slope = inner.passive_slope
        super().__init__(
            inner.settings | settings,
            num_classes,
            Card(name, formula, source, lower, upper, 1.0, card.kind),
            None if slope is None or total is None else slope / total,
        )
        self.inner = inner

    def _per_sample(self, log_p, labels):
        losses = self.inner.every_label(log_p)
        return share_of_sum(losses.gather(1, labels[:, None]), losses).squeeze(1)

    def _every_label(self, log_p):
        losses = self.inner.every_label(log_p)
        return share_of_sum(losses, losses)


class Sum(Loss):
    """A weighted sum of two losses."""

    def __init__(self, name, num_classes, settings, first, second):
        alpha = settings["alpha"]
        if "beta" in settings:
            weights, symbols = (alpha, settings["beta"]), (r"\alpha", r"\beta")
            source = "Weighted sum, as in the active passive loss of Ma et al. 2020 (arXiv:2006.13554)."
        else:
            weights, symbols = (alpha, 1 - alpha), (r"\alpha", r"(1-\alpha)")
            source = "As printed in Krishnan, section 2.4, where the weight is called lambda (E14)."
            if alpha > 1:
                raise NlrError(f"Parameter 'alpha' of loss {name!r} must lie in [0, 1], not {alpha!r}.")
        terms = (first, second)
        factors = ("" if term.settings["scale"] == 1 else rf"{term.settings['scale']:g} \cdot " for term in terms)
        formula = " + ".join(
            rf"{symbol} {factor}\left[{term.card.formula}\right]"
            for symbol, factor, term in zip(symbols, factors, terms, strict=True)
        )
        # A term of weight 0 contributes nothing, neither to the value nor to what is known of it.
        weighted = [(weight, term) for weight, term in zip(weights, terms, strict=True) if weight > 0]
        used = [(weight, term.card) for weight, term in weighted]
        kinds = {card.kind for _, card in used}
        passive = [(weight, term.passive_slope) for weight, term in weighted if term.card.kind != "active"]
        super().__init__(
            settings | {term.name: term.settings for term in terms},
            num_classes,
            Card(
                name,
                formula,
                " ".join([source, *(f"{term.name}: {term.card.source}" for term in terms)]),
                sum(weight * card.lower for weight, card in used),
                sum(weight * card.upper for weight, card in used),
                _combine((weight, card.constant_sum) for weight, card in used),
                kinds.pop() if len(kinds) == 1 else "both",
                any(card.batch_level for _, card in used),
            ),
            _combine(passive),
        )
        self.weights = [weight for weight, _ in weighted]
        self.terms = nn.ModuleList(term for _, term in weighted)

    def _per_sample(self, log_p, labels):
        return self._add([term.per_sample(log_p, labels) for term in self.terms])

    def _every_label(self, log_p):
        return self._add([term.every_label(log_p) for term in self.terms])

    def _add(self, losses):
        total, *others = map(_times, self.weights, losses)
        return total + others[0] if others else total


def _combine(pairs):
    """The weighted sum of the values, None if there is none or one is None."""
    pairs = list(pairs)
    if not pairs or any(value is None for _, value in pairs):
        return None
    return sum(weight * value for weight, value in pairs)


# The base losses.


@dataclass(frozen=True)
class Base:
    """A base loss; bounds, constant_sum, slope are values or functions of the number of classes and the parameters."""

    form: type
    compute: Callable | None
    kind: str
    formula: str
    source: str
    defaults: dict
    bounds: tuple | Callable
    constant_sum: float | Callable | None
    slope: float | Callable | None

    def build(self, name, num_classes, settings):
        parameters = {key: value for key, value in settings.items() if key != "scale"}

        def known(value):
            return value(num_classes, **parameters) if callable(value) else value

        lower, upper = known(self.bounds)
        card = Card(
            name,
            self.formula,
            self.source,
            lower,
            upper,
            known(self.constant_sum),
            self.kind,
            self.form is Batch,
        )
        compute = [] if self.compute is None else [partial(self.compute, **parameters)]
        return self.form(settings, num_classes, card, known(self.slope), *compute)


class Bases(dict):
    """Base losses by name, in the order in which they are defined."""

    def define(
        self, name, form, kind, formula, source, bounds=(0.0, math.inf), constant_sum=None, slope=None, **defaults
    ):
        """Enters the decorated function as a base loss."""

        def enter(compute):
            self[name] = Base(form, compute, kind, formula, source, defaults, bounds, constant_sum, slope)
            return compute

        return enter

    def define_linear(self, name, formula, source, slope, **defaults):
        """Enters slope * (1 - p_y), a value or a function of the number of classes and the parameters."""

        def factor(num_classes, **parameters):
            return slope(num_classes, **parameters) if callable(slope) else slope

        def bounds(num_classes, **parameters):
            end = factor(num_classes, **parameters)
            return min(0.0, end), max(0.0, end)

        def constant_sum(num_classes, **parameters):
            return factor(num_classes, **parameters) * (num_classes - 1)

        self[name] = Base(Linear, None, "passive", formula, source, defaults, bounds, constant_sum, factor)
