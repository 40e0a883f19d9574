"""What is done to segments after they were heard, one file a stage."""
