"""``python -m hybrid_pyserini``."""

from hybrid_pyserini.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
