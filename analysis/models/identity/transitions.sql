-- One change of phase of one claim or PersistentVolume, judged by the PV controller's state machine
-- (`pkg/controller/volume/persistentvolume/pv_controller.go`). What a first list shows is no change: nobody saw it
-- happen.
with changes as (
    select *, phase_before as from_phase, phase as to_phase
    from _binding_changes
    where phase is distinct from phase_before
        -- The API server creates both as Pending: one that is first seen in another phase has changed unseen.
        and (seq_before is not null or (type = 'ADDED' and phase = 'Pending'))
),

machine (kind, from_phase, to_phase, legal, reason) as (
    values
        ('PersistentVolume', null, 'Pending', true, 'created'),
        ('PersistentVolume', 'Pending', 'Available', true, 'bound to no claim yet'),
        ('PersistentVolume', 'Pending', 'Bound', true, 'bound to a claim'),
        ('PersistentVolume', 'Pending', 'Released', true, 'the claim in claimRef does not exist'),
        ('PersistentVolume', 'Available', 'Bound', true, 'bound to a claim'),
        ('PersistentVolume', 'Available', 'Released', true, 'the claim in claimRef does not exist'),
        ('PersistentVolume', 'Bound', 'Available', true, 'the claim is bound to another volume'),
        ('PersistentVolume', 'Bound', 'Released', true, 'the claim is gone or bound to another volume'),
        ('PersistentVolume', 'Released', 'Available', true, 'claimRef was removed, or it was recycled'),
        ('PersistentVolume', 'Released', 'Bound', true, 'claimRef was changed to a claim that names it'),
        ('PersistentVolume', 'Released', 'Failed', true, 'deleting or recycling it failed'),
        ('PersistentVolume', 'Failed', 'Available', true, 'claimRef was removed, or it was recycled'),
        ('PersistentVolume', 'Failed', 'Bound', true, 'claimRef was changed to a claim that names it'),
        ('PersistentVolumeClaim', null, 'Pending', true, 'created'),
        ('PersistentVolumeClaim', 'Pending', 'Bound', true, 'bound to a volume'),
        ('PersistentVolumeClaim', 'Pending', 'Lost', true, 'made as a bound claim, but its volume is not'),
        ('PersistentVolumeClaim', 'Bound', 'Lost', true, 'the volume is gone or has another claim'),
        ('PersistentVolumeClaim', 'Lost', 'Bound', true, 'the volume is there again'),
        -- The controller does it, but only after somebody took the annotation away that says a claim is bound.
        ('PersistentVolumeClaim', 'Bound', 'Pending', false, 'bind-completed was removed by hand'),
        ('PersistentVolumeClaim', 'Lost', 'Pending', false, 'bind-completed was removed by hand')
),

-- Which volume a claim had then: one that was lost and bound again has had several.
volumes as (
    select
        changes.seq,
        coalesce(
            arg_max(volume_claims.volume_id, volume_claims.from_at)
                filter (volume_claims.from_at <= changes.observed_at),
            arg_min(volume_claims.volume_id, coalesce(volume_claims.from_at, '-infinity'))
        ) as volume_id
    from changes
    join volume_claims on volume_claims.claim_uid = changes.uid
    group by changes.seq
)

select
    -- `PersistentVolume` or `PersistentVolumeClaim`.
    changes.kind,
    -- UID of the object.
    changes.uid,
    -- Namespace of the claim; null for a PersistentVolume.
    changes.namespace,
    -- Name of the object.
    changes.name,
    -- The volume: a PersistentVolume's UID; of a claim that never got one, its own.
    if(changes.kind = 'PersistentVolume', changes.uid, coalesce(volumes.volume_id, changes.uid)) as volume_id,
    -- Phase before; null: it was created.
    changes.from_phase,
    -- Phase after.
    changes.to_phase,
    -- When the recorder saw it, on its own clock.
    changes.observed_at,
    -- Row of the trace that shows it.
    changes.seq,
    -- Who makes such a change; null where nobody should.
    case
        when machine.to_phase is null then null
        when machine.from_phase is null then 'API server'
        else 'PV controller'
    end as controller,
    -- Why such a change is made, and what the object itself says of it; null where neither is known.
    nullif(concat_ws(': ', machine.reason, nullif(changes.message, '')), '') as reason,
    -- Whether the controllers make such a change of their own accord. Null where a list showed it: there may have been
    -- others in between.
    if(changes.type = 'LISTED', null, coalesce(machine.legal, false)) as legal
from changes
left join machine
    on machine.kind = changes.kind
    and machine.from_phase is not distinct from changes.from_phase
    and machine.to_phase = changes.to_phase
left join volumes on volumes.seq = changes.seq
