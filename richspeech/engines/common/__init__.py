"""What engines share: imports of heavy packages, features, voice activity, punctuation."""
