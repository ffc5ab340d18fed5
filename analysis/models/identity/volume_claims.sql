-- One volume with one claim that it is or was bound to. A volume kept with Retain can have several, one after the
-- other; a claim whose PersistentVolume was lost and made again has several volumes.
with turns as (
    select *, lead(observed_at) over (partition by uid order by seq) as left_at
    from _binding_changes
    where kind = 'PersistentVolume' and claim_uid is distinct from claim_uid_before
),

-- A claimRef that a user wrote binds nothing until the PV controller agrees; one that a provisioner writes does.
agreed as (
    select changes.uid, changes.claim_uid, bool_or(changes.phase = 'Bound') as was_bound
    from _binding_changes as changes
    join _pvs on _pvs.pv_uid = changes.uid
    where changes.claim_uid is not null
    group by changes.uid, changes.claim_uid
    having bool_or(changes.phase in ('Bound', 'Released', 'Failed') or _pvs.provisioner is not null)
),

named as (
    select
        turns.uid as pv_uid,
        turns.claim_uid,
        any_value(agreed.was_bound) as was_bound,
        any_value(turns.claim_namespace) as claim_namespace,
        any_value(turns.claim_name) as claim_name,
        min(turns.seq) as first_seq,
        arg_min(turns.observed_at, turns.seq) as named_at,
        arg_min(turns.type, turns.seq) as first_type,
        -- Not `max`: the last turn may go on.
        arg_max_null(turns.left_at, turns.seq) as left_at
    from turns
    join agreed on agreed.uid = turns.uid and agreed.claim_uid = turns.claim_uid
    group by turns.uid, turns.claim_uid
),

-- A bound claim's PV that names no claim itself, as far as the trace shows.
bound_claims as (
    select
        uid,
        volume_name,
        min(seq) as first_seq,
        arg_min(observed_at, seq) as named_at,
        arg_min(type, seq) as first_type
    from _binding_changes
    where kind = 'PersistentVolumeClaim' and phase = 'Bound' and volume_name is not null
    group by uid, volume_name
),

unnamed as (
    select
        _pvs.pv_uid,
        _claims.claim_uid,
        true as was_bound,
        _claims.namespace as claim_namespace,
        _claims.name as claim_name,
        bound_claims.first_seq,
        bound_claims.named_at,
        bound_claims.first_type,
        null as left_at
    from bound_claims
    join _claims on _claims.claim_uid = bound_claims.uid
    join _pvs
        on _pvs.name = bound_claims.volume_name
        and (_claims.to_position is null or _pvs.from_position < _claims.to_position)
        and (_pvs.to_position is null or _pvs.to_position > _claims.from_position)
    where _pvs.pv_uid not in (select uid from turns where claim_uid is not null)
),

pairs as (
    from named
    union all by name
    from unnamed
)

select
    -- The volume: the PersistentVolume's UID.
    pairs.pv_uid as volume_id,
    -- UID of the claim.
    pairs.claim_uid,
    -- Namespace of the claim.
    pairs.claim_namespace,
    -- Name of the claim.
    pairs.claim_name,
    -- When the trace first shows the two together, on the recorder's clock; null where they had been so before it
    -- begins.
    if(pairs.first_type in ('ADDED', 'MODIFIED'), pairs.named_at, null) as from_at,
    -- When one of the two was gone or named the other no longer, on the recorder's clock; null while neither.
    least(pairs.left_at, _claims.ended_at, _pvs.ended_at) as to_at,
    -- Which claim of the volume this is, as far as the trace knows: 1 is the first.
    row_number() over (partition by pairs.pv_uid order by pairs.first_seq) as occurrence
from pairs
join _pvs on _pvs.pv_uid = pairs.pv_uid
left join _claims on _claims.claim_uid = pairs.claim_uid
-- A volume that was made for a claim which had bound to another by then is not the claim's.
where pairs.was_bound or coalesce(_claims.volume_name, _pvs.name) = _pvs.name
