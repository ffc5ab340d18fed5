-- One signal of one milestone: when it says that it happened (`told_at`, null where it only gives bounds), between what
-- bounds (`earliest`, null where nothing is known; `latest`), by which clock and source, and the row that it was read
-- from. Instants are on the recorder's clock. `rank` 1 is the best.
from _signals_sightings
union all by name
from _signals_events
union all by name
from _signals_node_steps
union all by name
from _signals_operations
