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
    coalesce(objects.volume_plugin, if(objects.driver is not null, 'kubernetes.io/csi', null)) as plugin,
    objects.driver,
    objects.in_tree_id,
    objects.migrated_to,
    -- The handle in the words of a CSI driver: for an in-tree volume as csi-translation-lib gives it, null where that
    -- takes more than the trace has.
    case plugin
        when 'kubernetes.io/csi' then objects.volume_handle
        when 'kubernetes.io/aws-ebs' then regexp_extract(objects.in_tree_id, '[^/]*$')
        when 'kubernetes.io/gce-pd' then 'projects/UNSPECIFIED/' || if(
            contains(objects.zone, '__'),
            'regions/' || regexp_extract(objects.zone, '^[^-]+-[^-]+'),
            'zones/' || coalesce(nullif(objects.zone, ''), 'UNSPECIFIED')
        ) || '/disks/' || objects.in_tree_id
        when 'kubernetes.io/azure-disk' then objects.in_tree_id
        when 'kubernetes.io/cinder' then objects.in_tree_id
        when 'kubernetes.io/vsphere-volume' then objects.in_tree_id
        when 'kubernetes.io/portworx-volume' then objects.in_tree_id
    end as volume_handle,
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
