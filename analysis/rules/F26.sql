-- title: a Secret, ConfigMap, path or mount option that the mount needs is missing or wrong
-- step: publish
-- severity: error
-- sentence: The pod {pod} cannot mount its volume {volume}: {error}
-- symptom: FailedMount `MountVolume.SetUp failed for volume "..."`: a Secret or ConfigMap is not found, the path of a
--   hostPath or local volume is not there, a mount option or volumeMode does not fit.
-- cause: The object or path was never made, is in another namespace or on another node, or lacks the key; the class or
--   volume has options that the plugin does not take.
-- advice: Make what the text names; mount options are the class's and the PersistentVolume's own.
-- look-alikes: First see whether the volume is a claim at all. `not registered` for some seconds after a kubelet's
--   start is normal.
-- needs: pods, events

-- `pkg/volume/configmap`, `pkg/volume/secret`, `pkg/volume/hostpath` (checkType), `pkg/volume/local` (NewMounter),
-- `pkg/volume/csi/csi_attacher.go`, `pkg/volume/util/operationexecutor`.
with told as (
    select
        involved_uid as pod_uid,
        involved_namespace || '/' || involved_name as pod,
        regexp_extract(message, 'volume "([^"]+)"', 1) as volume_named,
        seq,
        if(type = 'LISTED', least(event_last_at, observed_at), observed_at) as told_at,
        regexp_replace(message, '^[^:]*: ', '') as error
    from objects
    where kind = 'Event'
        and involved_kind = 'Pod'
        and reason in ('FailedMount', 'FailedMapVolume')
        and type not in ('DELETED', 'VANISHED')
        and regexp_matches(
            message,
            '(secret|configmap|secrets|configmaps) "[^"]+" (not found|is forbidden)'
            || '|references non-existent (secret|config) key|object "[^"]*"/"[^"]*" not registered'
            || '|fetching Node\w*SecretRef|failed to get (secret|NodePublishSecretRef)'
            || '|hostPath type check failed|: path "[^"]*" does not exist'
            || '|MountOptionSupport check failed|mount options are not supported'
            || '|has volumeMode \w+, but is specified in'
        )
),

troubles as (
    select
        pod_uid,
        any_value(pod) as pod,
        volume_named,
        min(told_at) as from_at,
        max(told_at) as last_at,
        bool_and(contains(error, 'not registered')) as is_young_kubelet,
        arg_max(error, told_at) as error,
        list(distinct seq order by seq) as evidence
    from told
    group by pod_uid, volume_named
)

select
    _use_names.volume_id,
    _use_names.use_id,
    _pods.node,
    null as driver,
    troubles.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    troubles.evidence,
    {
        pod: troubles.pod,
        volume: troubles.volume_named,
        error: troubles.error
    } as details
from troubles
left join _pods using (pod_uid)
left join _use_names on _use_names.pod_uid = troubles.pod_uid and _use_names.spec_name = troubles.volume_named
left join _goals on _goals.goal = 'mounted' and _goals.uid = troubles.pod_uid
where not troubles.is_young_kubelet or troubles.last_at > troubles.from_at + interval 1 minute
