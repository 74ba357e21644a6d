"""The scenario that demo and `tieout simulate` tell: when the company's history begins and how long it is."""

from datetime import date

START = date(2025, 1, 1)
MONTHS = 14
