"""Sound and pictures for people: players, waveforms, clips and films."""
