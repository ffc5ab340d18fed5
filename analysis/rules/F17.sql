-- title: the pod waits for its volumes, and no Event says so
-- step: attach
-- severity: warning
-- sentence: The kubelet of {node} gave up waiting for the volume {times}; it waits for {stage}.
-- symptom: The pod is in ContainerCreating; only the kubelet's log says `context deadline exceeded`, every two
--   minutes.
-- cause: Anything that is slow. Since 1.28 a wait that times out sends no FailedMount.
-- advice: Follow the step that it waits for; see what else is found for this pod.
-- look-alikes: Where an Event names the error, the finding about that one is the cause.
-- needs: pods, log of kubelet
-- echo of: F14 by volume, F13 by pod, F10 by pod, F15 by pod, F16 by pod, F18 by pod, F20 by pod, F21 by pod, F22 by
--   volume, F24 by pod, F25 by pod, F26 by pod, F27 by pod, F37 by pod, F05 by pod, F03 by volume, F04 by volume

-- `pkg/kubelet/volumemanager/volume_manager.go`, WaitForAttachAndMount, after 2 m 3 s; the second text until 1.27.
with told as (
    select
        seq,
        observed_at,
        node,
        fields['podUID'] as pod_uid,
        coalesce(fields['err'], message) as error,
        string_split(regexp_extract(error, 'unmounted volumes=\[([^\]]*)\]', 1), ' ') as unmounted,
        string_split(regexp_extract(error, 'unattached volumes=\[([^\]]*)\]', 1), ' ') as unattached,
        string_split(regexp_extract(error, 'failed to process volumes=\[([^\]]*)\]', 1), ' ') as unprocessed
    from logs
    where component = 'kubelet'
        and contains(message, 'Error syncing pod, skipping')
        and contains(error, 'unmounted volumes=')
        and regexp_matches(error, 'context deadline exceeded|timed out waiting for the condition')
)

select
    uses.volume_id,
    uses.use_id,
    uses.node,
    null as driver,
    -- So long the kubelet had waited.
    min(told.observed_at) - interval 123 seconds as from_at,
    any_value(_goals.reached_at) as to_at,
    'certain' as confidence,
    list(distinct told.seq order by told.seq) as evidence,
    {
        node: uses.node,
        times: if(count(distinct told.seq) = 1, 'once', count(distinct told.seq) || ' times'),
        stage: case
            when arg_max(list_contains(told.unprocessed, uses.pod_volume), told.seq) then 'its claim to be looked up'
            when arg_max(list_contains(told.unattached, uses.pod_volume), told.seq) then 'the attach'
            else 'the mount'
        end
    } as details
from told
join uses on uses.pod_uid = told.pod_uid and list_contains(told.unmounted, uses.pod_volume)
left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
group by uses.volume_id, uses.use_id, uses.node
