r"""Losses for noisy labels: one constructor, every loss with its card.

:func:`make_loss` gives a module for a name. A name is a base loss (:func:`names`), a sum ``a+b`` of any two losses,
``norm(a)`` for a loss divided by its sum over all labels, or ``krishnan-apl(a+b)`` for a sum weighted by
:math:`\alpha` and :math:`1-\alpha`. Names that begin with ``soni-``, ``kathuria-``, ``krishnan-``, ``joshi-`` and
``chheda-`` compute what the five reports print, or, with ``code`` or ``later`` in them, what a report's public code
computes that is not printed; their cards name the erratum. Names that begin with ``ma2020-`` compute what the released
code of Ma et al. does where that differs from the definition.

Parameters: ``alpha`` and ``beta`` weigh the terms of a sum and of sce, ``gamma`` is the focusing parameter of focal
losses, ``q`` the exponent of gce, ``A`` stands for log 0 in rce, ``T`` is a temperature, and ``scale`` multiplies the
whole loss.

All losses start from log-softmax in float32 (float64 for float64 logits) whatever the type of the logits, and take
:math:`1-p` as ``-expm1(log p)``, so that value and gradient are finite for logits up to +-1e4.

What other modules may use stands here. Names and parameters are read in ``_names``, the forms that a loss can take are
in ``_forms``, the formulas in ``_definitions`` and, as code and reports have them, in ``_variants``; the functions
that these are computed from are in ``_numerics``.
"""

from nlr.losses._forms import REDUCTIONS, Card, Loss
from nlr.losses._names import cards, format_loss, make_loss, names, parse_loss
from nlr.losses._variants import CHHEDA_EPS

__all__ = ["CHHEDA_EPS", "REDUCTIONS", "Card", "Loss", "cards", "format_loss", "make_loss", "names", "parse_loss"]

# Their place is this one, for the reader of a message, a link or the API pages.
for _public in (Card, Loss, cards, format_loss, make_loss, names, parse_loss):
    _public.__module__ = __name__
