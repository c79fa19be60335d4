"""What the pages show: their figures, tables and sentences, the places that links lead to, and the reports' own pages.

Numbers come from :mod:`nlr.evidence` and are not computed here. What only the pages of theory need belongs to
:mod:`nlr.theory`; how pages become a site is the business of the pipeline.
"""
