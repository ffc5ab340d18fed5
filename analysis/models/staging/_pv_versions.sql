-- One version of one PersistentVolume, or the notice that it went away.
select
    uid as pv_uid,
    name,
    seq,
    observed_at,
    type,
    type in ('DELETED', 'VANISHED') as is_gone,
    created_at,
    phase,
    phase_changed_at,
    message,
    claim_uid,
    claim_namespace,
    claim_name,
    capacity_bytes,
    volume_handle,
    driver
from objects
where kind = 'PersistentVolume'
