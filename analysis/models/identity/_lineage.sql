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

-- The source claim's volume: of several the latest that was there.
cloned as (
    select sources.claim_uid, arg_max(_pvs.pv_uid, _pvs.from_position) as volume_id
    from sources
    join volume_claims on volume_claims.claim_uid = sources.source_uid
    join _pvs
        on _pvs.pv_uid = volume_claims.volume_id
        and (sources.made_at is null or _pvs.created_at <= sources.made_at)
    group by sources.claim_uid
)

select
    wanted.claim_uid,
    wanted.source_kind,
    wanted.source_name,
    coalesce(cloned.volume_id, _volume_snapshots.volume_id) as source_volume_id
from wanted
left join cloned on cloned.claim_uid = wanted.claim_uid
left join sources on sources.claim_uid = wanted.claim_uid
left join _volume_snapshots on _volume_snapshots.snapshot_uid = sources.source_uid
