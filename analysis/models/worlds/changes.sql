-- One change of what a cluster's storage rests on: its drivers and where they are registered, the programs that run
-- them, who leads, classes, nodes. What the first list of a stream shows is no change: it had been so before.
with first_lists as (
    select
        objects.stream,
        coalesce(any_value(notes.seq), min(objects.seq) filter (objects.type != 'LISTED')) as ends_before
    from objects
    left join (select stream, min(seq) as seq from streams where what = 'synced' group by stream) as notes
        on notes.stream = objects.stream
    where objects.kind in (
        'CSIDriver', 'CSINode', 'Lease', 'Node', 'Pod', 'StorageClass', 'VolumeAttributesClass', 'VolumeSnapshotClass'
    )
    group by objects.stream
),

versions as (
    select
        objects.kind,
        objects.namespace,
        objects.name,
        objects.uid,
        objects.seq,
        objects.observed_at,
        objects.node,
        objects.containers,
        objects.owner_kind,
        objects.owner_name,
        objects.attach_required,
        objects.node_drivers,
        objects.lease_holder,
        objects.provisioner,
        objects.driver,
        objects.reclaim_policy,
        objects.binding_mode,
        objects.conditions,
        objects.taints,
        objects.type in ('DELETED', 'VANISHED') as is_gone,
        objects.type = 'LISTED' and coalesce(objects.seq < first_lists.ends_before, true) as is_first_list
    from objects
    join first_lists using (stream)
),

registered as (
    select distinct name as node, unnest(node_drivers).name as driver
    from versions
    where kind = 'CSINode'
),

-- Pods that run a driver or one of its sidecars, told by what their containers are called.
program_pods as (
    select uid
    from (select uid, unnest(containers) as container from versions where kind = 'Pod')
    where regexp_matches(
        container.name || ' ' || coalesce(container.image, ''),
        'csi|provisioner|attacher|resizer|snapshot|registrar|liveness-?probe|health-monitor|kube-(controller|scheduler)'
    )
    group by uid
),

programs as (
    select
        *,
        namespace || '/' || name as pod,
        if(owner_kind = 'ReplicaSet', regexp_extract(owner_name, '(.+)-[^-]+$', 1), owner_name) as owner,
        namespace || '/' || coalesce(owner, name) as workload
    from versions
    where kind = 'Pod' and uid in (select uid from program_pods)
),

program_containers as (
    select pod, workload, uid, seq, observed_at, is_first_list, unnest(containers) as container
    from programs
    where not is_gone
),

images as (
    select
        workload,
        container.name as container,
        container.image as image,
        min(seq) as seq,
        arg_min(observed_at, seq) as observed_at,
        arg_min(is_first_list, seq) as is_first_list
    from program_containers
    -- Before it runs, a container has the image that it asks for, which may be a shorter name of the same.
    where container.state = 'running'
    group by workload, uid, container.name, container.image
),

facts as (
    select
        'driver' as topic,
        name as subject,
        'CSIDriver' as what,
        if(is_gone, null, if(coalesce(attach_required, true), 'attaches volumes', 'attaches nothing')) as value,
        null as life,
        seq,
        observed_at,
        is_first_list
    from versions
    where kind = 'CSIDriver'
    union all
    select
        'registration',
        registered.node,
        registered.driver,
        list_transform(
            list_filter(if(is_gone, [], coalesce(node_drivers, [])), lambda each: each.name = registered.driver),
            lambda each: coalesce('limit ' || each.limit, 'no limit')
        )[1],
        null,
        seq,
        observed_at,
        is_first_list
    from versions
    join registered on registered.node = versions.name
    where kind = 'CSINode'
    union all
    select 'program', workload, 'image of ' || container, image, null, seq, observed_at, is_first_list
    from images
    union all
    select 'program', pod, 'pod', if(is_gone, null, 'on ' || node), uid, seq, observed_at, is_first_list
    from programs
    union all
    select
        'program',
        pod,
        'restarts of ' || container.name,
        container.restarts::varchar,
        uid,
        seq,
        observed_at,
        is_first_list
    from program_containers
    union all
    select
        'leader',
        namespace || '/' || name,
        'Lease',
        if(is_gone, null, nullif(lease_holder, '')),
        null,
        seq,
        observed_at,
        is_first_list
    from versions
    -- The Leases of nodes and API servers elect nobody.
    where kind = 'Lease' and namespace != 'kube-node-lease' and not starts_with(name, 'apiserver-')
    union all
    select
        'class',
        name,
        kind,
        if(is_gone, null, concat_ws(', ', coalesce(provisioner, driver), reclaim_policy, binding_mode)),
        null,
        seq,
        observed_at,
        is_first_list
    from versions
    where kind in ('StorageClass', 'VolumeAttributesClass', 'VolumeSnapshotClass')
    union all
    select
        'node',
        name,
        'ready',
        if(
            is_gone,
            null,
            coalesce(lower(list_filter(conditions, lambda each: each.type = 'Ready')[1].status), 'unknown')
        ),
        null,
        seq,
        observed_at,
        is_first_list
    from versions
    where kind = 'Node'
    union all
    select
        'node',
        name,
        'taints',
        nullif(array_to_string(list_sort(taints), ', '), ''),
        null,
        seq,
        observed_at,
        is_first_list
    from versions
    where kind = 'Node' and not is_gone
),

compared as (
    select
        *,
        lag(value) over life as before,
        row_number() over life = 1 as is_first
    from facts
    window life as (partition by topic, subject, what, life order by seq)
)

select
    -- `driver`, `registration` (a driver on a node), `program` (a pod that runs a driver or its sidecars), `leader`,
    -- `class`, `node`.
    topic,
    -- What changed: a driver, a node, a pod or its workload (`namespace/name`), a Lease, a class.
    subject,
    -- Which part of it: `CSIDriver`, the driver's name, `image of CONTAINER`, `restarts of CONTAINER`, `pod`, `Lease`,
    -- the class's kind, `ready`, `taints`.
    what,
    -- What it was; null: it was not there.
    before,
    -- What it is now; null: it is gone.
    value as after,
    -- When the recorder saw it, on its own clock.
    observed_at as changed_at,
    -- Row of the trace that shows it.
    seq
from compared
where value is distinct from before
    and not (is_first and (is_first_list or starts_with(what, 'restarts of ') or starts_with(what, 'image of ')))
