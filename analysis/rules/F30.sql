-- title: the driver or one of its sidecars is away, or hangs
-- step: control plane
-- severity: warning
-- sentence: {what}.
-- symptom: Claims show only ExternalProvisioning, VolumeAttachments get no finalizer and no error, mounts find no
--   driver.
-- cause: The driver's container crashed or was killed (its sidecars lose the socket and exit after it), its pod is
--   gone, or the API server was too slow for the lease to be renewed.
-- advice: Look at the container that ended first: its last state and its log. Sidecars that exit right after it are
--   its echo.
-- look-alikes: A new leader without a pause is an upgrade. A leader that renews its lease while work waits for it
--   hangs, as its log without `GRPC call` shows: only a restart helps.
-- needs: persistentvolumeclaims, pods, volumeattachments, leases, events

with unled as (
    select
        _renewals.driver,
        null as pod_uid,
        _renewals.observed_at as from_at,
        _renewals.next_at as to_at,
        _renewals.component as who,
        'had no leader' as what,
        2 as rank,
        if(_renewals.next_seq is null, [_renewals.seq], [_renewals.seq, _renewals.next_seq]) as evidence
    from _renewals
    -- All that time somebody watched.
    join _watched
        on _watched.source = 'leases'
        and _renewals.observed_at between _watched.begins_at and _watched.ends_at
        and coalesce(_renewals.next_at, _watched.ends_at) <= _watched.ends_at
    where coalesce(_renewals.next_at, _watched.ends_at) - _renewals.observed_at > _renewals.patience
),

hung as (
    select
        driver,
        null as pod_uid,
        from_at,
        to_at,
        component as who,
        concat(
            'renewed its lease and took nothing up, while ',
            waiting,
            if(component = 'csi-attacher', ' VolumeAttachment', ' claim'),
            if(waiting = 1, '', 's'),
            ' waited for it'
        ) as what,
        2 as rank,
        evidence
    from _hung_leaders
),

-- A driver's pod: it has one of the sidecars.
statuses as (
    select uid as pod_uid, node, seq, observed_at, unnest(containers) as container
    from objects
    where kind = 'Pod'
        and type not in ('DELETED', 'VANISHED')
        and list_bool_or([
            regexp_matches(
                coalesce(each.image, each.name),
                'csi-(provisioner|attacher|resizer|snapshotter)|node-driver-registrar|livenessprobe'
            )
            for each in containers
        ])
),

changes as (
    select
        pod_uid,
        node,
        seq,
        observed_at,
        container.name as container,
        container.role as role,
        container.state as state,
        container.reason as reason,
        container.restarts as restarts,
        lag(container.restarts) over versions as restarts_before,
        lag(container.state) over versions as state_before,
        coalesce(container.finished_at, lag(container.finished_at) over versions) as finished_at
    from statuses
    window versions as (partition by pod_uid, container.name order by seq)
),

-- A pod that is being deleted ends its containers as it should.
leaving as (
    select uid as pod_uid, min(observed_at) as leaving_at
    from objects
    where kind = 'Pod' and deletion_requested_at is not null
    group by uid
),

ended as (
    select
        changes.pod_uid,
        changes.container,
        changes.reason,
        changes.observed_at as from_at,
        changes.seq
    from changes
    left join leaving using (pod_uid)
    where changes.role = 'main'
        and (
            (changes.state = 'terminated' and changes.state_before = 'running')
            -- It was back before anybody saw that it was gone.
            or (
                changes.state = 'running'
                and changes.state_before = 'running'
                and changes.restarts > changes.restarts_before
            )
        )
        and (leaving.leaving_at is null or leaving.leaving_at > changes.observed_at)
),

restarted as (
    select
        ended.pod_uid,
        ended.from_at,
        min(changes.observed_at) as to_at,
        ended.container as who,
        'ended' || coalesce(' (' || any_value(ended.reason) || ')', '') as what,
        -- Of what ended at once, the driver: its sidecars follow it.
        if(regexp_matches(ended.container, '^csi-|registrar|liveness'), 1, 0) as rank,
        list_filter([any_value(ended.seq), min(changes.seq)], lambda each: each is not null) as evidence
    from ended
    left join changes
        on changes.pod_uid = ended.pod_uid
        and changes.container = ended.container
        and changes.state = 'running'
        and changes.observed_at >= ended.from_at
    group by ended.pod_uid, ended.container, ended.from_at
),

-- The driver that a pod is of: its sidecars call it, it holds its leases, or it alone speaks for it.
pods_of_drivers as (
    select _pods.pod_uid, operations.driver
    from operations
    join _pods on _pods.name = operations.pod
    where operations.driver is not null and operations.component != 'kubelet'
    union
    select _pods.pod_uid, _renewals.driver
    from _renewals
    join _pods on _pods.name = _renewals.lease_holder
),

away as (
    from unled
    union all by name
    from hung
    union all by name
    select
        pods_of_drivers.driver,
        restarted.*
    from restarted
    left join pods_of_drivers using (pod_uid)
),

-- What follows on each other within a minute is one story.
marked as (
    select
        *,
        coalesce(
            from_at > max(coalesce(to_at, 'infinity'::timestamptz)) over before + interval 1 minute, true
        ) as is_new
    from away
    window before as (
        partition by coalesce(driver, pod_uid) order by from_at, rank rows between unbounded preceding and 1 preceding
    )
),

numbered as (
    select *, count(*) filter (is_new) over (partition by coalesce(driver, pod_uid) order by from_at, rank) as story
    from marked
),

-- Of those of whom the same is told, together.
parts as (
    select
        driver,
        any_value(pod_uid) as pod_uid,
        coalesce(driver, pod_uid) as subject,
        story,
        string_agg(distinct who, ', ' order by who) || ' ' || what as told,
        min(from_at) as from_at,
        if(bool_or(to_at is null), null, max(to_at)) as to_at,
        min(rank) as rank,
        flatten(list(evidence)) as evidence
    from numbered
    group by driver, subject, story, what
)

select
    null as volume_id,
    null as use_id,
    any_value(_pods.node) as node,
    parts.driver,
    min(parts.from_at) as from_at,
    if(bool_or(parts.to_at is null), null, max(parts.to_at)) as to_at,
    'certain' as confidence,
    list_sort(list_distinct(flatten(list(parts.evidence)))) as evidence,
    {
        what: concat(
            'Of the driver ',
            coalesce(parts.driver, 'in a pod'),
            coalesce(' (' || any_value(_pods.name) || ')', ''),
            ': ',
            string_agg(parts.told, '; ' order by parts.from_at, parts.rank)
        )
    } as details
from parts
left join _pods using (pod_uid)
group by parts.driver, parts.subject, parts.story
