"""The only code that touches the machine, one file per thing touched; thin, and without policy."""
