"""What a transcript amounts to: insight, highlights, risk, and files made of them."""
