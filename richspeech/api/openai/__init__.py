"""OpenAI's REST protocol: recordings → transcripts, as its clients ask for them."""
