-- title: the snapshot is missing, does not become ready, or does not go
-- step: snapshot
-- severity: warning
-- sentence: The snapshot {snapshot} {what}: {error}
-- symptom: readyToUse stays false, with an error in the status of the snapshot or its content; or the snapshot stays
--   Terminating, with SnapshotDeletePending or SnapshotDeleteError; a claim made from it stays Pending.
-- cause: The class, its secret, the source claim or the driver; a slow upload; no snapshot-controller; a claim that
--   is being restored from it.
-- advice: Mend what the error names. A delete that waits for a restore goes on when that claim is bound, or gone.
-- look-alikes: An error stays in the status until the snapshot is ready; without one, and with a handle, it is cut
--   and still being uploaded: its data is of the time of the cut.
-- needs: persistentvolumeclaims, volumesnapshots, volumesnapshotcontents, events
-- echo of: F04 by volume, F30 by driver

-- `pkg/common-controller/snapshot_controller.go` and `pkg/sidecar-controller` of external-snapshotter.
with snapshots as (
    select
        _lives.uid as snapshot_uid,
        _lives.namespace || '/' || _lives.name as snapshot,
        _lives.first_observed_at,
        _lives.first_seq,
        _lives.ended_at,
        _volume_snapshots.volume_id
    from _lives
    left join _volume_snapshots on _volume_snapshots.snapshot_uid = _lives.uid
    where _lives.kind = 'VolumeSnapshot'
),

-- Its own versions, and those of its content.
versions as (
    select
        if(kind = 'VolumeSnapshot', uid, snapshot_uid) as snapshot_uid,
        kind,
        seq,
        observed_at,
        coalesce(snapshot_ready, false) as is_ready,
        snapshot_error as error,
        snapshot_content,
        snapshot_handle,
        deletion_requested_at is not null as is_leaving,
        finalizers
    from objects
    where kind in ('VolumeSnapshot', 'VolumeSnapshotContent') and type not in ('DELETED', 'VANISHED')
),

ready as (
    select snapshot_uid, min(observed_at) as ready_at
    from versions
    where kind = 'VolumeSnapshot' and is_ready
    group by snapshot_uid
),

refused as (
    select
        snapshots.snapshot_uid,
        min(versions.observed_at) as from_at,
        coalesce(any_value(ready.ready_at), any_value(snapshots.ended_at)) as to_at,
        arg_max(versions.error, versions.seq) as error,
        list(versions.seq order by versions.seq) as evidence
    from versions
    join snapshots using (snapshot_uid)
    left join ready using (snapshot_uid)
    where versions.error is not null and not versions.is_leaving and not versions.is_ready
    group by snapshots.snapshot_uid
),

-- Nobody says anything.
silent as (
    select
        snapshots.snapshot_uid,
        snapshots.first_observed_at as from_at,
        coalesce(ready.ready_at, snapshots.ended_at) as to_at,
        if(
            latest.content is null,
            'no content was made for it: no snapshot-controller is at work.',
            if(latest.handle is null, 'the driver has not cut it yet.', 'it is cut, and the driver still works on it.')
        ) as error,
        [snapshots.first_seq, latest.seq] as evidence
    from snapshots
    cross join _span
    join (
        select
            snapshot_uid, max(snapshot_content) as content, max(snapshot_handle) as handle, max(seq) as seq
        from versions
        group by snapshot_uid
    ) as latest using (snapshot_uid)
    left join ready using (snapshot_uid)
    where coalesce(ready.ready_at, snapshots.ended_at, _span.last_at) > snapshots.first_observed_at + interval 2 minutes
        and snapshots.snapshot_uid not in (select snapshot_uid from refused)
),

leaving as (
    select snapshot_uid, min(observed_at) as from_at, min(seq) as seq, arg_max(finalizers, seq) as finalizers
    from versions
    where kind = 'VolumeSnapshot' and is_leaving
    group by snapshot_uid
),

-- `Snapshot is being used to restore a PVC`; of a failed delete only the sidecar's log says why.
hints as (
    select involved_uid as snapshot_uid, arg_max(message, seq) as message, list(seq order by seq) as evidence
    from objects
    where kind = 'Event'
        and reason in ('SnapshotDeletePending', 'SnapshotDeleteError', 'SnapshotObjectDeleteError')
        and type not in ('DELETED', 'VANISHED')
    group by involved_uid
),

-- Claims that are to be made from it and wait for something else.
restoring as (
    select leaving.snapshot_uid, any_value(_claims.claim_uid) as claim_uid, any_value(_claims.name) as claim
    from leaving
    join snapshots using (snapshot_uid)
    join _claims
        on _claims.data_source_kind = 'VolumeSnapshot'
        and _claims.data_source_namespace || '/' || _claims.data_source_name = snapshots.snapshot
        and (_claims.ended_at is null or _claims.ended_at > leaving.from_at)
    left join _goals on _goals.goal = 'bound' and _goals.uid = _claims.claim_uid
    where _goals.reached_at is null or _goals.reached_at > leaving.from_at
    group by leaving.snapshot_uid
),

stuck as (
    select
        leaving.snapshot_uid,
        _claim_volumes.volume_id as restored_id,
        leaving.from_at,
        snapshots.ended_at as to_at,
        concat(
            coalesce(hints.message, 'its finalizers are ' || array_to_string(leaving.finalizers, ', ')),
            ' (the claim ' || restoring.claim || ')'
        ) as error,
        list_prepend(leaving.seq, coalesce(hints.evidence, [])) as evidence
    from leaving
    join snapshots using (snapshot_uid)
    cross join _span
    left join hints using (snapshot_uid)
    left join restoring using (snapshot_uid)
    left join _claim_volumes using (claim_uid)
    where coalesce(snapshots.ended_at, _span.last_at)
        > leaving.from_at + if(hints.message is null, interval 1 minute, interval 5 seconds)
),

found as (
    select *, 'is not ready' as what, 'certain' as confidence
    from refused
    union all by name
    select *, 'is not ready' as what, 'likely' as confidence
    from silent
    union all by name
    select *, 'cannot be deleted' as what, 'certain' as confidence
    from stuck
),

-- The claim that is to be made from one that is not ready.
restores as (
    select
        _provision_errors.volume_id,
        any_value(_claims.data_source_namespace || '/' || _claims.data_source_name) as snapshot,
        min(_provision_errors.told_at) as from_at,
        any_value(_goals.reached_at) as to_at,
        arg_max(_provision_errors.message, _provision_errors.seq) as error,
        list(distinct _provision_errors.seq order by _provision_errors.seq) as evidence
    from _provision_errors
    join _claims using (claim_uid)
    left join _goals on _goals.goal = 'bound' and _goals.uid = _provision_errors.claim_uid
    where _provision_errors.meaning = 'snapshot'
    group by _provision_errors.volume_id
)

select
    -- What holds it where that is known, else what it was cut from.
    coalesce(found.restored_id, snapshots.volume_id) as volume_id,
    null as use_id,
    null as node,
    null as driver,
    found.from_at,
    found.to_at,
    found.confidence,
    found.evidence,
    {snapshot: snapshots.snapshot, what: found.what, error: found.error} as details
from found
join snapshots using (snapshot_uid)
union all
select
    volume_id,
    null,
    null,
    null,
    from_at,
    to_at,
    'certain',
    evidence,
    {snapshot: snapshot, what: 'cannot be restored', error: error}
from restores
