-- title: the PersistentVolume is released and kept
-- step: release
-- severity: info
-- sentence: The PersistentVolume {pv} is kept as its policy says (Retain); it belonged to {claim}.
-- symptom: The PersistentVolume is Released; a new claim of the same name does not get it (F08).
-- cause: By design: reclaim policy Retain. The data is untouched.
-- advice: To use it again clear claimRef.uid (its claim's name keeps it reserved), or all of claimRef; else delete it
--   and the volume on the backend.
-- look-alikes: With policy Delete, a PersistentVolume that stays is F33.
-- needs: persistentvolumes

-- `pkg/controller/volume/persistentvolume/pv_controller.go`, reclaimVolume.
with versions as (
    select
        uid,
        seq,
        observed_at,
        name,
        claim_namespace,
        claim_name,
        type not in ('DELETED', 'VANISHED')
        and phase = 'Released'
        and reclaim_policy = 'Retain'
        and deletion_requested_at is null as is_kept
    from objects
    where kind = 'PersistentVolume'
),

turns as (
    select
        *,
        lead(observed_at) over (partition by uid order by seq) as to_at
    from (
        select *
        from versions
        qualify is_kept is distinct from lag(is_kept) over (partition by uid order by seq)
    )
)

select
    uid as volume_id,
    null as use_id,
    null as node,
    null as driver,
    observed_at as from_at,
    to_at,
    'certain' as confidence,
    [seq] as evidence,
    {pv: name, claim: claim_namespace || '/' || claim_name} as details
from turns
cross join _span
-- Of one that is used again or deleted at once nobody need be told.
where is_kept and coalesce(to_at, _span.last_at) > observed_at + interval 1 minute
