"""Validation and estimation of intervals: what is judged, by which limits, and what fills a gap.

Pure: values in, values out. Energies are milliwatt-hours of one interval; unknown is None.
"""
