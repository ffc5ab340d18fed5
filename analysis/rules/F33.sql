-- title: the volume cannot be deleted
-- step: delete
-- severity: warning
-- sentence: Deleting the volume {pv} fails: {error}
-- symptom: The PersistentVolume is Released, with policy Delete; VolumeFailedDelete repeats (in the namespace
--   default).
-- cause: It is still attached (a detach that is stuck: F19, F22), or the backend refuses: in use, has snapshots,
--   permission.
-- advice: Mend what the error names. Deleting the PersistentVolume by hand can leave the disk behind.
-- look-alikes: A few `is still attached to node` are normal, as deleting does not wait for the detach: up to 3
--   minutes are not told. A PersistentVolume that is Failed is F34; one that only the attacher's finalizer keeps is
--   F19.
-- needs: persistentvolumes, events
-- echo of: F19 by volume, F14 by volume, F22 by volume, F28 by volume, F30 by driver

-- `controller.go` of external-provisioner, canDeleteVolume; in-tree deleters make it Failed.
with told as (
    select
        uid as volume_id,
        contains(message, 'is still attached to node') as is_attached,
        min(told_at) as from_at,
        arg_max(message, told_at) as error,
        list(seq order by seq) as evidence
    from _complaints
    where kind = 'PersistentVolume'
        and reason = 'VolumeFailedDelete'
        and component != 'persistentvolume-controller'
    group by all
)

select
    told.volume_id,
    null as use_id,
    nullif(regexp_extract(told.error, 'still attached to node (\S+)', 1), '') as node,
    null as driver,
    told.from_at,
    _pvs.ended_at as to_at,
    'certain' as confidence,
    told.evidence,
    {pv: _pvs.name, error: told.error} as details
from told
join _pvs on _pvs.pv_uid = told.volume_id
cross join _span
where coalesce(_pvs.ended_at, _span.last_at) - told.from_at
    >= if(told.is_attached, interval 3 minutes, interval 10 seconds)
