"""The judge, which decides and records, and the hands, which hold the privileges."""
