"""The next 24 hours of a region's load, with a band: numpy and nothing else.

`hours` holds series and calendar, `features` what is known at an origin, `outlook` the forecast,
`scores` how forecasts are judged. `docs/forecast.md` says how and how well.
"""
