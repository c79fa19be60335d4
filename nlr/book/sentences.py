"""Differences of losses in sentences that a person would write, chosen by what the records say."""

import math

from nlr.evidence import wording

NAMES = {"last": "accuracy", "memorised": "wrong labels memorised", "clean_part": "right labels fitted"}
BETTER = {"last": 1, "memorised": -1, "clean_part": 1}  # which sign of a difference is to a loss's credit
SAID = {  # a verb, of one loss and of several, and what stands behind it where they have more of the figure or less
    "last": (("is", "are"), "more accurate", "less accurate"),
    "memorised": (("memorises", "memorise"), "more wrong labels", "fewer wrong labels"),
    "clean_part": (("fits", "fit"), "more right labels", "fewer right labels"),
}
CALLED = {  # in sentences; the first paragraph of a page has introduced the abbreviations that stand alone here
    "ce": "cross-entropy",
    "nce": "NCE",
    "mae": "MAE",
    "rce": "RCE",
    "nce+mae": "NCE+MAE",
    "nce+rce": "NCE+RCE",
    "gce": "generalised cross-entropy (GCE)",
    "sce": "symmetric cross-entropy (SCE)",
}
SYMMETRIC = ("symmetric-0.2", "symmetric-0.4", "symmetric-0.6", "symmetric-0.8")
ASYMMETRIC = ("asymmetric-0.1", "asymmetric-0.2", "asymmetric-0.3", "asymmetric-0.4")
_LATE = ("turned more", "turned less", "late more", "late less")  # what is clear after the last epoch alone


def called(loss):
    """A loss in a sentence."""
    return CALLED.get(loss, f"`{loss}`")


def listed(losses):
    """Losses in a sentence: ``cross-entropy, NCE and MAE``."""
    return wording.listed(called(loss) for loss in losses)


def per_cent(setting):
    """The rate of a setting: ``40 %``."""
    return f"{100 * float(setting.partition('-')[2]):g} %"


def where(settings, wanted, labels=True):
    """Settings in words: ``from 40 % wrong labels on``, ``at every rate``.

    Args:
        settings: one or more of a kind of noise.
        wanted: all of that kind, :data:`SYMMETRIC` or :data:`ASYMMETRIC`; of fewer, "every rate" would be said falsely.
        labels: whether to say of what the rate is a share.
    """
    settings = [setting for setting in wanted if setting in settings]
    if len(settings) == len(wanted) > 1:
        return "at every rate"
    of = " wrong labels" * labels
    rates = [per_cent(setting) for setting in settings]
    first, last = wanted.index(settings[0]), wanted.index(settings[-1])
    if len(settings) == 1:
        return f"at {rates[0]}{of}"
    if last - first + 1 > len(settings):
        return f"at {wording.listed([rate.removesuffix(' %') for rate in rates[:-1]] + rates[-1:])}{of}"
    if last == len(wanted) - 1:
        return f"from {rates[0]}{of} on"
    if first == 0:
        return f"up to {rates[-1]}{of}"
    return f"at {rates[0].removesuffix(' %')} to {rates[-1]}{of}"


def sentences(values):
    """Contrasts in plain words.

    Contrasts that say the same stand together. What is clear after the last epoch alone is said first: where the best
    one has the other sign, and where it is too close to call at the best one.

    Args:
        values: pairs of a contrast (figure, pair of losses, settings) and its ``{setting: Difference}``
            (:class:`nlr.evidence.contrasts.Difference`).
    """
    late, said, lacking = {}, {}, []
    for (figure, (one, other), wanted), cells in values:
        status = tuple(_status(cells.get(setting)) for setting in wanted)
        for kind in _LATE:
            if there := tuple(s for s, is_ in zip(wanted, status, strict=True) if is_ == kind):
                late.setdefault((there, wanted, kind), {}).setdefault(one, []).append(other)
        said.setdefault((figure, wanted, status), {}).setdefault(one, []).append(other)
        few = tuple(s for s, is_ in zip(wanted, status, strict=True) if is_ in ("few", "missing"))
        lacking.append(((one, other), few, wanted))
    late = sorted(late.items(), key=lambda item: item[0][2].startswith("late"))  # what turns round stands first
    out = [_late(ones, others, *key) for key, found in late for ones, others in alike(found)]
    out += [_said(ones, others, *key) for key, found in said.items() for ones, others in alike(found)]
    out += _lacking(lacking)
    return " ".join(dict.fromkeys(filter(None, out)))  # of two figures without runs the same is said


def _lacking(found):
    """Where there are too few runs, in sentences that name the losses unless it is so of all contrasts.

    Args:
        found: triples of a contrast's losses, the settings in which it has too few runs, and those asked about; one
            that has enough nowhere has a sentence of its own.
    """
    said = {}
    for (one, other), few, wanted in found:
        if 0 < len(few) < len(wanted):
            said.setdefault((few, wanted), {}).setdefault(one, {})[other] = None
    out = []
    for (few, wanted), losses in said.items():
        text = f"{capital(where(few, wanted))} there are too few runs"
        if all(set(few) <= set(lacks) for _, lacks, _ in found):
            out.append(f"{text}.")
        else:
            out += [f"{text} to compare {listed(ones)} with {listed(others)}." for ones, others in alike(losses)]
    return out


def alike(found):
    """Pairs of losses (first ones, second ones) from ``{first: seconds}``."""
    out = {}
    for one, others in found.items():
        out.setdefault(tuple(others), []).append(one)
    return [(ones, others) for others, ones in out.items()]


def _status(cell):
    """What is known of a difference; ``turned`` and ``late`` are clear after the last epoch and not at the best one."""
    if cell is None:
        return "missing"
    if not cell.sign:
        return "unclear" if cell.counted or (cell.mixed and not cell.few) else "few"
    way = "more" if cell.sign > 0 else "less"
    if cell.turns:
        return f"turned {way}"
    clear = math.isnan(cell.best) or (cell.best_low > 0 or cell.best_high < 0)
    return way if clear else f"late {way}"


def _late(ones, others, settings, wanted, kind):
    verbs, more, less = SAID["last"]
    turned, how = kind.startswith("turned"), more if kind.endswith("more") else less
    text = (
        f"After the last epoch{', but not at the best one,' if turned else ''} {listed(ones)} {verbs[len(ones) > 1]} "
    )
    text += f"{how} than {listed(others)} {where(settings, wanted)}"
    return f"{text}{'' if turned else '; at the best one it is too close to call'}."


def _said(ones, others, figure, wanted, status):
    """In a sentence or two where losses have more, where less, and where it is too close to call."""
    verbs, more, less = SAID[figure]
    at = {name: [s for s, is_ in zip(wanted, status, strict=True) if is_ == name] for name in dict.fromkeys(status)}
    if not {"more", "less", "unclear", *_LATE} & set(at):
        missing = set(status) == {"missing"}
        text = "There is no run yet" if missing else "There are too few runs yet"
        return f"{text} to compare {listed(ones)} with {listed(others)}."
    out = []
    if "more" in at or "less" in at:
        first, second = (more, less) if "more" in at else (less, None)
        text = f"{listed(ones)} {verbs[len(ones) > 1]} {first} than {listed(others)} "
        text += where(at["more" if second else "less"], wanted)
        text += f", and {second} {where(at['less'], wanted, labels=False)}" if second and "less" in at else ""
        out.append(f"{capital(text)}.")
        if "unclear" in at:
            out.append(f"{capital(where(at['unclear'], wanted, labels=False))} it is too close to call.")
    elif "unclear" in at:
        of = "" if figure == "last" else f" in {NAMES[figure]}"
        out.append(f"{_between(ones, others)} it is too close to call{of} {where(at['unclear'], wanted)}.")
    return " ".join(out)


def _between(ones, others):
    """``Between A and B``, and of several ``For each of A and B beside C``."""
    if len(ones) == len(others) == 1:
        return f"Between {listed(ones)} and {listed(others)}"
    one, other = (f"{'each of ' * (len(losses) > 1)}{listed(losses)}" for losses in (ones, others))
    return f"For {one} beside {other}"


def capital(text):
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]
