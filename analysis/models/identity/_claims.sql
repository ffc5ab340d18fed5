-- One life of one claim, with what its last known version says.
select
    lives.uid as claim_uid,
    lives.namespace,
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
    objects.volume_name,
    objects.provisioner,
    objects.requested_bytes,
    objects.capacity_bytes,
    objects.volume_mode,
    objects.access_modes,
    objects.data_source_kind,
    coalesce(objects.data_source_namespace, lives.namespace) as data_source_namespace,
    objects.data_source_name,
    objects.owner_kind,
    objects.owner_name,
    objects.owner_uid
from _lives as lives
join objects on objects.seq = lives.known_seq
where lives.kind = 'PersistentVolumeClaim' and objects.kind = 'PersistentVolumeClaim'
