"""Parallel examples -> batches -> loss -> checkpoint. ``batching`` is the project's idea."""
