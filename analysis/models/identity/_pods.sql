-- One life of one pod, with what its last known version says.
with turns as (
    select
        uid,
        min(coalesce(revision, seq)) filter (node is not null) as scheduled_revision,
        -- The attach/detach controller and the kubelet let go of the volumes of a pod that has run to its end
        -- (`pkg/volume/util/util.go`, IsPodTerminated).
        min(coalesce(revision, seq)) filter (type = 'DELETED' or phase in ('Succeeded', 'Failed')) as done_revision
    from objects
    where kind = 'Pod'
    group by uid
)

select
    lives.uid as pod_uid,
    lives.namespace,
    lives.name,
    lives.first_seq,
    lives.first_observed_at,
    lives.first_type,
    lives.first_position,
    lives.from_position,
    lives.to_position,
    lives.created_at,
    lives.deletion_requested_at,
    lives.ended_seq,
    lives.ended_at,
    lives.ended_by,
    -- Position of the first version that names its node; null while it has none.
    lives.first_position + (turns.scheduled_revision - lives.first_revision) as scheduled_position,
    -- Position from which it needs its volumes no longer: it has run to its end, or is gone.
    lives.first_position + (turns.done_revision - lives.first_revision) as done_position,
    objects.phase,
    objects.node,
    objects.pod_volumes,
    objects.owner_kind,
    objects.owner_name,
    objects.owner_uid
from _lives as lives
join turns on turns.uid = lives.uid
join objects on objects.seq = lives.known_seq
where lives.kind = 'Pod' and objects.kind = 'Pod'
