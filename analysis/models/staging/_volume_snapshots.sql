-- One VolumeSnapshot of a volume. `occurrence` 1 is the volume's first in the trace.
with snapshots as (
    select uid as snapshot_uid, namespace, created_at, first_seq, ended_seq, from_position, first_position, claim_name
    from _lives
    where kind = 'VolumeSnapshot'
),

snapshot_claims as (
    select snapshots.snapshot_uid, snapshots.created_at, arg_max(_claims.claim_uid, _claims.from_position) as claim_uid
    from snapshots
    join _claims
        on _claims.namespace = snapshots.namespace
        and _claims.name = snapshots.claim_name
        and _claims.created_at <= snapshots.created_at
        and _claims.from_position <= snapshots.first_position
        and (_claims.to_position is null or _claims.to_position > snapshots.from_position)
    group by snapshots.snapshot_uid, snapshots.created_at
),

-- A snapshot can be asked for before its claim has a volume. Of several volumes it is of the latest that was there.
by_claim as (
    select
        snapshot_claims.snapshot_uid,
        arg_max(
            _pvs.pv_uid, {had: _pvs.created_at <= snapshot_claims.created_at, position: _pvs.from_position}
        ) as volume_id
    from snapshot_claims
    join volume_claims on volume_claims.claim_uid = snapshot_claims.claim_uid
    join _pvs on _pvs.pv_uid = volume_claims.volume_id
    group by snapshot_claims.snapshot_uid
),

-- A snapshot whose claim was gone before the trace began: its content still has the volume's handle.
contents as (
    select snapshot_uid, driver, arg_max(volume_handle, seq) as volume_handle
    from objects
    where kind = 'VolumeSnapshotContent' and volume_handle is not null
    group by snapshot_uid, driver
),

by_handle as (
    select snapshots.snapshot_uid, arg_max(_pvs.pv_uid, _pvs.from_position) as volume_id
    from snapshots
    join contents on contents.snapshot_uid = snapshots.snapshot_uid
    join _pvs
        on _pvs.volume_handle = contents.volume_handle
        and coalesce(_pvs.driver, contents.driver) = contents.driver
        and _pvs.created_at <= snapshots.created_at
    group by snapshots.snapshot_uid
),

identified as (
    select snapshots.*, coalesce(by_claim.volume_id, by_handle.volume_id) as volume_id
    from snapshots
    left join by_claim on by_claim.snapshot_uid = snapshots.snapshot_uid
    left join by_handle on by_handle.snapshot_uid = snapshots.snapshot_uid
)

select
    snapshot_uid,
    volume_id,
    first_seq,
    ended_seq,
    created_at,
    row_number() over (partition by volume_id order by created_at, first_position) as occurrence
from identified
where volume_id is not null
