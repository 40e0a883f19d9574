"""What engines share: doors to heavy packages, features, voice activity, punctuation."""
