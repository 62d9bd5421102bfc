"""Tests of the forecast's calculation; the database's part is in test_forecasting.py."""
