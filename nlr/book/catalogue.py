"""The losses as tables: their formulas, where these come from, and the slope that a passive part has in a protocol."""

import re

import numpy as np
import pandas as pd

from nlr import losses
from nlr.study import protocols, runs

_WORDS = {
    "ce": "cross-entropy (CE)",
    "fl": "focal loss (FL)",
    "mae": "mean absolute error (MAE)",
    "rce": "reverse cross-entropy (RCE)",
    "gce": "generalised cross-entropy (GCE)",
    "sce": "symmetric cross-entropy (SCE)",
    "nce": "normalised cross-entropy (NCE)",
    "nfl": "normalised focal loss (NFL)",
    "nmae": "normalised mean absolute error (NMAE)",
    "nrce": "normalised reverse cross-entropy (NRCE)",
    "ngce": "normalised generalised cross-entropy (NGCE)",
}

_WHOSE = {
    "ma2020": "in the released code",
    "soni": "as Soni prints it",
    "kathuria": "as Kathuria prints it",
    "krishnan": "as Krishnan prints it",
    "joshi": "as Joshi prints it",
    "chheda": "as Chheda prints it",
    "soni-code": "in Soni's code",
    "krishnan-code": "in Krishnan's code",
    "krishnan-later": "in Krishnan's later code",
    "chheda-code": "in the code of Chheda's second run",
}


def in_words(name):
    """What the name of a base loss stands for: ``normalised cross-entropy (NCE), as Soni prints it``."""
    if name in _WORDS:
        return _WORDS[name]
    whose = max((one for one in _WHOSE if name.startswith(f"{one}-")), key=len)
    loss, _, detail = name.removeprefix(f"{whose}-").partition("-")
    return ", ".join(
        filter(None, (_WORDS[loss], _WHOSE[whose], {"detached": "weights not differentiated"}.get(detail)))
    )


def _parameters(name):
    """The parameters of a loss with the values that its definition has; the scale, which all have, is left out."""
    settings = losses.make_loss(name).settings
    return ", ".join(f"{key} = {value:g}" for key, value in settings.items() if key != "scale") or "–"


def loss_table(cards, printed):
    """The catalogue: the definitions, or the variants that a report prints, or that code computes."""
    chosen = [card for card in cards if ("-" in card.name) == printed]
    rows = [
        {
            "loss": f"`{card.name}`",
            "in words": in_words(card.name),
            "formula": f"${card.formula}$",
            "parameters": _parameters(card.name),
            "kind": card.kind,
            "range": f"${_limit(card.lower)}$ to ${_limit(card.upper)}$",
            "sum over labels": "not constant" if card.constant_sum is None else f"{card.constant_sum:.4g}",
        }
        for card in chosen
    ]
    return pd.DataFrame(rows)


def loss_sources(cards, printed):
    """Where each formula of :func:`loss_table` comes from, as a list."""
    chosen = [card for card in cards if ("-" in card.name) == printed]
    return "\n".join(f"- `{card.name}`: {card.source}" for card in chosen)


def _limit(value):
    text = {np.inf: r"\infty", -np.inf: r"-\infty"}.get(value, f"{value:.4g}")
    return re.sub(r"e([+-])0*(\d+)$", r" \\cdot 10^{\1\2}", text).replace("{+", "{")


def slope_table(names):
    """Slope of the passive part of each loss: a row as defined, and one for all protocols that agree."""
    groups = {}
    for protocol in protocols.names():
        loaded = protocols.load(protocol)
        slopes = tuple(f"{runs.canonical_loss(loaded, name)[1].passive_slope:.4g}" for name in names)
        groups.setdefault(slopes, []).append(protocol)
    rows = [("as defined", *(f"{losses.make_loss(name).passive_slope:.4g}" for name in names))]
    rows += [(", ".join(f"`{name}`" for name in _families(group)), *slopes) for slopes, group in groups.items()]
    return pd.DataFrame(rows, columns=["protocols", *(f"`{name}`" for name in names)])


def _families(group):
    """Names of protocols in short: ``joshi*`` where the group has all that begin so."""
    known, out = protocols.names(), {}
    for name in group:
        words = name.split("-")
        starts = ["-".join(words[:n]) for n in range(1, len(words) + 1)]
        families = {start: {other for other in known if f"{other}-".startswith(f"{start}-")} for start in starts}
        whole = [start for start, family in families.items() if len(family) > 1 and family <= set(group)]
        out[f"{whole[0]}*" if whole else name] = True
    return list(out)
