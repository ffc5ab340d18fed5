-- One life of one API object that volumes are made of: from the first row with its uid to its end. Its name means it
-- only in between. Lives are told apart and ordered by what the server says (uid, revision), never by when streams were
-- heard: how rows of different streams arrive among each other changes nothing. A `position` is a revision, raised by
-- the restores of the cluster before it (notes `rewound`), because a restored server counts on from a lower one.
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
        -- 2^44 revisions: a write each microsecond for half a year.
        (coalesce(restored.histories, 0) << 44) + first_revision as first_position,
        first_position + (last_revision - first_revision) as last_position
    from lives
    left join restored on restored.kind = lives.kind and restored.uid = lives.uid
)

select
    kind,
    uid,
    namespace,
    name,
    first_seq,
    first_observed_at,
    -- LISTED: what came before is unknown.
    first_type,
    first_position,
    -- Row with the last version that is known: VANISHED has none.
    known_seq,
    created_at,
    deletion_requested_at,
    first_position + (deletion_revision - first_revision) as deletion_position,
    if(last_type in ('DELETED', 'VANISHED'), last_seq, null) as ended_seq,
    if(last_type in ('DELETED', 'VANISHED'), last_observed_at, null) as ended_at,
    if(last_type in ('DELETED', 'VANISHED'), last_type, null) as ended_by,
    first_revision,
    -- From here the name means this object: its creation, or where that was not seen the end of its predecessor.
    if(first_type = 'ADDED', first_position, coalesce(lag(last_position) over names, 0)) as from_position,
    -- Up to here, exclusive; null while it does.
    if(
        last_type = 'DELETED' or lead(uid) over names is not null, last_position, null
    ) as to_position
from positioned
window names as (partition by kind, namespace, name order by first_position)
