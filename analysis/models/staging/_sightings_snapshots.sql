-- One version of a VolumeSnapshot or its content in which a milestone of a snapshot is first seen.
with ready as (
    select uid as snapshot_uid, min(seq) as ready_seq
    from objects
    where kind = 'VolumeSnapshot' and snapshot_ready
    group by uid
),

-- The handle says that the driver has cut it; when, only the driver's clock knows.
cut as (
    select snapshot_uid, min(seq) as cut_seq
    from objects
    where kind = 'VolumeSnapshotContent' and snapshot_handle is not null
    group by snapshot_uid
),

sightings as (
    select
        snapshot_uid,
        first_seq,
        'snapshot_asked' as milestone,
        first_seq as seq,
        'VolumeSnapshot new' as source,
        created_at as stamped_at,
        'VolumeSnapshot metadata.creationTimestamp' as stamp_source
    from _volume_snapshots
    union all by name
    select
        snapshot_uid,
        cut_seq as first_seq,
        'snapshot_cut' as milestone,
        cut_seq as seq,
        'VolumeSnapshotContent status.snapshotHandle' as source,
        true as is_report
    from cut
    union all by name
    select
        snapshot_uid,
        first_seq,
        'snapshot_ready' as milestone,
        ready_seq as seq,
        'VolumeSnapshot status.readyToUse' as source
    from _volume_snapshots
    join ready using (snapshot_uid)
    union all by name
    select
        snapshot_uid,
        first_seq,
        'snapshot_deleted' as milestone,
        ended_seq as seq,
        'VolumeSnapshot deletion' as source
    from _volume_snapshots
)

select
    milestone,
    volume_id,
    null::varchar as use_id,
    null::varchar as attachment_uid,
    occurrence,
    seq,
    sightings.first_seq,
    sightings.source,
    is_report,
    sightings.stamped_at,
    'server' as stamp_clock,
    sightings.stamp_source
from sightings
join _volume_snapshots using (snapshot_uid)
where seq is not null
