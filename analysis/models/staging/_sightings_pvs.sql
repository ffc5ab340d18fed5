-- One version of a PersistentVolume in which a milestone of the volume is first seen.
with lives as (
    select
        pv_uid as volume_id,
        min(seq) as first_seq,
        min(seq) filter (is_gone) as ended_seq,
        min(created_at) as created_at
    from _pv_versions
    group by pv_uid
),

-- A volume that is bound again is bound to another claim.
bindings as (
    select
        pv_uid as volume_id,
        claim_uid,
        min(seq) filter (phase = 'Bound') as bound_seq,
        arg_min(phase_changed_at, seq) filter (phase = 'Bound') as bound_at,
        min(seq) filter (phase = 'Released') as released_seq,
        arg_min(phase_changed_at, seq) filter (phase = 'Released') as released_at
    from _pv_versions
    where claim_uid is not null and phase in ('Bound', 'Released')
    group by pv_uid, claim_uid
),

sightings as (
    select
        volume_id,
        1 as occurrence,
        'pv_created' as milestone,
        first_seq as seq,
        'new' as source,
        created_at as stamped_at,
        'metadata.creationTimestamp' as stamp_source
    from lives
    union all by name
    select volume_id, 1 as occurrence, 'pv_gone' as milestone, ended_seq as seq, 'deletion' as source
    from lives
    union all by name
    select
        volume_id,
        occurrence,
        'pv_bound' as milestone,
        bound_seq as seq,
        'status.phase' as source,
        bound_at as stamped_at,
        'status.lastPhaseTransitionTime' as stamp_source
    from bindings
    join volume_claims using (volume_id, claim_uid)
    union all by name
    select
        volume_id,
        occurrence,
        'pv_released' as milestone,
        released_seq as seq,
        'status.phase' as source,
        released_at as stamped_at,
        'status.lastPhaseTransitionTime' as stamp_source
    from bindings
    join volume_claims using (volume_id, claim_uid)
)

select
    milestone,
    volume_id,
    null::varchar as use_id,
    null::varchar as attachment_uid,
    occurrence,
    seq,
    first_seq,
    'PersistentVolume ' || source as source,
    stamped_at,
    'server' as stamp_clock,
    'PersistentVolume ' || stamp_source as stamp_source
from sightings
join lives using (volume_id)
where seq is not null
