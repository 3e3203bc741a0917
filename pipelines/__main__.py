"""`python -m pipelines` is `parity`."""

from pipelines.cli import main

main()
