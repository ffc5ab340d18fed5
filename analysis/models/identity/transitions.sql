-- One change of phase of one claim or PersistentVolume, judged by the PV controller's state machine
-- (`pkg/controller/volume/persistentvolume/pv_controller.go`). What a first list shows is no change: nobody saw it happen.
with versions as (
    select
        kind,
        uid,
        namespace,
        name,
        seq,
        observed_at,
        type,
        phase as to_phase,
        claim_uid,
        volume_name,
        reclaim_policy,
        message,
        lag(phase) over object as from_phase,
        lag(seq) over object is null as is_first
    from objects
    where kind in ('PersistentVolume', 'PersistentVolumeClaim') and type not in ('DELETED', 'VANISHED')
    window object as (partition by uid order by seq)
),

changes as (
    select *
    from versions
    where to_phase is distinct from from_phase and not (is_first and type != 'ADDED')
),

machine (kind, from_phase, to_phase, controller, legal, reason) as (
    values
        ('PersistentVolume', null, 'Pending', 'API server', true, 'created'),
        ('PersistentVolume', 'Pending', 'Available', 'PV controller', true, 'no claim is bound to it yet'),
        ('PersistentVolume', 'Pending', 'Bound', 'PV controller', true, 'bound to a claim'),
        ('PersistentVolume', 'Available', 'Bound', 'PV controller', true, 'bound to a claim'),
        ('PersistentVolume', 'Pending', 'Released', 'PV controller', true, 'its claim is gone or bound to another'),
        ('PersistentVolume', 'Available', 'Released', 'PV controller', true, 'its claim is gone or bound to another'),
        ('PersistentVolume', 'Bound', 'Released', 'PV controller', true, 'its claim is gone or bound to another'),
        ('PersistentVolume', 'Bound', 'Available', 'PV controller', true, 'its claim is bound to another, or claimRef was removed'),
        ('PersistentVolume', 'Released', 'Available', 'PV controller', true, 'recycled, or claimRef was removed'),
        ('PersistentVolume', 'Failed', 'Available', 'PV controller', true, 'recycled, or claimRef was removed'),
        ('PersistentVolume', 'Released', 'Failed', 'PV controller', true, 'deleting or recycling it failed'),
        ('PersistentVolume', 'Released', 'Bound', 'PV controller', true, 'claimRef was changed to a claim that names it'),
        ('PersistentVolume', 'Failed', 'Bound', 'PV controller', true, 'claimRef was changed to a claim that names it'),
        ('PersistentVolumeClaim', null, 'Pending', 'API server', true, 'created'),
        ('PersistentVolumeClaim', 'Pending', 'Bound', 'PV controller', true, 'bound to a volume'),
        ('PersistentVolumeClaim', 'Bound', 'Lost', 'PV controller', true, 'its volume is gone or bound to another claim'),
        ('PersistentVolumeClaim', 'Pending', 'Lost', 'PV controller', true, 'created as bound to a volume that is not there'),
        ('PersistentVolumeClaim', 'Lost', 'Bound', 'PV controller', true, 'its volume is there again'),
        ('PersistentVolumeClaim', 'Bound', 'Pending', 'PV controller', false, 'pv.kubernetes.io/bind-completed was removed'),
        ('PersistentVolumeClaim', 'Lost', 'Pending', 'PV controller', false, 'pv.kubernetes.io/bind-completed was removed')
),

volume_of_claim as (
    select claim_uid, arg_max(volume_id, from_at) as volume_id
    from volume_claims
    group by claim_uid
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
    if(changes.kind = 'PersistentVolume', changes.uid, coalesce(volume_of_claim.volume_id, changes.uid)) as volume_id,
    -- Phase before; null: it was created.
    changes.from_phase,
    -- Phase after.
    changes.to_phase,
    -- When the recorder saw it, on its own clock.
    changes.observed_at,
    -- Row of the trace that shows it.
    changes.seq,
    -- Who makes such a change; null where nobody should.
    machine.controller,
    -- Why such a change is made; null where there is no reason for it.
    machine.reason,
    -- Whether the state machine has such a change. Null where a list showed it: there may have been others in between.
    if(changes.type = 'LISTED', null, coalesce(machine.legal, false)) as legal
from changes
left join machine
    on machine.kind = changes.kind
    and machine.from_phase is not distinct from changes.from_phase
    and machine.to_phase = changes.to_phase
left join volume_of_claim on volume_of_claim.claim_uid = changes.uid
order by changes.seq
