-- One use by the name under which a kubelet and the attach/detach controller speak of it: the PersistentVolume's, or,
-- where there is none, that of the volume in the pod's spec.
select
    uses.use_id,
    uses.volume_id,
    uses.attachment_uid,
    uses.pod_uid,
    coalesce(_volumes.pv_name, uses.pod_volume) as spec_name,
    _attachment_uses.caused_by
from uses
left join _volumes using (volume_id)
left join _attachment_uses using (attachment_uid)
