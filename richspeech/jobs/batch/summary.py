"""What the command line's batch says of all its recordings in one table."""

import json
from collections.abc import Iterator, Mapping, Sequence

from richspeech.errors import OptionError
from richspeech.jobs.batch.results import JSON, Results
from richspeech.jobs.batch.rows import BatchRow
from richspeech.jobs.batch.sources import Item
from richspeech.model.job_state import State
from richspeech.model.transcript import Transcript
from richspeech.review.overview import overview_of
from richspeech.review.overview_table import TABLES, TableRow
from richspeech.settings import RiskSettings
from richspeech.storage.atomic import write_atomically

NAME = "summary"


def write_tables(
    forms: Sequence[str],
    items: Sequence[Item],
    rows: Sequence[BatchRow],
    results: Results,
    risk: RiskSettings,
) -> None:
    """Write a table of all ``items`` in each form beside their results; ``rows`` are of this run.

    Raises ``OSError`` when the disk cannot take it.
    """
    if not forms:
        return
    table = [*_table(items, {row.name: row for row in rows}, results, risk)]
    for form in forms:
        path = results.folder / f"{NAME}.{form}"
        write_atomically(path, TABLES[form](table, results.look.locale))


def _table(
    items: Sequence[Item], rows: Mapping[str, BatchRow], results: Results, risk: RiskSettings
) -> Iterator[TableRow]:
    for item in items:
        row = rows.get(item.name)
        if row is not None and row.state is not State.FINISHED:
            error = row.error.sentence(results.look.locale) if row.error else ""
            yield TableRow(item.name, row.state.value, error=error)
            continue
        try:
            document = json.loads(results.path(item, JSON).read_text(encoding="utf-8"))
            overview = overview_of(Transcript.from_dict(document), risk)
        except (OptionError, OSError, ValueError):
            overview = None  # somebody has changed or removed it meanwhile
        yield TableRow(item.name, State.FINISHED.value, overview)
