-- One volume: who it is, without what happened to it. A bound claim is no volume of its own, its PersistentVolume is.
with latest_claims as (
    select volume_id, arg_max({claim_uid: claim_uid, namespace: claim_namespace, name: claim_name}, occurrence) as claim
    from volume_claims
    group by volume_id
),

persistent as (
    select
        _pvs.pv_uid as volume_id,
        if(_pvs.provisioner is not null, 'dynamic', 'static') as kind,
        _pvs.pv_uid,
        _pvs.name as pv_name,
        _pvs.driver,
        _pvs.volume_handle,
        _pvs.storage_class,
        claim.claim_uid,
        claim.namespace as claim_namespace,
        claim.name as claim_name,
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
    left join latest_claims on latest_claims.volume_id = _pvs.pv_uid
),

unbound as (
    select
        _claims.claim_uid as volume_id,
        -- Bound to a PersistentVolume that the trace does not have: which kind it is nobody knows.
        if(_claims.phase in ('Bound', 'Lost'), null, 'pending') as kind,
        if(_claims.phase in ('Bound', 'Lost'), _claims.volume_name, null) as pv_name,
        _claims.storage_class,
        _claims.claim_uid,
        _claims.namespace as claim_namespace,
        _claims.name as claim_name,
        _claims.capacity_bytes,
        _claims.volume_mode,
        _claims.access_modes,
        _claims.first_seq,
        _claims.first_observed_at,
        _claims.first_type,
        _claims.ended_at,
        _claims.ended_by
    from _claims
    anti join volume_claims using (claim_uid)
),

inline as (
    select
        pod_uid || '/' || pod_volume.name as volume_id,
        'inline' as kind,
        pod_volume.driver as driver,
        -- `pkg/volume/csi/csi_mounter.go`, makeVolumeHandle.
        'csi-' || sha256(pod_uid || pod_volume.name) as volume_handle,
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
    driver,
    volume_handle,
    -- How the attach/detach controller and the kubelet call it (`pkg/volume/csi/csi_plugin.go`, GetVolumeName).
    case
        -- Not attached and not mounted once a node, but per pod (`pkg/volume/util/util.go`, GetUniqueVolumeNameFromSpecWithPod).
        when kind = 'inline' then 'kubernetes.io/csi/' || replace(volume_id, '/', '-')
        when driver is not null then 'kubernetes.io/csi/' || driver || '^' || volume_handle
    end as unique_name,
    storage_class,
    claim_uid,
    claim_namespace,
    claim_name,
    capacity_bytes,
    volume_mode,
    access_modes,
    reclaim_policy,
    -- to do
    null::varchar as source_kind,
    null::varchar as source_name,
    null::varchar as source_volume_id,
    false as migrated,
    first_seq,
    first_observed_at,
    first_type,
    ended_at,
    ended_by
from every_volume
