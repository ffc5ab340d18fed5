-- One stretch of time in which a volume was mounted on a node for a pod, or in use there, as the logs of the node tell
-- it, or, where those are not there, as far as it follows from what objects say.
with told as (
    select
        use_id,
        milestone,
        -- Of several times the first that it came, and the last that it went.
        if(milestone in ('unpublished', 'unstaged'), -occurrence, occurrence) as turn,
        coalesce(happened_at, latest) as told_at,
        earliest is not null as is_seen,
        evidence as seq,
        source
    from milestones
    where use_id is not null
        and milestone in ('staged', 'published', 'unpublished', 'unstaged', 'containers_started', 'pod_gone')
),

steps as (
    select
        use_id,
        milestone,
        arg_min({told_at: told_at, is_seen: is_seen, seq: seq, source: source}, turn) as came
    from told
    where told_at is not null
    group by use_id, milestone
),

lives as (
    select
        use_id,
        any_value(came) filter (milestone = 'staged') as staged,
        any_value(came) filter (milestone = 'unstaged') as unstaged,
        any_value(came) filter (milestone = 'published') as published,
        any_value(came) filter (milestone = 'unpublished') as unpublished,
        any_value(came) filter (milestone = 'containers_started') as started,
        any_value(came) filter (milestone = 'pod_gone') as gone
    from steps
    group by use_id
),

mounts as (
    select 'staged' as standing, use_id, staged as came, unstaged as went, staged.source as source, false as inferred
    from lives
    where staged is not null
    union all
    -- Containers start once all volumes are mounted (`pkg/kubelet/kubelet.go`, SyncPod), and the kubelet lets the pod's
    -- object go once they are unmounted (SyncTerminatedPod).
    select
        'published',
        use_id,
        coalesce(published, started),
        coalesce(unpublished, gone),
        coalesce(published, started).source,
        published is null or (unpublished is null and gone is not null)
    from lives
    where published is not null or started is not null
),

of_uses as (
    select
        uses.node,
        uses.volume_id,
        uses.unique_name,
        mounts.use_id,
        mounts.standing,
        mounts.source,
        mounts.inferred,
        came.told_at as valid_from,
        went.told_at as valid_to,
        came.is_seen as since_known,
        came.seq as seq_from,
        went.seq as seq_to
    from mounts
    join uses using (use_id)
    where went.told_at is null or went.told_at > came.told_at
),

named as (
    select unique_name, volume_id, first_seq
    from _volumes
    where unique_name is not null
),

in_use as (
    select
        _node_lists.node,
        named.volume_id,
        _node_lists.unique_name,
        null as use_id,
        'in use' as standing,
        'Node status.volumesInUse' as source,
        false as inferred,
        _node_lists.* exclude (list, node, unique_name)
    from _node_lists
    asof left join named on named.unique_name = _node_lists.unique_name and _node_lists.seq_from >= named.first_seq
    where _node_lists.list = 'volumesInUse'
)

select
    -- The node.
    node,
    -- The volume; null where its PersistentVolume is not in the trace.
    volume_id,
    -- How the kubelet calls it; null where that is not known.
    unique_name,
    -- The use that it is mounted for; of `staged` the one that caused it. Null for `in use`.
    use_id,
    -- `staged` (mounted once for the node), `published` (mounted for the pod), or `in use`: the kubelet reports that it
    -- may be mounted, and must not be detached.
    standing,
    -- The signal that it was read from.
    source,
    -- Whether no log tells of its beginning or of its end, so that it follows from the pod's: it was mounted before its
    -- containers started, and unmounted before it was gone.
    inferred,
    -- From when on, on the recorder's clock.
    valid_from,
    -- Until when, exclusive; null while nothing tells of its end.
    valid_to,
    -- Whether the beginning was seen; if not it had been so before.
    since_known,
    -- Row of the trace that began it.
    seq_from,
    -- Row of the trace that ended it; null while nothing does.
    seq_to
from of_uses
union all by name
from in_use
