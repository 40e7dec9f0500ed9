"""The crash campaign and the soak: ``make campaign``, results in ``build/campaign.jsonl``."""
