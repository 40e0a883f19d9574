"""What the words say, beside how they sound: sentiment, and where the two disagree."""
