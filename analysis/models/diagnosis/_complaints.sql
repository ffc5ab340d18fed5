-- One thing that an Event said of a claim, a volume, or a use: once for each time that it was sent or counted on, and
-- of a pod for each of its uses that it is about.
with events as (
    select
        seq,
        if(type = 'LISTED', least(event_last_at, observed_at), observed_at) as told_at,
        reason,
        message,
        reporting_component as component,
        involved_kind as kind,
        involved_uid as uid,
        coalesce(event_count, 1) as counted,
        -- `AttachVolume.Attach failed for volume "NAME" : ...`, `MountVolume.SetUp failed for volume "NAME" : ...`
        nullif(regexp_extract(message, 'for volume "([^"]+)"', 1), '') as volume_named
    from objects
    where kind = 'Event'
        and type not in ('DELETED', 'VANISHED')
        and involved_kind in ('PersistentVolumeClaim', 'PersistentVolume', 'Pod')
)

select
    events.seq,
    events.told_at,
    events.reason,
    events.message,
    -- The gRPC code in it; of several the first: the caller's.
    nullif(regexp_extract(events.message, 'code = (\w+)', 1), '') as code,
    events.component,
    events.kind,
    -- Of the claim, PersistentVolume or pod.
    events.uid,
    -- How often the Event had been sent by then.
    events.counted,
    coalesce(
        uses.volume_id,
        _claim_volumes.volume_id,
        if(events.kind = 'PersistentVolume', events.uid, null)
    ) as volume_id,
    uses.use_id,
    uses.node
from events
left join _claim_volumes on events.kind = 'PersistentVolumeClaim' and _claim_volumes.claim_uid = events.uid
left join uses on events.kind = 'Pod' and uses.pod_uid = events.uid
left join _volumes on _volumes.volume_id = uses.volume_id
-- Of what is about one volume, that one: it is called by its PersistentVolume, or as the pod calls it.
where events.volume_named is null
    or events.kind != 'Pod'
    or events.volume_named in (_volumes.pv_name, uses.pod_volume)
