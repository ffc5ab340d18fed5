-- title: the claim is Lost, or the PersistentVolume has Failed
-- step: bind
-- severity: error
-- sentence: {what}
-- symptom: The claim's phase is Lost, with ClaimLost or ClaimMisbound; or the PersistentVolume's is Failed, with a
--   message.
-- cause: The PersistentVolume was deleted under a bound claim (its finalizer removed by hand), a backup or GitOps
--   tool brought back old references, or an in-tree plugin cannot delete or recycle.
-- advice: A PersistentVolume made again with the same name, the handle, and a claimRef without uid (or the claim's)
--   makes the claim Bound again. A Failed one is not tried again: mend the cause and delete it.
-- look-alikes: A claim that was never bound is Pending; a CSI volume that cannot be deleted stays Released (F33).
-- needs: persistentvolumeclaims, persistentvolumes

-- `pkg/controller/volume/persistentvolume/pv_controller.go`, syncBoundClaim and deleteVolumeOperation.
with versions as (
    select
        uid,
        kind,
        seq,
        observed_at,
        name,
        volume_name,
        message,
        type not in ('DELETED', 'VANISHED')
        and phase = if(kind = 'PersistentVolume', 'Failed', 'Lost') as is_broken
    from objects
    where kind in ('PersistentVolume', 'PersistentVolumeClaim')
),

turns as (
    select
        *,
        lead(observed_at) over (partition by uid order by seq) as to_at
    from (
        select *
        from versions
        qualify is_broken is distinct from lag(is_broken) over (partition by uid order by seq)
    )
),

broken as (
    select
        turns.*,
        if(
            turns.kind = 'PersistentVolume',
            turns.uid,
            (
                select arg_max(_claim_volumes.volume_id, _claim_volumes.occurrence)
                from _claim_volumes
                where _claim_volumes.claim_uid = turns.uid
            )
        ) as volume_id
    from turns
    where turns.is_broken
)

select
    broken.volume_id,
    null as use_id,
    null as node,
    null as driver,
    broken.observed_at as from_at,
    broken.to_at,
    'certain' as confidence,
    list_filter(
        [if(broken.kind = 'PersistentVolume', null, _pvs.ended_seq), broken.seq], lambda each: each is not null
    ) as evidence,
    {
        what: if(
            broken.kind = 'PersistentVolume',
            concat(
                'The PersistentVolume ', broken.name, ' has Failed: ', coalesce(broken.message, 'it does not say why.')
            ),
            concat(
                'The claim is Lost: its PersistentVolume ', broken.volume_name,
                if(
                    _pvs.ended_at is null,
                    ' does not exist or belongs to another claim.',
                    strftime(_pvs.ended_at at time zone 'UTC', ' was gone at %H:%M:%S UTC')
                    || coalesce('; on the backend ' || _pvs.volume_handle || ' may still exist.', '.')
                )
            )
        )
    } as details
from broken
left join _pvs on _pvs.pv_uid = broken.volume_id
