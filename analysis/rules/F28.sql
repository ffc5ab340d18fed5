-- title: the volume cannot be unmounted, so that the pod cannot go
-- step: unpublish
-- severity: error
-- sentence: The pod {pod} stays Terminating, or leaves a mount behind: its volume cannot be unmounted on {node}:
--   {error}
-- symptom: The pod's containers have ended, it is still there; no Event. The kubelet's log has
--   `UnmountVolume.TearDown failed`.
-- cause: The driver answers an error, is not registered (F20), lost its metadata file, or the mount is busy.
-- advice: Mend what the error names. To delete the pod by force leaves the mount behind (F29).
-- look-alikes: Finalizers on the pod; containers that do not end (FailedKillPod); an unmount that hangs says nothing
--   (F27).
-- needs: persistentvolumeclaims, persistentvolumes, pods, log of kubelet
-- echo of: F20 by pod, F30 by driver, F27 by pod, F37 by pod

-- `pkg/volume/util/operationexecutor/operation_generator.go`, GenerateUnmountVolumeFunc.
with told as (
    select
        use_id,
        min(told_at) as from_at,
        count(*) as times,
        arg_max(error, told_at) as error,
        list(seq order by seq) as evidence
    from _logged_failures
    where use_id is not null and starts_with(verb, 'UnmountVolume')
    group by use_id
),

ended as (
    select told.use_id, min(logs.observed_at) as to_at
    from told
    join uses using (use_id)
    join logs
        on logs.component = 'kubelet'
        and logs.fields['pod_uid'] = uses.pod_uid
        and logs.fields['verb'] = 'UnmountVolume.TearDown'
        and logs.fields['outcome'] = 'succeeded'
        and contains(logs.message, '"' || uses.unique_name || '"')
        and logs.observed_at > told.from_at
    group by told.use_id
)

select
    uses.volume_id,
    told.use_id,
    uses.node,
    null as driver,
    told.from_at,
    -- Deleting it by force takes the pod away, not the mount.
    ended.to_at,
    'certain' as confidence,
    told.evidence,
    {pod: uses.namespace || '/' || uses.pod, node: uses.node, error: told.error} as details
from told
join uses using (use_id)
left join ended using (use_id)
cross join _span
where coalesce(ended.to_at, _span.last_at) > told.from_at + interval 5 seconds
