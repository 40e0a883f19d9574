"""The tab of the emotion recogniser."""
