"""What a transcript amounts to: shares and rates, highlights, risk, and the marks they leave."""
