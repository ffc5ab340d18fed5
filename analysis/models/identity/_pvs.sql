-- One life of one PersistentVolume, with what its last known version says.
select
    lives.uid as pv_uid,
    lives.name,
    lives.first_seq,
    lives.first_observed_at,
    lives.first_type,
    lives.first_position,
    lives.from_position,
    lives.to_position,
    lives.created_at,
    lives.deletion_requested_at,
    lives.ended_seq,
    lives.ended_at,
    lives.ended_by,
    objects.phase,
    objects.storage_class,
    objects.attributes_class,
    objects.driver,
    objects.volume_handle,
    objects.capacity_bytes,
    objects.volume_mode,
    objects.access_modes,
    objects.reclaim_policy,
    objects.provisioner,
    objects.claim_namespace,
    objects.claim_name,
    objects.claim_uid
from _lives as lives
join objects on objects.seq = lives.known_seq
where lives.kind = 'PersistentVolume' and objects.kind = 'PersistentVolume'
