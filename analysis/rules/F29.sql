-- title: folders of a pod that is gone are left on the node
-- step: unpublish
-- severity: warning
-- sentence: On {node} the pod {pod} is gone and its volumes' folders are not: {error}
-- symptom: The kubelet logs `orphaned pod ... found` every 2 s; only the first such pod is named.
-- cause: The pod was deleted by force while the node was down, or the kubelet could not rebuild its volume from disk.
-- advice: Look into /proc/self/mountinfo for that UID before anything is deleted: rm -rf through a live mount loses
--   data.
-- look-alikes: `Orphaned pod found, but volumes are not cleaned up` for some seconds is the normal clean-up at work.
-- needs: log of kubelet
-- echo of: F28 by pod, F14 by node

-- `pkg/kubelet/kubelet_volumes.go`, cleanupOrphanedPodDirs; until 1.25 the text stood in the message itself.
with lines as (
    select
        seq,
        observed_at,
        node,
        coalesce(fields['err'], message) as error,
        try_cast(coalesce(
            fields['numErrs'], nullif(regexp_extract(message, 'a total of (\d+) errors', 1), '')
        ) as bigint) as pods
    from logs
    where component = 'kubelet'
        and regexp_matches(
            coalesce(fields['err'], message),
            '[Oo]rphaned pod \\?"[^"]+" found, but '
            || '(failed to|volume paths|volume subpaths|error|.*still (present|mounted))'
        )
),

orphans as (
    select
        node,
        regexp_extract(error, '[Oo]rphaned pod \\?"([0-9a-f-]+)', 1) as pod_uid,
        min(observed_at) as from_at,
        max(observed_at) as last_at,
        count(*) as times,
        max(pods) as pods,
        arg_max(error, seq) as error,
        [min(seq), max(seq)] as evidence
    from lines
    group by all
)

select
    _use_names.volume_id,
    _use_names.use_id,
    orphans.node,
    null as driver,
    orphans.from_at,
    -- It is said every 2 s for as long as it is so, of the first pod only.
    if(_span.last_at > orphans.last_at + interval 1 minute, orphans.last_at, null) as to_at,
    'certain' as confidence,
    orphans.evidence,
    {
        node: orphans.node,
        pod: coalesce(_pods.namespace || '/' || _pods.name, orphans.pod_uid),
        error: concat(orphans.error, if(orphans.pods > 1, concat(' (and ', orphans.pods - 1, ' more)'), ''))
    } as details
from orphans
cross join _span
left join _pods using (pod_uid)
-- Of the volume whose folder it is.
left join _use_names
    on _use_names.pod_uid = orphans.pod_uid
    and contains(orphans.error, '/' || _use_names.spec_name)
where orphans.times > 1
