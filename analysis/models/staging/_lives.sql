-- One life of one API object that volumes are made of, from the first row with its uid to its end, with what its last
-- known version says; its name means it only in between. Lives are told apart and ordered by what the server says (uid,
-- revision), never by when streams were heard: how rows of different streams arrive among each other changes nothing. A
-- `position` is a revision, raised by the restores of the cluster before it (notes `rewound`), because a restored
-- server counts on from a lower one.
with lives as (
    select
        kind,
        uid,
        any_value(namespace) as namespace,
        any_value(name) as name,
        arg_min(stream, seq) as stream,
        min(seq) as first_seq,
        min(observed_at) as first_observed_at,
        arg_min(type, seq) as first_type,
        arg_min(coalesce(revision, seq), seq) as first_revision,
        arg_max(coalesce(revision, seq), seq) as last_revision,
        min(coalesce(revision, seq)) filter (deletion_requested_at is not null) as deletion_revision,
        min(coalesce(revision, seq)) filter (kind = 'Pod' and node is not null) as scheduled_revision,
        -- The attach/detach controller and the kubelet let go of the volumes of a pod that has run to its end
        -- (`pkg/volume/util/util.go`, IsPodTerminated).
        min(coalesce(revision, seq))
            filter (kind = 'Pod' and (type = 'DELETED' or phase in ('Succeeded', 'Failed'))) as done_revision,
        max(seq) filter (type != 'VANISHED') as known_seq,
        min(created_at) as created_at,
        max(deletion_requested_at) as deletion_requested_at,
        max(seq) as last_seq,
        max(observed_at) as last_observed_at,
        arg_max(type, seq) as last_type
    from objects
    where uid is not null
        and kind in (
            'PersistentVolume',
            'PersistentVolumeClaim',
            'Pod',
            'VolumeAttachment',
            'VolumeSnapshot',
            'VolumeSnapshotContent'
        )
    group by kind, uid
),

rewinds as (
    select stream, seq, row_number() over (partition by stream order by seq) as histories
    from streams
    where what = 'rewound'
),

-- How many restores lie before a life. A stream that tells of none had nothing to go back from: others tell for it.
restored as (
    select lives.kind, lives.uid, max(rewinds.histories) as histories
    from lives
    join rewinds
        on rewinds.seq < lives.first_seq
        and (rewinds.stream = lives.stream or lives.stream not in (select stream from rewinds))
    group by lives.kind, lives.uid
),

positioned as (
    select
        lives.*,
        last_type in ('DELETED', 'VANISHED') as is_over,
        -- 2^44 revisions: a write each microsecond for half a year.
        (coalesce(restored.histories, 0) << 44) + first_revision as first_position,
        first_position + (last_revision - first_revision) as last_position
    from lives
    left join restored on restored.kind = lives.kind and restored.uid = lives.uid
),

named as (
    select
        *,
        if(first_type = 'ADDED', first_position, coalesce(lag(last_position) over names, 0)) as from_position,
        if(last_type = 'DELETED' or lead(uid) over names is not null, last_position, null) as to_position
    from positioned
    window names as (partition by kind, namespace, name order by first_position)
)

select
    named.kind,
    named.uid,
    named.namespace,
    named.name,
    named.first_seq,
    named.first_observed_at,
    -- LISTED: what came before is unknown.
    named.first_type,
    -- Row with the last version that is known: VANISHED has none.
    named.known_seq,
    named.created_at,
    named.deletion_requested_at,
    if(named.is_over, named.last_seq, null) as ended_seq,
    if(named.is_over, named.last_observed_at, null) as ended_at,
    if(named.is_over, named.last_type, null) as ended_by,
    named.first_position,
    named.first_position + (named.deletion_revision - named.first_revision) as deletion_position,
    -- Of a pod: the first version that names its node; null while it has none.
    named.first_position + (named.scheduled_revision - named.first_revision) as scheduled_position,
    -- Of a pod: from here it needs its volumes no longer, as it has run to its end or is gone.
    named.first_position + (named.done_revision - named.first_revision) as done_position,
    -- From here the name means this object: its creation, or where that was not seen the end of its predecessor.
    named.from_position,
    -- Up to here, exclusive; null while it does.
    named.to_position,
    -- What the last known version says.
    objects.phase,
    objects.storage_class,
    objects.attributes_class,
    objects.volume_name,
    objects.provisioner,
    objects.requested_bytes,
    objects.capacity_bytes,
    objects.volume_mode,
    objects.access_modes,
    objects.reclaim_policy,
    objects.claim_namespace,
    objects.claim_name,
    objects.claim_uid,
    objects.driver,
    objects.volume_handle,
    objects.volume_plugin,
    objects.in_tree_id,
    objects.migrated_to,
    objects.zone,
    objects.node,
    objects.attached,
    objects.attach_error,
    objects.detach_error,
    objects.data_source_kind,
    objects.data_source_namespace,
    objects.data_source_name,
    objects.pod_volumes,
    objects.owner_kind,
    objects.owner_name,
    objects.owner_uid
from named
join objects on objects.seq = named.known_seq
