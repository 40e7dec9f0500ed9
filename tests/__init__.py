"""The tests; a package, so that the lab, the demo and the benchmarks can be run with ``python -m``."""
