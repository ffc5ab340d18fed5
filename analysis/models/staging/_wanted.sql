-- One stretch of time in which a pod on a node wants one of its volumes: it is placed, has not ended, and its claim is
-- bound (`pkg/controller/volume/attachdetach/util/util.go`, ProcessPodVolumes; the kubelet's
-- `pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go`). What was bound once stays wanted until
-- the pod has ended.
with node_settings as (
    select name as node, arg_max(coalesce(keeps_terminated, false), seq) as keeps_terminated
    from objects
    where kind = 'Node' and type != 'VANISHED'
    group by name
),

pods as (
    select
        versions.pod_uid,
        versions.node,
        versions.seq,
        versions.observed_at,
        versions.type,
        not versions.is_gone
        and versions.node is not null
        and (
            coalesce(node_settings.keeps_terminated, false)
            -- `pkg/volume/util/util.go`, IsPodTerminated
            or not (
                coalesce(versions.phase in ('Succeeded', 'Failed'), false)
                or (versions.deletion_requested_at is not null and versions.none_running)
            )
        ) as is_wanting
    from _pod_versions as versions
    left join node_settings on node_settings.node = versions.node
    where versions.pod_uid in (select pod_uid from uses)
),

turns as (
    select *
    from pods
    window pod as (partition by pod_uid order by seq)
    qualify is_wanting is distinct from lag(is_wanting, 1, false) over pod
),

pod_stretches as (
    select
        *,
        lead(seq) over pod as to_seq,
        lead(observed_at) over pod as to_at
    from turns
    window pod as (partition by pod_uid order by seq)
    qualify is_wanting
),

-- The claim is Bound and names the volume, and the volume names the claim.
claim_sides as (
    select uid as claim_uid, volume_name, min(seq) as seq, arg_min(observed_at, seq) as at
    from _binding_changes
    where kind = 'PersistentVolumeClaim' and phase = 'Bound' and volume_name is not null
    group by uid, volume_name
),

volume_sides as (
    select uid as volume_id, claim_uid, min(seq) as seq, arg_min(observed_at, seq) as at
    from _binding_changes
    where kind = 'PersistentVolume' and claim_uid is not null
    group by uid, claim_uid
),

bound as (
    select
        volume_claims.volume_id,
        volume_claims.claim_uid,
        greatest(claim_sides.seq, volume_sides.seq) as seq,
        greatest(claim_sides.at, volume_sides.at) as at,
        volume_claims.to_at
    from volume_claims
    join _pvs on _pvs.pv_uid = volume_claims.volume_id
    join claim_sides on claim_sides.claim_uid = volume_claims.claim_uid and claim_sides.volume_name = _pvs.name
    join volume_sides
        on volume_sides.claim_uid = volume_claims.claim_uid and volume_sides.volume_id = volume_claims.volume_id
)

select
    uses.use_id,
    uses.volume_id,
    uses.unique_name,
    uses.pod_uid,
    uses.namespace,
    uses.pod,
    pods.node,
    greatest(pods.observed_at, bound.at) as valid_from,
    pods.to_at as valid_to,
    -- A version that a list showed had been so before.
    if(bound.seq > pods.seq, true, pods.type != 'LISTED') as since_known,
    greatest(pods.seq, bound.seq) as seq_from,
    pods.to_seq as seq_to
from pod_stretches as pods
join uses using (pod_uid)
left join bound on bound.claim_uid = uses.claim_uid and bound.volume_id = uses.volume_id
where (uses.source = 'inline' or bound.seq is not null)
    and (bound.to_at is null or bound.to_at > pods.observed_at)
    and (pods.to_at is null or bound.at is null or bound.at < pods.to_at)
