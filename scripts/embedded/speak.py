"""Speak what other synthesisers say: ``python -m scripts.embedded.speak frozen`` or ``natural``.

It runs in an environment of its own (requirements-frozen.txt) and goes on where it was interrupted.
"""

import argparse
import logging
from multiprocessing import Pool

from scripts.embedded import dataset, frozen, natural, synthesisers
from scripts.embedded.corpus import Sentence

log = logging.getLogger(__name__)


def _speak(said: tuple[str, Sentence]) -> None:
    natural.speak(*said)


def speak_natural(processes: int) -> None:
    """Speak the natural voices of training."""
    jobs = dataset.compose(dataset.TRAIN, dataset.held_out_sentences())
    said = {(j.natural, j.sentence): None for j in jobs if j.natural and j.sentence}
    missing = [(voice, s) for voice, s in said if voice and not natural.path(voice, s).exists()]
    with Pool(processes) as pool:
        for count, _ in enumerate(pool.imap_unordered(_speak, missing), 1):
            if count % 50 == 0:
                log.info("%d of %d", count, len(missing))


def main() -> None:
    """Speak one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("frozen", "natural"))
    parser.add_argument("--processes", type=int, default=2, help="of the natural voices")
    parser.add_argument(
        "--synthesisers", nargs="+", default=[*synthesisers.SPEAKERS], help="of the frozen test"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.what == "frozen":
        log.info("%d new takes", frozen.speak(arguments.synthesisers))
    else:
        speak_natural(arguments.processes)


if __name__ == "__main__":
    main()
