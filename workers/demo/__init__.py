"""The demo: a grid that never was, and a launcher that runs all of SEGS on one machine."""
