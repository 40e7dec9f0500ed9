"""The lab proves itself before it is believed about the product."""
