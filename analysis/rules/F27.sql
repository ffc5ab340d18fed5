-- title: a network file system is stale, hangs, or cannot be mounted
-- step: publish
-- severity: error
-- sentence: {what} on {node}: {error}
-- symptom: `stale file handle`; or an unmount that begins and never ends, without an error; or a mount that the
--   server, or the node's missing helper, refuses.
-- cause: The server is gone or its export was made anew; a hard mount; the server went before its clients; the node
--   lacks nfs-common or cifs-utils.
-- advice: Bring the server back; else umount -f -l, or reboot the node. Other pods of that server hang too.
-- look-alikes: What returns errors quickly is F22 or F28: a hang has no `No retries permitted`.
-- needs: persistentvolumeclaims, persistentvolumes, pods, events, log of kubelet
-- echo of: F14 by node

with told as (
    select use_id, seq, told_at, message as error
    from _complaints
    where use_id is not null and reason in ('FailedMount', 'Failed', 'FailedKillPod')
    union all
    select use_id, seq, told_at, error
    from _logged_failures
    where use_id is not null
),

failing as (
    select
        told.*,
        case
            when regexp_matches(told.error, '(?i)stale (nfs )?file handle')
                then 'The handle of the file system is stale'
            when regexp_matches(
                    told.error,
                    '(?i)mount\.(nfs|cifs|ceph)\w*:|-t (nfs|nfs4|cifs|ceph|glusterfs)\b'
                    || '|filesystem type ''(nfs|cifs|ceph)'
                )
                then 'The network file system cannot be mounted'
        end as what
    from told
),

refused as (
    select
        failing.use_id,
        failing.what,
        min(failing.told_at) as from_at,
        any_value(_goals.reached_at) as to_at,
        list(distinct failing.seq order by failing.seq) as evidence,
        -- What mount itself says, without its arguments.
        arg_max(
            coalesce(nullif(regexp_extract(failing.error, '(mount(\.\w+)?: [^\n]+)', 1), ''), failing.error),
            failing.told_at
        ) as error
    from failing
    join uses using (use_id)
    left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
    where failing.what is not null
    group by failing.use_id, failing.what
),

-- An unmount that began; the kubelet's next word of it, whichever it is, ends it.
steps as (
    select
        uses.use_id,
        logs.seq,
        logs.observed_at,
        logs.fields['outcome'] as outcome,
        logs.stream
    from logs
    join uses
        on uses.pod_uid = logs.fields['pod_uid']
        and (
            contains(logs.message, '"' || uses.unique_name || '"')
            or contains(logs.message, ':' || uses.unique_name || ' ')
        )
    where logs.component = 'kubelet' and starts_with(logs.fields['verb'], 'UnmountVolume')
),

hung as (
    select steps.use_id, steps.seq, steps.observed_at as from_at
    from steps
    cross join _span
    left join _watched
        on _watched.source = 'kubelet'
        and steps.observed_at between _watched.begins_at and _watched.ends_at
        and _watched.place = (select any_value(node) from uses where uses.use_id = steps.use_id)
    where steps.outcome = 'started'
        and coalesce(_watched.ends_at, steps.observed_at) > steps.observed_at + interval 3 minutes
    qualify row_number() over (partition by steps.use_id order by steps.seq desc) = 1
        and steps.seq = (select max(latest.seq) from steps as latest where latest.use_id = steps.use_id)
),

found as (
    select *, 'certain' as confidence
    from refused
    union all by name
    select
        hung.use_id,
        'The unmount has begun and not ended' as what,
        hung.from_at,
        uses.ended_at as to_at,
        [hung.seq] as evidence,
        'no error was told, as of a mount that hangs.' as error,
        'likely' as confidence
    from hung
    join uses using (use_id)
)

select
    uses.volume_id,
    found.use_id,
    uses.node,
    null as driver,
    found.from_at,
    found.to_at,
    found.confidence,
    found.evidence,
    {what: found.what, node: uses.node, error: found.error} as details
from found
join uses using (use_id)
