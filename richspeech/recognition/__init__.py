"""From audio to hypotheses: utterances, pipeline, scheduler, live."""
