"""What the records say: frames of them, statistics, comparisons, the claims with their tests, and verdicts as data.

What others print, in papers and in the five reports, is here too, for records are set beside it. Nothing here trains or
draws; a picture, a badge or a sentence of a page belongs to :mod:`nlr.book`.
"""
