"""What flows between the stages: frozen data, no input or output."""
