-- One version of one API object, for as long as it was the newest that the server had told. A Node's heartbeat starts no
-- version, DELETED and VANISHED end one; what a list shows unchanged starts none.
with observations as (
    select
        objects.*,
        lag(resource_version) over object_history as resource_version_before
    from objects
    window object_history as (partition by stream, uid, namespace, name order by seq)
),

changes as (
    select *
    from observations
    where type in ('DELETED', 'VANISHED')
        or (
            object is not null
            and (
                type != 'LISTED'
                or resource_version is null
                or resource_version is distinct from resource_version_before
            )
        )
)

select
    changes.* exclude (observed_at, resource_version_before),
    -- When this version arrived at the recorder. For type LISTED it had been so before, since when is unknown.
    observed_at as valid_from,
    -- When the next version, or the notice of the end, arrived; null while nothing newer is known.
    lead(observed_at) over object_history as valid_to,
    -- Type of the observation that ended it: MODIFIED, DELETED, VANISHED, ...; null while nothing newer is known.
    lead(type) over object_history as ended_by
from changes
window object_history as (partition by stream, uid, namespace, name order by seq)
qualify type not in ('DELETED', 'VANISHED')
