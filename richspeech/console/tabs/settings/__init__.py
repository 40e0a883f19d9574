"""The tab of the settings: a form beside config.yaml, which says the same."""
