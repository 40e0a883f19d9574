"""The WebSocket protocol of funasr's runtime, for the clients that it has."""
