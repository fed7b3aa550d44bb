"""Passages -> vectors -> dense indexes."""
