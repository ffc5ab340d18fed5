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
        concat_ws('/', namespace, name, pod_volume.name) as label,
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
    -- UID of the PersistentVolume; of a claim that never got one its UID; of an inline volume `POD_UID/POD_VOLUME`.
    volume_id,
    -- What people call it: `NAMESPACE/CLAIM`, where there is no claim the name of the PersistentVolume; an inline volume
    -- `NAMESPACE/POD/POD_VOLUME`.
    coalesce(claim_namespace || '/' || claim_name, pv_name, label) as label,
    -- `dynamic` (a provisioner made it), `static` (an administrator did), `pending` (a claim that has no volume),
    -- `inline` (a CSI volume in a pod's spec). Null for a claim that is bound to a volume which the trace does not
    -- have.
    kind,
    -- UID of the PersistentVolume; null where there is none.
    pv_uid,
    -- Name of the PersistentVolume; null where there is none.
    pv_name,
    -- Plugin that the volume is made for: `kubernetes.io/csi`, `kubernetes.io/nfs`, ... Null where that is not known.
    plugin,
    -- CSI driver that does the work; of an in-tree volume its plugin, of a claim without a volume the provisioner that
    -- it waits for. Null where that is not known.
    driver,
    -- The driver's own id of the volume; of an in-tree volume its plugin's (`server:/path` for NFS). Null where that is
    -- not known.
    volume_handle,
    -- How the attach/detach controller and the kubelet call it; null where each pod has a name of its own for it, or
    -- that is not known.
    unique_name,
    -- Storage class; an empty text is 'no class', null is 'not said'.
    storage_class,
    -- UID of the claim, of several the latest; null where there was none.
    claim_uid,
    -- Namespace of that claim.
    claim_namespace,
    -- Name of that claim.
    claim_name,
    -- Size in bytes; null while there is none.
    capacity_bytes,
    -- `Filesystem` or `Block`; null where it is not said.
    volume_mode,
    -- Access modes of the volume; of a claim without one those that it asks for.
    access_modes,
    -- What becomes of it when its claim goes: `Delete`, `Retain` or `Recycle`. Null where there is no PersistentVolume.
    reclaim_policy,
    -- Kind of what the claim wants its content from: `VolumeSnapshot`, `PersistentVolumeClaim`, ... Null: it is made
    -- empty.
    source_kind,
    -- Name of that source.
    source_name,
    -- The volume that it was restored or cloned from; null where that is not known.
    source_volume_id,
    -- Whether a CSI driver does the work of its in-tree plugin.
    coalesce(migrated, false) as migrated,
    -- First row of the trace that shows it.
    first_seq,
    -- When that row arrived at the recorder.
    first_observed_at,
    -- Type of that row; LISTED: what came before is unknown.
    first_type,
    -- When the last of it was gone, on the recorder's clock; null while it is there.
    ended_at,
    -- DELETED, or VANISHED: it went away at an unknown moment before ended_at. Null while it is there.
    ended_by
from every_volume
