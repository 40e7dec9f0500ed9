"""The HTML report: one page that needs nothing else, and verifies the records that it carries."""
