-- One volume: who it is, without what happened to it. A bound claim is no volume of its own, its PersistentVolume is.
with claims as (
    select
        volume_id,
        arg_max({uid: claim_uid, namespace: claim_namespace, name: claim_name}, occurrence) as latest,
        -- The one that the volume was made for.
        arg_min(claim_uid, occurrence) as first_uid
    from volume_claims
    group by volume_id
),

-- An in-tree volume whose work a CSI driver does: as its annotation says, or as it was attached by that driver.
migrated as (
    select pv_uid, coalesce(any_value(migrated_to), any_value(_attachments.driver)) as driver
    from _pvs
    left join _attachments on _attachments.volume_id = _pvs.pv_uid
    where plugin != 'kubernetes.io/csi'
    group by pv_uid
),

persistent as (
    select
        _pvs.pv_uid as volume_id,
        if(_pvs.provisioner is not null, 'dynamic', 'static') as kind,
        _pvs.pv_uid,
        _pvs.name as pv_name,
        _pvs.plugin,
        -- The driver that does the work, whichever way the volume names it.
        coalesce(_pvs.driver, migrated.driver) as csi_driver,
        coalesce(csi_driver, _pvs.plugin) as driver,
        if(csi_driver is null, _pvs.in_tree_id, _pvs.volume_handle) as volume_handle,
        migrated.driver is not null as migrated,
        case
            when csi_driver is not null then 'kubernetes.io/csi/' || csi_driver || '^' || _pvs.volume_handle
            when _plugins.named_by = 'id' then _pvs.plugin || '/' || _pvs.in_tree_id
            when _plugins.named_by = 'pv' then _pvs.plugin || '/' || _pvs.name
        end as unique_name,
        _pvs.storage_class,
        claims.latest.uid as claim_uid,
        claims.latest.namespace as claim_namespace,
        claims.latest.name as claim_name,
        _lineage.source_kind,
        _lineage.source_name,
        _lineage.source_volume_id,
        _pvs.capacity_bytes,
        _pvs.volume_mode,
        _pvs.access_modes,
        _pvs.reclaim_policy,
        _pvs.first_seq,
        _pvs.first_observed_at,
        _pvs.first_type,
        _pvs.ended_at,
        _pvs.ended_by
    from _pvs
    left join _plugins on _plugins.plugin = _pvs.plugin
    left join migrated on migrated.pv_uid = _pvs.pv_uid
    left join claims on claims.volume_id = _pvs.pv_uid
    -- What a claim asks for is not what a volume has that was there before.
    left join _lineage on _lineage.claim_uid = claims.first_uid and _pvs.provisioner is not null
),

unbound as (
    select
        _claims.claim_uid as volume_id,
        -- Bound to a PersistentVolume that the trace does not have: which kind it is nobody knows.
        if(_claims.phase in ('Bound', 'Lost'), null, 'pending') as kind,
        if(_claims.phase in ('Bound', 'Lost'), _claims.volume_name, null) as pv_name,
        _claims.provisioner as driver,
        _claims.storage_class,
        _claims.claim_uid,
        _claims.namespace as claim_namespace,
        _claims.name as claim_name,
        _lineage.source_kind,
        _lineage.source_name,
        _lineage.source_volume_id,
        _claims.capacity_bytes,
        _claims.volume_mode,
        _claims.access_modes,
        _claims.first_seq,
        _claims.first_observed_at,
        _claims.first_type,
        _claims.ended_at,
        _claims.ended_by
    from _claims
    left join _lineage on _lineage.claim_uid = _claims.claim_uid
    where _claims.claim_uid not in (select claim_uid from volume_claims)
),

inline as (
    select
        pod_uid || '/' || pod_volume.name as volume_id,
        'inline' as kind,
        'kubernetes.io/csi' as plugin,
        pod_volume.driver as driver,
        -- `pkg/volume/csi/csi_mounter.go`, makeVolumeHandle.
        'csi-' || sha256(pod_uid || pod_volume.name) as volume_handle,
        -- Not attached and not mounted once a node (`pkg/volume/csi/csi_plugin.go`, CanAttach, CanDeviceMount).
        plugin || '/' || pod_uid || '-' || pod_volume.name as unique_name,
        first_seq,
        first_observed_at,
        first_type,
        ended_at,
        ended_by
    from _pods, unnest(pod_volumes) as volumes(pod_volume)
    where pod_volume.source = 'csi'
),

every_volume as (
    from persistent
    union all by name
    from unbound
    union all by name
    from inline
)

select
    volume_id,
    kind,
    pv_uid,
    pv_name,
    plugin,
    driver,
    volume_handle,
    -- How the attach/detach controller and the kubelet call it; null where each pod has a name of its own for it, or
    -- that is not known.
    unique_name,
    storage_class,
    claim_uid,
    claim_namespace,
    claim_name,
    capacity_bytes,
    volume_mode,
    access_modes,
    reclaim_policy,
    source_kind,
    source_name,
    source_volume_id,
    coalesce(migrated, false) as migrated,
    first_seq,
    first_observed_at,
    first_type,
    ended_at,
    ended_by
from every_volume
