"""Queries and indexes -> runs, and ranks in the pool."""
