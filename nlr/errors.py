"""The one kind of error that a user of nlr meets for bad input."""

import difflib


class NlrError(ValueError):
    """Bad input or damaged data: one sentence that names the value, what was expected and how to mend it."""

    def _render_traceback_(self):
        # IPython asks the exception itself; a notebook then shows the sentence instead of forty lines of stack.
        return [f"{type(self).__name__}: {self}"]


class NoRecords(NlrError):
    """Nothing is wrong, but no run that was asked for has a record yet; the book then shows a page that says so."""


def unknown(kind, value, known):
    """The error for a name that is not among the known ones; suggests the nearest."""
    known = [str(k) for k in known]
    near = difflib.get_close_matches(str(value), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return NlrError(f"Unknown {kind} {value!r}.{hint} Known: {', '.join(known)}.")
