"""Who asks, and what they may do: accounts, API keys, their limits, links to transcripts."""
