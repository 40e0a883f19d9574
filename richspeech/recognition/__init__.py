"""From sound to what was heard: utterances, the pipeline, the scheduler, live."""
