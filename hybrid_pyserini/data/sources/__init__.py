"""Training sources: parallel examples, a line each, and what is published as something else."""
