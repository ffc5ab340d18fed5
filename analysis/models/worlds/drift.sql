-- One stretch of time in which what should have been attached or mounted was not, or the reverse, and in which it was
-- one party's turn to act. What was not watched is not held against anything: a stretch ends where a gap begins.
with attached_volumes as (
    select *, coalesce(volume_id, unique_name, attachment_uid) as volume
    from attach_actual
),

-- What a kubelet waits for before it mounts a volume: the attachment of that volume to its node.
mount_attachments as (
    select wanted.use_id, attached_volumes.*
    from (select distinct use_id, node, volume_id from mount_desired) as wanted
    join attached_volumes on attached_volumes.node = wanted.node and attached_volumes.volume_id = wanted.volume_id
),

-- Everything that was so for a time, as what it adds at its beginning and takes away at its end.
spans as (
    select
        'attach' as world,
        node,
        volume_id as volume,
        null as use_id,
        valid_from,
        valid_to,
        seq_from,
        seq_to,
        1 as wanted
    from attach_desired
    union all by name
    select
        'attach' as world,
        node,
        volume,
        valid_from,
        valid_to,
        seq_from,
        seq_to,
        (standing != 'none')::int as has_attachment,
        attached::int as attached,
        (standing = 'detaching')::int as detaching,
        listed::int as listed
    from attached_volumes
    union all by name
    select
        'attach' as world,
        node,
        coalesce(volume_id, unique_name) as volume,
        valid_from,
        valid_to,
        seq_from,
        seq_to,
        1 as in_use
    from mount_actual
    where standing = 'in use'
    union all by name
    select 'mount' as world, node, volume_id as volume, use_id, valid_from, valid_to, seq_from, seq_to, 1 as wanted
    from mount_desired
    union all by name
    select
        'mount' as world,
        node,
        volume_id as volume,
        use_id,
        valid_from,
        valid_to,
        seq_from,
        seq_to,
        1 as mounted,
        inferred::int as inferred
    from mount_actual
    where standing = 'published'
    union all by name
    select
        'mount' as world,
        node,
        volume,
        use_id,
        valid_from,
        valid_to,
        seq_from,
        seq_to,
        (standing != 'none')::int as has_attachment,
        attached::int as attached,
        (standing = 'detaching')::int as detaching,
        listed::int as listed
    from mount_attachments
),

edges as (
    select * exclude (valid_from, valid_to, seq_from, seq_to), valid_from as at_instant, seq_from as seq, 1 as sign
    from spans
    union all
    select * exclude (valid_from, valid_to, seq_from, seq_to), valid_to, seq_to, -1
    from spans
    where valid_to is not null
),

steps as (
    select
        world,
        node,
        volume,
        use_id,
        at_instant,
        max(seq) as seq,
        coalesce(sum(wanted * sign), 0) as wanted,
        coalesce(sum(has_attachment * sign), 0) as has_attachment,
        coalesce(sum(attached * sign), 0) as attached,
        coalesce(sum(detaching * sign), 0) as detaching,
        coalesce(sum(listed * sign), 0) as listed,
        coalesce(sum(in_use * sign), 0) as in_use,
        coalesce(sum(mounted * sign), 0) as mounted,
        coalesce(sum(inferred * sign), 0) as inferred
    from edges
    group by world, node, volume, use_id, at_instant
),

states as (
    select
        world,
        node,
        volume,
        use_id,
        at_instant,
        seq,
        sum(wanted) over up_to_here > 0 as wanted,
        sum(has_attachment) over up_to_here > 0 as has_attachment,
        sum(attached) over up_to_here > 0 as attached,
        sum(detaching) over up_to_here > 0 as detaching,
        sum(listed) over up_to_here > 0 as listed,
        sum(in_use) over up_to_here > 0 as in_use,
        sum(mounted) over up_to_here > 0 as mounted,
        sum(inferred) over up_to_here > 0 as inferred
    from steps
    window up_to_here as (partition by world, node, volume, use_id order by at_instant)
),

sources as (
    select coalesce(bool_or(source = 'nodes'), false) as has_nodes
    from _watched
),

-- Where nobody watched Nodes, an attachment's own status has to do.
compared as (
    select
        states.* exclude (listed),
        states.listed or (states.attached and not sources.has_nodes) as listed,
        case
            when world = 'attach' and wanted and not (states.listed or not sources.has_nodes) then 'missing'
            when world = 'attach' and wanted and has_attachment and not attached then 'missing'
            when world = 'attach' and wanted and not has_attachment and not states.listed then 'missing'
            when world = 'attach' and not wanted and (has_attachment or states.listed) then 'left over'
            when world = 'mount' and wanted and not mounted then 'missing'
            when world = 'mount' and not wanted and mounted and not inferred then 'left over'
        end as kind,
        _attachable_volumes.volume_id is not null as is_attachable
    from states
    cross join sources
    left join _attachable_volumes on _attachable_volumes.volume_id = states.volume
),

-- Who must act next: FAILURES, "Cross-cutting rules".
turned as (
    select
        *,
        case
            when kind = 'missing' and is_attachable and has_attachment and (detaching or not attached) then 'attacher'
            when kind = 'missing' and is_attachable and not listed then 'A/D controller'
            when kind = 'missing' then 'kubelet'
            when kind = 'left over' and world = 'mount' then 'kubelet'
            when kind = 'left over' and in_use then 'kubelet'
            when kind = 'left over' and detaching then 'attacher'
            when kind = 'left over' then 'A/D controller'
        end as turn
    from compared
),

changes as (
    select
        *,
        kind is distinct from lag(kind) over subject as begins
    from turned
    window subject as (partition by world, node, volume, use_id order by at_instant)
    qualify begins or turn is distinct from lag(turn) over subject
),

stretches as (
    select
        world,
        node,
        volume,
        use_id,
        kind,
        turn,
        is_attachable,
        at_instant as from_at,
        lead(at_instant) over subject as to_at,
        last_value(if(begins, at_instant, null) ignore nulls) over up_to_here as since,
        seq as seq_from,
        lead(seq) over subject as seq_to
    from changes
    window
        subject as (partition by world, node, volume, use_id order by at_instant),
        up_to_here as (partition by world, node, volume, use_id order by at_instant rows unbounded preceding)
    qualify kind is not null
),

-- Only while both sides of it were watched.
known as (
    select
        stretches.* replace (
            greatest(stretches.from_at, _drift_known.begins_at) as from_at,
            least(stretches.to_at, _drift_known.ends_at) as to_at,
            greatest(stretches.since, _drift_known.begins_at) as since
        ),
        stretches.since >= _drift_known.begins_at as since_known,
        if(_drift_known.ends_at < stretches.to_at, null, stretches.seq_to) as evidence_to
    from stretches
    join _drift_known
        on _drift_known.scope = if(stretches.kind = 'missing', 'namespaces', 'cluster')
        and (_drift_known.ends_at is null or stretches.from_at < _drift_known.ends_at)
        and (stretches.to_at is null or stretches.to_at > _drift_known.begins_at)
),

-- The last pod that wanted it there.
wanting as (
    select node, volume_id as volume, valid_from, use_id
    from attach_desired
),

whose as (
    select
        known.* exclude (use_id),
        coalesce(known.use_id, wanting.use_id) as use_id
    from known
    asof left join wanting
        on wanting.node = known.node
        and wanting.volume = known.volume
        and known.from_at >= wanting.valid_from
),

errors as (
    select
        whose.world,
        whose.seq_from,
        whose.use_id,
        whose.from_at,
        arg_max(_tries.error, _tries.tried_at) as last_error
    from whose
    join _tries
        on _tries.id = whose.use_id
        and _tries.error is not null
        and _tries.chain = if(whose.kind = 'missing', 'pod', 'pod_end')
        and _tries.tried_at >= whose.since
        and (whose.to_at is null or _tries.tried_at < whose.to_at)
    group by all
),

-- Whose kubelet's log was followed when it began.
logged as (
    select distinct whose.node, whose.from_at
    from whose
    join _watched
        on _watched.source = 'kubelet'
        and _watched.place = whose.node
        and _watched.begins_at <= whose.from_at
        and _watched.ends_at >= whose.from_at
)

select
    -- `attach` (the attach/detach controller's world) or `mount` (a kubelet's).
    whose.world,
    -- The node.
    whose.node,
    -- The volume; where its PersistentVolume is not in the trace, what the controllers call it.
    whose.volume as volume_id,
    -- The use that wants it, or the last that did; null where the trace shows none.
    whose.use_id,
    -- `missing`: it should be and is not. `left over`: it is and should not be.
    whose.kind,
    -- Since when the two have differed, on the recorder's clock, whoever's turn it was.
    whose.since,
    -- Whether that beginning was seen; if not they had differed before, or while nobody watched.
    whose.since_known,
    -- From when on it was this one's turn.
    whose.from_at,
    -- Until when, exclusive; null while it still is.
    whose.to_at,
    -- Who must act next: `A/D controller`, `attacher`, `kubelet`.
    whose.turn,
    -- The last error that was told in between; null where none was.
    errors.last_error as why,
    -- Whether it was seen. If not, it follows from the pod's containers, as no kubelet's log tells of the mount.
    whose.world = 'attach' or whose.kind = 'left over' or logged.node is not null as certain,
    -- Row of the trace that began it.
    whose.seq_from as evidence_from,
    -- Row of the trace that ended it; null while it goes on, and where a gap cut it off.
    whose.evidence_to
from whose
left join errors
    on errors.world = whose.world
    and errors.seq_from = whose.seq_from
    and errors.use_id = whose.use_id
    and errors.from_at = whose.from_at
left join logged on logged.node = whose.node and logged.from_at = whose.from_at
