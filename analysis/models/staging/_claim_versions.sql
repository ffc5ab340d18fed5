-- One version of one claim, or the notice that it went away.
select
    uid as claim_uid,
    namespace,
    name,
    seq,
    observed_at,
    type,
    type in ('DELETED', 'VANISHED') as is_gone,
    created_at,
    deletion_requested_at,
    phase,
    message,
    storage_class,
    attributes_class,
    attributes_class_current,
    selected_node,
    provisioner,
    volume_name,
    requested_bytes,
    capacity_bytes,
    resize_status,
    conditions
from objects
where kind = 'PersistentVolumeClaim'
