"""Figures -> what people read."""
