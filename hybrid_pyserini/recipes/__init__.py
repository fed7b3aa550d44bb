"""Whole experiments in one file: read, checked, resolved into command lines, run, and held against what is expected."""
