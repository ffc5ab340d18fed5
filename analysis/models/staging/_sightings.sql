-- One version of an object in which a milestone is first seen, and the stamp in it that dates the change, if it has
-- one. `seq` is that version's, `first_seq` that of the object's first. `is_report`: it tells of what happened
-- elsewhere before.
from _sightings_claims
union all by name
from _sightings_consumers
union all by name
from _sightings_pvs
union all by name
from _sightings_attachments
union all by name
from _sightings_nodes
union all by name
from _sightings_pods
union all by name
from _sightings_expansions
union all by name
from _sightings_snapshots
union all by name
from _sightings_modifications
union all by name
from _sightings_registrations
