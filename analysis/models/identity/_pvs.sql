-- One life of one PersistentVolume, with what its last known version says.
select
    uid as pv_uid,
    name,
    first_seq,
    first_observed_at,
    first_type,
    first_position,
    from_position,
    to_position,
    created_at,
    deletion_requested_at,
    ended_seq,
    ended_at,
    ended_by,
    phase,
    storage_class,
    attributes_class,
    -- Older traces do not have the plugin.
    coalesce(volume_plugin, if(driver is not null, 'kubernetes.io/csi', null)) as plugin,
    driver,
    in_tree_id,
    migrated_to,
    -- The handle in the words of a CSI driver: for an in-tree volume as csi-translation-lib gives it, null where that
    -- takes more than the trace has.
    case plugin
        when 'kubernetes.io/csi' then _lives.volume_handle
        when 'kubernetes.io/aws-ebs' then regexp_extract(in_tree_id, '[^/]*$')
        when 'kubernetes.io/gce-pd' then 'projects/UNSPECIFIED/' || if(
            contains(zone, '__'),
            'regions/' || regexp_extract(zone, '^[^-]+-[^-]+'),
            'zones/' || coalesce(nullif(zone, ''), 'UNSPECIFIED')
        ) || '/disks/' || in_tree_id
        when 'kubernetes.io/azure-disk' then in_tree_id
        when 'kubernetes.io/cinder' then in_tree_id
        when 'kubernetes.io/vsphere-volume' then in_tree_id
        when 'kubernetes.io/portworx-volume' then in_tree_id
    end as volume_handle,
    capacity_bytes,
    volume_mode,
    access_modes,
    reclaim_policy,
    provisioner,
    claim_namespace,
    claim_name,
    claim_uid
from _lives
where kind = 'PersistentVolume'
