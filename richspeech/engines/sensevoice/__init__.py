"""SenseVoiceSmall: features, encoder, decoding; ``engine.SenseVoice`` puts them together."""
