"""Evaluations of several systems -> differences with intervals and tests, on one data set and from one to others."""
