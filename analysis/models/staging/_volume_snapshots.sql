-- One VolumeSnapshot of a volume. `occurrence` 1 is the volume's first in the trace.
with named as (
    select
        _lives.uid as snapshot_uid,
        _lives.first_seq,
        _lives.ended_seq,
        _lives.created_at,
        _lives.first_position,
        arg_max(_claims.claim_uid, _claims.from_position) as claim_uid
    from _lives
    join objects on objects.seq = _lives.known_seq
    join _claims
        on _claims.namespace = _lives.namespace
        and _claims.name = objects.claim_name
        and _claims.from_position <= _lives.first_position
        and (_claims.to_position is null or _claims.to_position > _lives.first_position)
    where _lives.kind = 'VolumeSnapshot' and objects.kind = 'VolumeSnapshot'
    group by all
),

-- A claim that was lost and bound again has had several volumes.
meant as (
    select named.*, arg_max(volume_id, _volumes.first_seq) as volume_id
    from named
    join _claim_volumes using (claim_uid)
    join _volumes using (volume_id)
    where _volumes.first_seq <= named.first_seq or _volumes.first_type = 'LISTED'
    group by all
)

select
    snapshot_uid,
    volume_id,
    first_seq,
    ended_seq,
    created_at,
    row_number() over (partition by volume_id order by created_at, first_position) as occurrence
from meant
