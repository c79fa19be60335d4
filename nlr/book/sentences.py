"""Differences of losses in sentences that a person would write, chosen by what the records say."""

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
_FIFTHS = {0.2: "one", 0.4: "two", 0.6: "three", 0.8: "four"}
_TENTHS = {0.1: "one", 0.2: "two", 0.3: "three", 0.4: "four"}


def called(loss):
    """A loss in a sentence."""
    return CALLED.get(loss, f"`{loss}`")


def listed(losses):
    """Losses in a sentence: ``cross-entropy, NCE and MAE``."""
    return wording.listed(called(loss) for loss in losses)


def amount(setting):
    """How many labels are wrong: ``two in five labels``; of the classes that are confused under asymmetric noise."""
    kind, _, rate = setting.partition("-")
    rate = float(rate)
    return f"{_FIFTHS[rate]} in five labels" if kind == "symmetric" else f"{_TENTHS[rate]} in ten labels"


def where(settings, wanted):
    """Settings in words, among those that are asked about: ``from two in five labels wrong on``, ``at every rate``."""
    settings = [setting for setting in wanted if setting in settings]
    if len(settings) == len(wanted) > 1:
        return "at every rate"
    first, last = wanted.index(settings[0]), wanted.index(settings[-1])
    few, many = (amount(settings[end]) for end in (0, -1))
    if len(settings) == 1:
        return f"with {few} wrong"
    if last - first + 1 > len(settings):
        return (
            f"with {wording.listed(amount(setting).split()[0] for setting in settings)} {few.partition(' ')[2]} wrong"
        )
    if last == len(wanted) - 1:
        return f"with {few} wrong or more"
    if first == 0:
        return f"with up to {many} wrong"
    return f"with {few.split()[0]} to {many} wrong"


def sentences(values):
    """Contrasts in plain words.

    Contrasts that say the same stand together. Where the last and the best epoch disagree, the sentence that says so
    comes first.

    Args:
        values: pairs of a contrast (figure, pair of losses, settings) and its ``{setting: Difference}``
            (:class:`nlr.evidence.contrasts.Difference`).
    """
    turned, said, lacking = {}, {}, {}
    for (figure, (one, other), wanted), cells in values:
        for up in (True, False):
            if turns := tuple(s for s in wanted if s in cells and cells[s].turns and (cells[s].effect > 0) == up):
                turned.setdefault((turns, wanted, up), {}).setdefault(one, []).append(other)
        status = tuple(_status(cells.get(setting)) for setting in wanted)
        said.setdefault((figure, wanted, status), {}).setdefault(one, []).append(other)
        few = tuple(s for s, found in zip(wanted, status, strict=True) if found in ("few", "missing"))
        if 0 < len(few) < len(wanted):
            lacking[few, wanted] = None
    out = [_turned(ones, others, *key) for key, found in turned.items() for ones, others in _alike(found)]
    out += [_said(ones, others, *key) for key, found in said.items() for ones, others in _alike(found)]
    out += [f"{capital(where(*key))} there are too few runs to tell." for key in lacking]
    return " ".join(out)


def _alike(found):
    """Pairs of lists (first losses, second losses) from ``{first: [seconds]}``."""
    out = {}
    for one, others in found.items():
        out.setdefault(tuple(others), []).append(one)
    return [(ones, others) for others, ones in out.items()]


def _status(cell):
    if cell is None:
        return "missing"
    return {1: "more", -1: "less", 0: "unclear" if cell.counted else "few"}[cell.sign]


def _turned(ones, others, settings, wanted, up):
    _, more, less = SAID["last"]
    last, best = (more, less) if up else (less, more)
    verb, they = ("are", "they are") if len(ones) > 1 else ("is", "it is")
    text = f"The epoch matters {where(settings, wanted)}: after the last one {listed(ones)} {verb} {last} than "
    return text + f"{listed(others)}, at the best one, chosen on the test set, {they} {best}."


def _said(ones, others, figure, wanted, status):
    """In a sentence where losses have more, where less, and where neither is clear."""
    verbs, more, less = SAID[figure]
    verb = verbs[len(ones) > 1]
    at = {name: [s for s, found in zip(wanted, status, strict=True) if found == name] for name in dict.fromkeys(status)}
    if not {"more", "less", "unclear"} & set(at):
        missing = set(status) == {"missing"}
        text = "There is no run yet" if missing else "There are too few runs yet"
        return f"{text} to compare {listed(ones)} with {listed(others)}."
    out = []
    if "more" in at or "less" in at:
        first, second = (more, less) if "more" in at else (less, None)
        text = f"{listed(ones)} {verb} {first} than {listed(others)} {where(at['more' if second else 'less'], wanted)}"
        out.append(text + (f", and {second} {where(at['less'], wanted)}" if second and "less" in at else ""))
        between = ""
    else:
        of = "" if figure == "last" else f" in {NAMES[figure]}"
        between = f"{of} between {listed(ones)} and {listed(others)}"
    if "unclear" in at:
        places = where(at["unclear"], wanted).replace("every", "any")
        out.append(f"no difference{between} is clear {places}")
    return f"{capital('; '.join(out))}."


def capital(text):
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]
