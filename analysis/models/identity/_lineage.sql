-- One claim that asks for the content of something else, and the volume that this was: of a claim to clone its volume,
-- of a snapshot the volume it was taken of.
with wanted as (
    select
        _claims.claim_uid,
        _claims.data_source_namespace as source_namespace,
        _claims.data_source_kind as source_kind,
        _claims.data_source_name as source_name,
        _claims.from_position,
        _claims.to_position,
        -- When the content was there at the latest, in whole seconds of the server; null while it is not.
        min(_pvs.created_at) as made_at
    from _claims
    left join volume_claims on volume_claims.claim_uid = _claims.claim_uid
    left join _pvs on _pvs.pv_uid = volume_claims.volume_id
    where _claims.data_source_name is not null
    group by all
),

-- What the name meant: the last that was there before the volume was made, or while the claim waits for it.
sources as (
    select wanted.claim_uid, wanted.made_at, arg_max(_lives.uid, _lives.from_position) as source_uid
    from wanted
    join _lives
        on _lives.kind = wanted.source_kind
        and _lives.namespace = wanted.source_namespace
        and _lives.name = wanted.source_name
        and (wanted.made_at is null or _lives.created_at <= wanted.made_at)
        and (wanted.to_position is null or _lives.from_position < wanted.to_position)
        and (_lives.to_position is null or _lives.to_position > wanted.from_position)
    group by wanted.claim_uid, wanted.made_at
),

snapshots as (
    select lives.uid, lives.namespace, lives.created_at, lives.from_position, lives.first_position, objects.claim_name
    from _lives as lives
    join objects on objects.seq = lives.known_seq
    where lives.kind = 'VolumeSnapshot' and objects.kind = 'VolumeSnapshot'
),

snapshot_claims as (
    select snapshots.uid, snapshots.created_at, arg_max(_claims.claim_uid, _claims.from_position) as claim_uid
    from snapshots
    join _claims
        on _claims.namespace = snapshots.namespace
        and _claims.name = snapshots.claim_name
        and _claims.created_at <= snapshots.created_at
        and _claims.from_position <= snapshots.first_position
        and (_claims.to_position is null or _claims.to_position > snapshots.from_position)
    group by snapshots.uid, snapshots.created_at
),

-- Each claim that content may come from, and until when its volume must have been made.
source_claims as (
    select claim_uid as asking_uid, source_uid as claim_uid, made_at as before
    from sources
    where source_uid in (select claim_uid from _claims)
    union all
    select sources.claim_uid, snapshot_claims.claim_uid, snapshot_claims.created_at
    from sources
    join snapshot_claims on snapshot_claims.uid = sources.source_uid
),

by_claim as (
    select source_claims.asking_uid, arg_max(_pvs.pv_uid, _pvs.from_position) as volume_id
    from source_claims
    join volume_claims on volume_claims.claim_uid = source_claims.claim_uid
    join _pvs
        on _pvs.pv_uid = volume_claims.volume_id
        and (source_claims.before is null or _pvs.created_at <= source_claims.before)
    group by source_claims.asking_uid
),

-- A snapshot whose claim was gone before the trace began: its content still has the volume's handle.
contents as (
    select snapshot_uid, driver, arg_max(volume_handle, seq) as volume_handle
    from objects
    where kind = 'VolumeSnapshotContent' and volume_handle is not null
    group by snapshot_uid, driver
),

by_handle as (
    select sources.claim_uid as asking_uid, arg_max(_pvs.pv_uid, _pvs.from_position) as volume_id
    from sources
    join snapshots on snapshots.uid = sources.source_uid
    join contents on contents.snapshot_uid = snapshots.uid
    join _pvs
        on _pvs.volume_handle = contents.volume_handle
        and coalesce(_pvs.driver, contents.driver) = contents.driver
        and _pvs.created_at <= snapshots.created_at
    group by sources.claim_uid
)

select
    wanted.claim_uid,
    wanted.source_kind,
    wanted.source_name,
    coalesce(by_claim.volume_id, by_handle.volume_id) as source_volume_id
from wanted
left join by_claim on by_claim.asking_uid = wanted.claim_uid
left join by_handle on by_handle.asking_uid = wanted.claim_uid
