"""Evaluations of several systems -> differences, with intervals and tests."""
