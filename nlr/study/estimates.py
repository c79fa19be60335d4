"""How long training takes, from what was timed: durations as people write them, seconds an epoch, time that is left."""

import re
import statistics

from nlr.errors import NlrError
from nlr.study import records

UNITS = 3600, 60, 1  # an hour, a minute, a second


def parse_duration(text):
    """Seconds of a duration such as ``9m``, ``90s``, ``1h30m`` or ``540``.

    Raises:
        NlrError: it is none, or not above zero.
    """
    number = r"(?:(\d+(?:\.\d+)?)"
    match = re.fullmatch(rf"{number}h)?{number}m)?{number}s?)?", str(text).strip())
    parts = match.groups(default="0") if match else ()
    seconds = sum(float(part) * unit for part, unit in zip(parts, UNITS, strict=False))
    if seconds <= 0:
        raise NlrError(f"Duration {text!r}; expected hours, minutes or seconds, for example 1h30m, 9m or 540s.")
    return seconds


def in_words(seconds):
    """A duration to two units: ``2 h 5 min``, ``3 min 20 s``, ``12 s``."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


class Pace:
    """How fast a protocol is trained here: by the epochs timed so far, else by records of the same protocol and kind
    of device.

    Attributes:
        seconds: of an epoch, or None where nothing is known.
        source: in words, on what the number rests.
    """

    def __init__(self, found, protocol, device_type):
        """Start from records; those of other protocols and devices are passed over."""
        alike = [
            record["facts"]["wall_seconds"] / record["config"]["training"]["epochs"]
            for record in found
            if record["config"]["protocol"] == protocol and record["facts"]["device_type"] == device_type
        ]
        self._timed, self._provisional = [], False
        self.seconds = statistics.median(alike) if alike else None
        self.source = f"from {len(alike)} records of {protocol} on {device_type}" if alike else "nothing timed yet"

    def note(self, seconds, first=False):
        """Count an epoch that was timed in this call.

        Args:
            seconds: that it took.
            first: whether what goes before a run was timed with it; it then counts only where nothing else is known.
        """
        if first and self.seconds is not None:
            return
        if self._provisional:
            self._timed.clear()
        self._provisional = first
        self._timed.append(seconds)
        self.seconds = statistics.median(self._timed)
        self.source = f"from {len(self._timed)} epochs timed in this call"


class Paces:
    """A :class:`Pace` for each protocol, found when it is asked for.

    Args:
        device_type: ``cpu`` or ``cuda``.
        stores: folders of records to start from.
    """

    def __init__(self, device_type, *stores):
        self.device_type, self.stores, self._found = device_type, stores, {}

    def of(self, protocol):
        """The pace of a protocol, always the same object."""
        if protocol not in self._found:
            self._found[protocol] = Pace(records_of(protocol, *self.stores), protocol, self.device_type)
        return self._found[protocol]

    def left(self, epochs):
        """How long some epochs take one after the other, and on what that rests.

        Args:
            epochs: how many, by protocol.

        Returns:
            ``(seconds, source)``; seconds are None where nothing was timed of one of the protocols.
        """
        paces = {protocol: self.of(protocol) for protocol in epochs}
        source = ", ".join(dict.fromkeys(pace.source for pace in paces.values()))
        if any(pace.seconds is None for pace in paces.values()):
            return None, "nothing timed yet" if len(paces) == 1 else "not every protocol was timed yet"
        return sum(number * paces[protocol].seconds for protocol, number in epochs.items()), source


def records_of(protocol, *stores):
    """The readable records of a protocol in some stores; what is damaged is left to
    :func:`nlr.evidence.progress.status`."""
    found = []
    for store in stores:
        for path in records.walk(store, protocol):
            try:
                found.append(records.read(path, store))
            except NlrError:
                continue
    return found
