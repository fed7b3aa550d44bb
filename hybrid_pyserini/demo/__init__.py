"""The demo: facts that CLDR knows, as questions and passages in eleven languages; a first run without a download."""
