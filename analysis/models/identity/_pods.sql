-- One life of one pod, with what its last known version says.
select
    uid as pod_uid,
    namespace,
    name,
    first_seq,
    first_observed_at,
    first_type,
    first_position,
    from_position,
    to_position,
    created_at,
    deletion_requested_at,
    ended_seq,
    ended_at,
    ended_by,
    scheduled_position,
    done_position,
    phase,
    node,
    pod_volumes,
    owner_kind,
    owner_name,
    owner_uid
from _lives
where kind = 'Pod'
