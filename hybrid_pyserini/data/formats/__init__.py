"""Layouts of published files that several readers read, and the data sets made of them."""
