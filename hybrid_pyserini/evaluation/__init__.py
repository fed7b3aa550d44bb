"""Runs and qrels -> figures."""
