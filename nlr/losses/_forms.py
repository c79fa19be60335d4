r"""Losses for noisy labels: one constructor, every loss with its card.

:func:`make_loss` gives a module for a name. A name is a base loss (:func:`names`), a sum ``a+b`` of any two losses,
``norm(a)`` for a loss divided by its sum over all labels, or ``krishnan-apl(a+b)`` for a sum weighted by
:math:`\alpha` and :math:`1-\alpha`. Names that begin with ``soni-``, ``kathuria-``, ``krishnan-``, ``joshi-`` and
``chheda-`` compute what the five reports print, names that begin with ``ma2020-`` what the released code of Ma et al.
computes where that differs from the definition; their cards name the erratum.

Parameters: ``alpha`` and ``beta`` weigh the terms of a sum and of sce, ``gamma`` is the focusing parameter of focal
losses, ``q`` the exponent of gce, ``A`` stands for log 0 in rce, ``T`` is a temperature, and ``scale`` multiplies the
whole loss.

All losses start from log-softmax in float32 (float64 for float64 logits) whatever the type of the logits, and take
:math:`1-p` as ``-expm1(log p)``, so that value and gradient are finite for logits up to +-1e4.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd.function import once_differentiable

from nlr.errors import NlrError, unknown

#: How the losses of a batch become one value.
REDUCTIONS = ("mean", "sum", "none")

#: The epsilon of ``chheda-nce``; his Algorithm 1 has one and does not state it, so this value is ours.
CHHEDA_EPS = 1e-8


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
    """A loss of logits (N, K) and integer labels (N,); made by :func:`make_loss`.

    Attributes:
        name: The canonical name.
        settings: Every parameter with its value; those of the terms of a sum as mappings under the terms' names.
            ``make_loss(loss.name, loss.num_classes, **loss.settings)`` gives the same loss.
        num_classes: The number of classes K.
        reduction: ``mean``, ``sum`` or ``none``.
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
        self.card = card
        self.passive_slope = passive_slope

    def forward(self, logits, labels):
        """Computes the loss.

        Args:
            logits: Floating point of shape (N, K).
            labels: Integers of shape (N,) in 0..K-1; their range is not checked on a GPU.

        Returns:
            A scalar, or shape (N,) without reduction; float32, or float64 for float64 logits. It can be differentiated
            once.

        Raises:
            NlrError: For wrong shapes or types.
        """
        if logits.ndim != 2 or logits.shape[1] != self.num_classes or not logits.is_floating_point():
            raise NlrError(
                f"Loss {self.name!r} takes floating-point logits of shape (N, {self.num_classes}), not {logits.dtype} "
                f"of shape {tuple(logits.shape)}; num_classes is set in make_loss."
            )
        if labels.shape != logits.shape[:1] or labels.dtype not in _INTEGERS:
            raise NlrError(
                f"Loss {self.name!r} takes integer labels of shape ({logits.shape[0]},), one a row of the logits, not "
                f"{labels.dtype} of shape {tuple(labels.shape)}."
            )
        if logits.dtype != torch.float64:
            logits = logits.float()
        losses = self.per_sample(_log_softmax(logits), labels.long())
        return losses if self.reduction == "none" else getattr(losses, self.reduction)()

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
        return f"{format_loss(self.name, self.settings)}, num_classes={self.num_classes}"

    def _scale(self, losses):
        return _times(self.settings["scale"], losses)


def make_loss(name, num_classes=10, reduction="mean", **parameters):
    """Makes the loss of that name.

    Defaults follow the printed definitions: mae = 2 (1 - p_y), A = -4, gamma = .5, q = .7, alpha = beta = 1, T = 1,
    scale = 1; the reports' variants keep the values that their report prints.

    In a sum, ``alpha``, ``beta`` and ``scale`` are the sum's own; any other parameter goes to each term that takes it.
    Parameters of one term are given as a mapping under its name and win: ``make_loss("nce+mae", mae={"scale": 0.5})``.

    Args:
        name: A base loss, ``a+b``, ``norm(a)`` or ``krishnan-apl(a+b)``.
        num_classes: The number of classes K, at least 2.
        reduction: ``mean``, ``sum`` or ``none``.
        **parameters: alpha, beta >= 0 and not both 0, gamma >= 0, 0 < q <= 1, A < 0, T > 0, scale > 0, as far as the
            loss takes them; alpha of ``krishnan-apl`` lies in [0, 1].

    Returns:
        The :class:`Loss`.

    Raises:
        NlrError: For an unknown name, reduction or parameter, a value out of range, or ``norm`` of a loss that has
            negative values or depends on its batch.
    """
    if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 2:
        raise NlrError(f"num_classes must be an integer of at least 2, not {num_classes!r}.")
    if reduction not in REDUCTIONS:
        raise unknown("reduction", reduction, REDUCTIONS)
    loss = _build(_parse_name(name), num_classes, parameters)
    loss.reduction = reduction
    return loss


def parse_loss(spec):
    """Reads the spelling of a loss with parameters, ``nce+mae,beta=1.5,mae.scale=0.5``.

    Args:
        spec: A name, then ``parameter=value`` after commas; ``term.parameter=value`` for one term of a sum.

    Returns:
        The pair (canonical name, parameters) for ``make_loss(name, **parameters)``.

    Raises:
        NlrError: If the spelling, a name or a value is wrong.
    """
    name, *assignments = str(spec).split(",")
    parameters = {}
    for assignment in assignments:
        path, equals, value = (part.strip() for part in assignment.partition("="))
        *terms, parameter = path.split(".")
        inner = parameters
        for term in terms:
            inner = inner.setdefault(_canonical(_parse_name(term)), {})
            if not isinstance(inner, dict):
                raise NlrError(f"The loss {spec!r} uses {term!r} both as a parameter and as a term: keep one.")
        try:
            number = float(value)
        except ValueError:
            number = None
        if not equals or number is None:
            raise NlrError(
                f"Cannot read {assignment!r} in the loss {spec!r}: expected parameter=number, as in "
                f"'nce+mae,beta=1.5,mae.scale=0.5'."
            )
        if parameter in inner:
            raise NlrError(f"The loss {spec!r} sets {path!r} twice: keep one.")
        inner[parameter] = number
    return make_loss(name, **parameters).name, parameters


def format_loss(name, parameters):
    """Spells a loss with parameters, the inverse of :func:`parse_loss`.

    Args:
        name: The name of a loss.
        parameters: Its parameters as for :func:`make_loss`; they are spelled as given, sorted, defaults not added.

    Returns:
        The spelling, for example ``nce+mae,beta=1.5,mae.scale=0.5``.

    Raises:
        NlrError: If the name is wrong.
    """
    return ",".join([_canonical(_parse_name(name)), *sorted(_assignments(parameters))])


def names():
    """The names of all base losses: those that are neither sums nor ``norm(...)``.

    Returns:
        A tuple of names.
    """
    return (*_BASE, *_NORMALISED.values())


def cards(num_classes=10):
    """The cards of all base losses with default parameters, for a catalogue.

    Args:
        num_classes: The number of classes K.

    Returns:
        A list of :class:`Card`, in the order of :func:`names`.
    """
    return [make_loss(name, num_classes).card for name in names()]


# Names. A name is read into a tree: ("base", name), ("norm", tree), ("sum", tree, tree), ("krishnan-apl", tree, tree).

#: Normalised losses with a name of their own; nmae and nrce are base losses, being multiples of 1 - p_y.
_NORMALISED = {"ce": "nce", "fl": "nfl", "gce": "ngce", "ma2020-fl": "ma2020-nfl"}
_SHORT = {**_NORMALISED, "mae": "nmae", "rce": "nrce"}


def _parse_name(name):
    text = re.sub(r"\s", "", str(name)).lower()
    parts = _split_sum(text)
    if len(parts) > 2:
        raise NlrError(f"{name!r} has {len(parts)} terms: a sum has two.")
    if len(parts) == 2:
        return ("sum", *_parse_terms(text, parts))
    if match := re.fullmatch(r"norm\((.*)\)", text):
        inner = _parse_name(match[1])
        if inner[0] == "norm" or inner[1] in _SHORT.values():
            return inner
        short = _SHORT.get(inner[1])
        return ("base", short) if short in _BASE else ("norm", inner)
    if match := re.fullmatch(r"krishnan-apl\((.*)\)", text):
        parts = _split_sum(match[1])
        if len(parts) != 2:
            raise NlrError(f"{name!r} has {len(parts)} term(s): krishnan-apl takes two, as in 'krishnan-apl(nce+mae)'.")
        return ("krishnan-apl", *_parse_terms(text, parts))
    for inner, short in _NORMALISED.items():
        if text == short:
            return ("norm", ("base", inner))
    if text not in _BASE:
        raise unknown("loss", text, [*names(), "a+b", "norm(a)", "krishnan-apl(a+b)"])
    return ("base", text)


def _parse_terms(text, parts):
    first, second = map(_parse_name, parts)
    if first == second:
        raise NlrError(f"{text!r} adds a loss to itself: use {parts[0]!r} with the parameter scale.")
    return first, second


def _split_sum(text):
    """The terms of a sum: split at each + outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "+" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _canonical(tree):
    form, *inner = tree
    if form == "base":
        return inner[0]
    if form == "norm":
        name = _canonical(inner[0])
        return _NORMALISED.get(name, f"norm({name})")
    total = "+".join(map(_canonical, inner))
    return total if form == "sum" else f"krishnan-apl({total})"


# Parameters.

_RANGES = {
    "alpha": ("at least 0", lambda v: v >= 0),
    "beta": ("at least 0", lambda v: v >= 0),
    "gamma": ("at least 0", lambda v: v >= 0),
    "q": ("above 0 and at most 1", lambda v: 0 < v <= 1),
    "A": ("below 0", lambda v: v < 0),
    "T": ("above 0", lambda v: v > 0),
    "scale": ("above 0", lambda v: v > 0),
}


def _assignments(parameters, prefix=""):
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _assignments(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}={repr(float(value)).removesuffix('.0')}"


def _resolve(name, defaults, given):
    """The defaults with what was given in their place, checked."""
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise NlrError(f"Parameter {key!r} of loss {name!r} must be a finite number, not {value!r}.")
        wanted, fits = _RANGES[key]
        if not fits(value):
            raise NlrError(f"Parameter {key!r} of loss {name!r} must be {wanted}, not {value!r}.")
    settings = {key: float(value) for key, value in (defaults | given).items()}
    if settings.get("alpha") == settings.get("beta") == 0:
        raise NlrError(f"alpha and beta of loss {name!r} are both 0: one of them must be above 0.")
    return settings


def _own(tree):
    """The parameters of the node itself, with defaults."""
    form, inner = tree[:2]
    if form == "base":
        return {**_BASE[inner].defaults, "scale": 1.0}
    return {
        "norm": {"scale": 1.0},
        "sum": {"alpha": 1.0, "beta": 1.0, "scale": 1.0},
        "krishnan-apl": {"alpha": 0.6, "scale": 1.0},
    }[form]


def _takes(tree):
    """The keys that make_loss accepts for the node: its parameters, those of its terms and the terms' names."""
    keys = set(_own(tree))
    if tree[0] != "base":
        for inner in tree[1:]:
            keys |= _takes(inner)
            if tree[0] != "norm":
                keys.add(_canonical(inner))
    return keys


def _build(tree, num_classes, given):
    form, *inner = tree
    name = _canonical(tree)
    takes = _takes(tree)
    for key in given:
        if key not in takes:
            raise unknown(f"parameter of loss {name!r}", key, sorted(takes))
    own = _own(tree)
    settings = _resolve(name, own, {key: value for key, value in given.items() if key in own})
    rest = {key: value for key, value in given.items() if key not in own}
    if form == "base":
        return _BASE[name].build(name, num_classes, settings)
    if form == "norm":
        return _Normalised(name, num_classes, settings, _build(inner[0], num_classes, rest))
    terms = []
    for term in inner:
        mine = rest.get(_canonical(term), {})
        if not isinstance(mine, Mapping):
            raise NlrError(
                f"Parameters of the term {_canonical(term)!r} of loss {name!r} come as a mapping, as in "
                f"{{'scale': 0.5}}, not as {mine!r}."
            )
        shared = {key: value for key, value in rest.items() if key in _takes(term)}
        terms.append(_build(term, num_classes, shared | mine))
    return _Sum(name, num_classes, settings, *terms)


# The forms that a loss can take.

_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class _Expm1(torch.autograd.Function):
    """expm1 whose derivative keeps its digits: torch takes it as expm1(x) + 1, which is 0 for x below -17."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.expm1(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x.exp()


_expm1 = _Expm1.apply


class _ColumnLogSoftmax(torch.autograd.Function):
    """Log-softmax of rows, computed along the columns of their transpose.

    The bits are those of torch's own where a row is shorter than a vector of the CPU: K below 16 with AVX-512, below 8
    with AVX2. What goes out is in rows, so that everything after it adds in the same order.
    """

    @staticmethod
    def forward(ctx, logits):
        log_p = F.log_softmax(_columns(logits), dim=0)
        ctx.save_for_backward(log_p)
        return log_p.t()[: len(logits)].contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        (log_p,) = ctx.saved_tensors
        # The derivative that F.log_softmax takes; as a formula of tensors its last bits would differ.
        columns = torch._log_softmax_backward_data(_columns(gradient), log_p, 0, log_p.dtype)
        return columns.t()[: len(gradient)].contiguous()


def _columns(rows):
    # Whole vectors of 16: what remained would be computed by other instructions, and differ in its last bits.
    columns = rows.new_zeros(rows.shape[1], len(rows) + -len(rows) % 16)
    columns[:, : len(rows)] = rows.t()
    return columns


def _log_softmax(logits):
    # On a CPU torch takes short rows one at a time; all rows at once, class by class, take a small part of that time.
    return _ColumnLogSoftmax.apply(logits) if logits.device.type == "cpu" else F.log_softmax(logits, dim=1)


def _pick(values, labels):
    return values.gather(1, labels[:, None]).squeeze(1)


def _scaled(card, scale):
    constant = None if card.constant_sum is None else scale * card.constant_sum
    return replace(card, lower=scale * card.lower, upper=scale * card.upper, constant_sum=constant)


def _times(factor, values):
    return values if factor == 1 else factor * values


class _Elementwise(Loss):
    """A function of log p_y alone, so that a gather of one column is enough."""

    def __init__(self, settings, num_classes, card, passive_slope, compute):
        super().__init__(settings, num_classes, card, passive_slope)
        self._compute = compute

    def _per_sample(self, log_p, labels):
        return self._compute(_pick(log_p, labels))

    def _every_label(self, log_p):
        return self._compute(log_p)


class _Linear(Loss):
    """A multiple of 1 - p_y; the factor is the passive slope."""

    def __init__(self, settings, num_classes, card, slope):
        super().__init__(settings, num_classes, card, slope)
        self._slope = slope

    def _per_sample(self, log_p, labels):
        return self._every_label(_pick(log_p, labels))

    def _every_label(self, log_p):
        return -self._slope * _expm1(log_p)


class _Matrix(_Elementwise):
    """A function of all log p_k, with a second argument that selects the labels' own terms from those of all."""

    def _per_sample(self, log_p, labels):
        return self._compute(log_p, lambda terms: terms.gather(1, labels[:, None])).squeeze(1)

    def _every_label(self, log_p):
        return self._compute(log_p, lambda terms: terms)


class _Batch(_Elementwise):
    """A function of the whole batch and its labels."""

    def _per_sample(self, log_p, labels):
        return self._compute(log_p, labels)

    def _every_label(self, log_p):
        raise NlrError(
            f"Loss {self.name!r} depends on the labels of the whole batch: it has no loss for every label of a sample."
        )


class _Normalised(Loss):
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
        total = card.constant_sum
        if total is not None:
            upper = card.upper / total
        elif inner.name == "gce":
            # Approached as p_y goes to 0 and the rest is uniform.
            upper = 1 / (num_classes - (num_classes - 1) ** (1 - inner.settings["q"]))
        else:
            upper = 1.0
        if isinstance(inner, _Sum):
            formula = rf"\frac{{L(p,y)}}{{\sum_{{j=1}}^{{K}} L(p,j)}},\quad L(p,y) = {card.formula}"
        else:
            one = card.formula.replace("p_y", "p_j")
            formula = rf"\frac{{{card.formula}}}{{\sum_{{j=1}}^{{K}} \left[{one}\right]}}"
        source = f"Normalised as in Ma et al. 2020 (arXiv:2006.13554). {card.source}"
        slope = inner.passive_slope
        super().__init__(
            inner.settings | settings,
            num_classes,
            Card(name, formula, source, 0.0, upper, 1.0, card.kind),
            None if slope is None or total is None else slope / total,
        )
        self.inner = inner

    def _per_sample(self, log_p, labels):
        losses = self.inner.every_label(log_p)
        return _pick(losses, labels) / losses.sum(1)

    def _every_label(self, log_p):
        losses = self.inner.every_label(log_p)
        return losses / losses.sum(1, keepdim=True)


class _Sum(Loss):
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
class _Base:
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
            self.form is _Batch,
        )
        compute = [] if self.compute is None else [partial(self.compute, **parameters)]
        return self.form(settings, num_classes, card, known(self.slope), *compute)


_BASE = {}


def _define(name, form, kind, formula, source, bounds=(0.0, math.inf), constant_sum=None, slope=None, **defaults):
    """Enters the decorated function as a base loss."""

    def enter(compute):
        _BASE[name] = _Base(form, compute, kind, formula, source, defaults, bounds, constant_sum, slope)
        return compute

    return enter


def _define_linear(name, formula, source, slope, **defaults):
    """Enters slope * (1 - p_y), a value or a function of the number of classes and the parameters."""

    def factor(num_classes, **parameters):
        return slope(num_classes, **parameters) if callable(slope) else slope

    def bounds(num_classes, **parameters):
        end = factor(num_classes, **parameters)
        return min(0.0, end), max(0.0, end)

    def constant_sum(num_classes, **parameters):
        return factor(num_classes, **parameters) * (num_classes - 1)

    _BASE[name] = _Base(_Linear, None, "passive", formula, source, defaults, bounds, constant_sum, factor)


def _focal(log_p, gamma, detach=False):
    # The smallest float keeps 1 - p off 0, where a power below 1 has no finite derivative; log p is 0 there.
    weight = (torch.finfo(log_p.dtype).tiny - _expm1(log_p)).pow(gamma)
    return (weight.detach() if detach else weight) * -log_p


class _LogFocal(torch.autograd.Function):
    """log((1 - p_k)^gamma p_k) for every k, computed on the transpose (K, N) and with few new tensors, for speed."""

    @staticmethod
    def forward(ctx, log_p, gamma):
        # For the largest p_k, which may be near 1, log(1 - p_k) comes from the other classes; log1p would lose it.
        # Those are taken relative to the largest of them, which may itself be too small for exp.
        top = log_p.argmax(1)[None]
        log_p = log_p.t().contiguous()
        others = log_p.scatter(0, top, -math.inf)
        second = others.amax(0)
        share = others.sub_(second).exp_()
        total, second_p = share.sum(0), second.exp()
        ctx.save_for_backward(top, share, total, second_p)
        ctx.gamma = gamma
        miss = (share * -second_p).log1p_().scatter_(0, top, (total.log() + second)[None])
        return miss.mul_(gamma).add_(log_p).t()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        top, share, total, second_p = ctx.saved_tensors
        gradient = gradient.t().contiguous()
        # The derivative of log(1 - p_k) in log p_j is -p_k / (1 - p_k) for j = k; for the largest p_k it is
        # p_j / (1 - p_k) for every other j instead.
        inner = gradient / (share * second_p - 1)
        inner.mul_(second_p).add_(gradient.gather(0, top) / total).mul_(share)
        return inner.mul_(ctx.gamma).add_(gradient).t(), None


_log_focal = _LogFocal.apply


_MA = "Ma et al. 2020 (arXiv:2006.13554), as the reports quote it and the released code computes it"
_WANG = "Wang et al. 2019 (arXiv:1908.06112), as the reports quote it; log 0 is the constant A"


@_define("ce", _Elementwise, "active", r"-\log p_y", "Textbook definition; no primary source is available to us.")
def _ce(log_p):
    return -log_p


@_define(
    "fl",
    _Elementwise,
    "active",
    r"-(1-p_y)^{\gamma}\log p_y",
    "Lin et al. 2017, Focal loss; the paper is not available to us, the formula is as the reports quote it.",
    gamma=0.5,
)
def _fl(log_p, gamma):
    return _focal(log_p, gamma)


_define_linear(
    "mae",
    r"2(1-p_y)",
    "Ghosh et al. 2017; the sum of |p_k - q_k| over the classes, as the reports quote Ma et al. 2020. "
    "The released code has half of it.",
    2.0,
)
_define_linear("rce", r"-A(1-p_y)", f"{_WANG}.", lambda num_classes, A: -A, A=-4.0)


@_define(
    "gce",
    _Elementwise,
    "active",
    r"\frac{1-p_y^{q}}{q}",
    "Zhang and Sabuncu 2018, Generalized Cross Entropy; the paper is not available to us.",
    bounds=lambda num_classes, q: (0.0, 1 / q),
    constant_sum=lambda num_classes, q: num_classes - 1.0 if q == 1 else None,
    q=0.7,
)
def _gce(log_p, q):
    return -_expm1(q * log_p) / q


@_define(
    "sce",
    _Elementwise,
    "both",
    r"-\alpha \log p_y - \beta A (1-p_y)",
    f"{_WANG}. The released code of Ma et al. 2020 sets alpha = 0.1 on CIFAR-10.",
    bounds=lambda num_classes, alpha, beta, A: (0.0, math.inf if alpha else -beta * A),
    constant_sum=lambda num_classes, alpha, beta, A: None if alpha else -beta * A * (num_classes - 1),
    slope=lambda num_classes, alpha, beta, A: -beta * A if beta else None,
    alpha=1.0,
    beta=1.0,
    A=-4.0,
)
def _sce(log_p, alpha, beta, A):
    return -alpha * log_p + beta * A * _expm1(log_p)


_define_linear(
    "nmae",
    r"\frac{1-p_y}{K-1}",
    f"{_MA}; mae divided by its sum over all labels.",
    lambda num_classes: 1 / (num_classes - 1),
)
_define_linear(
    "nrce",
    r"\frac{1-p_y}{K-1}",
    f"{_MA}; rce divided by its sum over all labels, in which A cancels. The same as nmae.",
    lambda num_classes: 1 / (num_classes - 1),
)

# As the released code of Ma et al. 2020 computes them.

_CODE = "Released code of Ma et al. 2020 (HanxunH/Active-Passive-Losses, 04bce53)"


@_define(
    "ma2020-fl",
    _Elementwise,
    "active",
    r"-\operatorname{sg}\left[(1-p_y)^{\gamma}\right]\log p_y",
    f"{_CODE}: the focal weight is a constant to the derivative (sg), so the value is that of fl, the gradient is not.",
    gamma=0.5,
)
def _ma2020_fl(log_p, gamma):
    return _focal(log_p, gamma, detach=True)


_define_linear(
    "ma2020-nmae",
    r"\frac{1-p_y}{2(K-1)}",
    f"{_CODE}: the factor 1/(2(K-1)) is that of 2(1-p_y), but multiplies 1-p_y; half of nmae.",
    lambda num_classes: 0.5 / (num_classes - 1),
)
_define_linear(
    "ma2020-nrce",
    r"-\ln(10^{-4})\,\frac{K-1}{4}\,(1-p_y)",
    f"{_CODE}: the factor 1/4*(K-1) reads as (K-1)/4 where 1/(4(K-1)) is meant, and log 0 is ln 1e-4 instead of -4 "
    f"(E18).",
    lambda num_classes: -math.log(1e-4) * (num_classes - 1) / 4,
)

# As the five reports print them.


@_define(
    "soni-nce",
    _Matrix,
    "passive",
    r"\log\frac{\prod_{k=1}^{K} p_k}{p_y}",
    "As printed in Soni, eq. 2, where a logarithm to the base of the product is meant (E1).",
    bounds=lambda num_classes: (-math.inf, -(num_classes - 1) * math.log(num_classes - 1)),
)
def _soni_nce(log_p, select):
    return log_p.sum(1, keepdim=True) - select(log_p)


def _soni_nfl_bounds(num_classes, gamma):
    # The best p_k, k != y: the maximum of (1-p)^gamma p, or an equal share of all probability if that is less.
    p = min(1 / (1 + gamma), 1 / (num_classes - 1))
    return -math.inf, (num_classes - 1) * ((gamma * math.log1p(-p) if gamma else 0.0) + math.log(p))


@_define(
    "soni-nfl",
    _Matrix,
    "passive",
    r"\log\frac{\prod_{k=1}^{K} (1-p_k)^{\gamma}p_k}{(1-p_y)^{\gamma}p_y}",
    "As printed in Soni, eq. 5 (E3). The value of gamma is not stated; 0.5 is that of the released code.",
    bounds=_soni_nfl_bounds,
    gamma=0.5,
)
def _soni_nfl(log_p, select, gamma):
    terms = _log_focal(log_p, gamma)
    return terms.sum(1, keepdim=True) - select(terms)


_define_linear(
    "soni-nrce",
    r"-\frac{1-p_y}{K-1}",
    "As printed in Soni, eq. 4: RCE/(A(K-1)) with A below 0, so the sign is that of -nrce (E4).",
    lambda num_classes: -1 / (num_classes - 1),
)
_define_linear(
    "kathuria-mae",
    r"\frac{2}{K}(1-p_y)",
    "As printed in Kathuria, eq. 5, with 1/C (E9).",
    lambda num_classes: 2 / num_classes,
)


@_define(
    "kathuria-nce",
    _Elementwise,
    "active",
    r"1-\exp\left(\frac{\log p_y}{T}\right)",
    "As printed in Kathuria, eq. 3: 1-exp(-CE/T). It equals 1-p_y^(1/T), and 1-p_y at T=1 (E6).",
    bounds=(0.0, 1.0),
    constant_sum=lambda num_classes, T: num_classes - 1.0 if T == 1 else None,
    T=1.0,
)
def _kathuria_nce(log_p, T):
    return -_expm1(log_p / T)


@_define(
    "kathuria-nfl",
    _Elementwise,
    "active",
    r"1-\exp\left(\frac{(1-p_y)^{\gamma}\log p_y}{T}\right)",
    "As printed in Kathuria, eq. 4: 1-exp(-FL/T); bounded, but its sum over the labels varies (E8).",
    bounds=(0.0, 1.0),
    constant_sum=lambda num_classes, gamma, T: num_classes - 1.0 if gamma == 0 and T == 1 else None,
    gamma=2.0,
    T=1.0,
)
def _kathuria_nfl(log_p, gamma, T):
    return -_expm1(-_focal(log_p, gamma) / T)


@_define(
    "krishnan-nce",
    _Batch,
    "active",
    r"\frac{-\log p_y}{-\sum_{c=1}^{K} f_c\log f_c},\quad f_c \text{ the share of label } c \text{ in the batch}",
    "As printed in Krishnan, section 2.3: batch cross-entropy over the entropy of the batch's labels (E10). Infinite "
    "or undefined for a batch with one label only.",
)
def _krishnan_nce(log_p, labels):
    # Not bincount, whose output size would have to be read back from a GPU.
    classes = torch.arange(log_p.shape[1], device=log_p.device)
    shares = (labels[:, None] == classes).to(log_p.dtype).mean(0)
    return -_pick(log_p, labels) / torch.special.entr(shares).sum()


def _krishnan_weights(log_p, labels, gamma):
    """N w_i / sum_j w_j for w = (1 - p_y)^gamma."""
    # In logarithms, so that a batch that is right throughout does not divide 0 by 0.
    miss = log_p.scatter(1, labels[:, None], -math.inf).logsumexp(1)
    return len(labels) * torch.softmax(gamma * miss, dim=0)


@_define(
    "krishnan-nfl",
    _Batch,
    "active",
    r"-\frac{N w_y}{\sum_{i=1}^{N} w_{y_i}}\log p_y,\quad w_y = (1-p_y)^{\gamma}",
    "As printed in Krishnan, section 2.3: a weighted mean of cross-entropy, here with the derivative of the weights "
    "(E11). The value of gamma is not stated; 0.5 is that of the released code of Ma et al. 2020.",
    gamma=0.5,
)
def _krishnan_nfl(log_p, labels, gamma):
    return _krishnan_weights(log_p, labels, gamma) * -_pick(log_p, labels)


@_define(
    "krishnan-nfl-detached",
    _Batch,
    "active",
    r"-\operatorname{sg}\left[\frac{N w_y}{\sum_{i=1}^{N} w_{y_i}}\right]\log p_y,\quad w_y = (1-p_y)^{\gamma}",
    "As printed in Krishnan, section 2.3, with weights that are constants to the derivative (sg); the report does not "
    "say which of the two is meant (E11).",
    gamma=0.5,
)
def _krishnan_nfl_detached(log_p, labels, gamma):
    return _krishnan_weights(log_p, labels, gamma).detach() * -_pick(log_p, labels)


@_define(
    "joshi-ce",
    _Elementwise,
    "active",
    r"\log p_y",
    "As printed in Joshi, without the minus sign (E5).",
    bounds=(-math.inf, 0.0),
)
def _joshi_ce(log_p):
    return log_p


_define_linear(
    "joshi-rce", r"A(1-p_y)", "As printed in Joshi, without the minus sign (E5).", lambda num_classes, A: A, A=-4.0
)


@_define(
    "joshi-fl",
    _Elementwise,
    "active",
    r"(1-p_y)^{\gamma}\log p_y",
    "As printed in Joshi, without the minus sign (E5).",
    bounds=(-math.inf, 0.0),
    gamma=0.5,
)
def _joshi_fl(log_p, gamma):
    return -_focal(log_p, gamma)


@_define(
    "joshi-nce",
    _Elementwise,
    "active",
    r"\log\frac{\sum_{k=1}^{K} p_k}{p_y}",
    "As printed in Joshi; the probabilities sum to 1, so it equals ce (E2).",
)
def _joshi_nce(log_p):
    return -log_p


@_define(
    "joshi-nfl",
    _Matrix,
    "active",
    r"\log\frac{\sum_{k=1}^{K} (1-p_k)^{\gamma}p_k}{(1-p_y)^{\gamma}p_y}",
    "As printed in Joshi (E3).",
    gamma=0.5,
)
def _joshi_nfl(log_p, select, gamma):
    # The cross-entropy of the terms as logits; they lie in memory by class, and so does their transpose's softmax.
    return -select(F.log_softmax(_log_focal(log_p, gamma).t(), dim=0).t())


_define_linear(
    "joshi-nrce",
    r"\frac{1-p_y}{K-1}",
    "As printed in Joshi: RCE/(A(K-1)) with an RCE that lacks its minus sign, so the signs cancel (E4).",
    lambda num_classes: 1 / (num_classes - 1),
)


def _chheda_nce_bounds(num_classes):
    def loss(p_y, p_other):
        one, other = (-math.log(p + CHHEDA_EPS) for p in (p_y, p_other))
        return one / (one + (num_classes - 1) * other)

    return loss(1.0, 0.0), loss(0.0, 1 / (num_classes - 1))


@_define(
    "chheda-nce",
    _Matrix,
    "active",
    r"\frac{-\log(p_y+\epsilon)}{-\sum_{k=1}^{K}\log(p_k+\epsilon)}",
    f"As printed in Chheda, Algorithm 1; epsilon is not stated there, {CHHEDA_EPS:g} is our choice (E19).",
    bounds=_chheda_nce_bounds,
    constant_sum=1.0,
)
def _chheda_nce(log_p, select):
    losses = -torch.log(log_p.exp() + CHHEDA_EPS)
    return select(losses) / losses.sum(1, keepdim=True)
