-- title: the driver refuses to make the volume
-- step: provision_running
-- severity: error
-- sentence: Making the volume was refused {times}: {error}
-- symptom: The claim is Pending; Provisioning and ProvisioningFailed follow each other with the same text.
-- cause: A parameter of the class, a secret, a size, or a quota of the backend: trying again changes nothing.
-- advice: Mend what the message names. A StorageClass cannot be edited: make it anew under its name, and the claim
--   takes the new one. Where the backend is full, make room or ask for more.
-- look-alikes: DeadlineExceeded and Aborted are F05, topology is F06, a node that is gone F07, a snapshot that is not
--   ready F36.
-- needs: persistentvolumeclaims, events
-- echo of: F30 by driver

with told as (
    select
        claim_uid,
        meaning,
        min(told_at) as from_at,
        arg_max(message, told_at) as message,
        arg_max(code, told_at) as code,
        count(*) as tries,
        list(distinct seq order by seq) as evidence
    from _provision_errors
    where meaning in ('refused', 'away')
    group by claim_uid, meaning
    -- A driver or backend that only restarts is back within seconds.
    having meaning = 'refused' or max(told_at) > min(told_at) + interval 30 seconds
),

attempts as (
    select uid as claim_uid, max(counted) as tries
    from _complaints
    where kind = 'PersistentVolumeClaim' and reason = 'Provisioning'
    group by uid
),

-- A quota of the API refuses the claim itself: there is none, only its owner's complaint.
quota as (
    select
        involved_namespace || '/' || involved_name as owner,
        min(observed_at) as from_at,
        arg_max(message, seq) as message,
        list(seq order by seq) as evidence
    from objects
    where kind = 'Event'
        and reason = 'FailedCreate'
        and contains(message, 'exceeded quota')
        and regexp_matches(message, '(?i)claim')
        and type not in ('DELETED', 'VANISHED')
    group by involved_uid, owner
)

select
    _claim_volumes.volume_id,
    null as use_id,
    null as node,
    _claims.provisioner as driver,
    told.from_at,
    _goals.reached_at as to_at,
    if(
        told.meaning = 'refused'
        and coalesce(told.code in ('InvalidArgument', 'ResourceExhausted', 'OutOfRange', 'NotFound'), true),
        'certain',
        'likely'
    ) as confidence,
    told.evidence,
    {
        times: if(coalesce(attempts.tries, told.tries) = 1, 'once', coalesce(attempts.tries, told.tries) || ' times'),
        error: told.message
    } as details
from told
join _claims using (claim_uid)
join _claim_volumes using (claim_uid)
left join attempts using (claim_uid)
left join _goals on _goals.goal = 'bound' and _goals.uid = told.claim_uid
union all
select
    null,
    null,
    null,
    null,
    from_at,
    null,
    'certain',
    evidence,
    {times: 'to ' || owner || ', whose claim was not even admitted', error: message}
from quota
