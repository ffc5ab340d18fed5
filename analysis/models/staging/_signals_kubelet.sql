-- One signal that a kubelet's log gives of a milestone: a step that it says has succeeded.
with said as (
    select
        seq,
        coalesce('node/' || node, component) as clock,
        coalesce(logged_at, stamped_at::timestamptz) as stamped_at,
        fields['verb'] as verb,
        fields['pod_uid'] as pod_uid,
        fields['pv'] as spec_name,
        fields['node'] as node
    from logs
    where component = 'kubelet' and fields['outcome'] = 'succeeded'
),

steps(verb, milestone) as (
    values
        ('Controller attach', 'kubelet_accepted'),
        ('MountVolume.MountDevice', 'staged'),
        ('MapVolume.SetUpDevice', 'staged'),
        ('MountVolume.SetUp', 'published'),
        ('MapVolume.MapPodDevice', 'published'),
        ('UnmountVolume.TearDown', 'unpublished'),
        ('UnmapVolume.UnmapPodDevice', 'unpublished'),
        ('UnmountDevice', 'unstaged'),
        ('UnmapDevice.TearDownDevice', 'unstaged')
),

placed as (
    select
        said.*,
        steps.milestone,
        if(clocks.known, said.stamped_at + to_microseconds(clocks.offset_us), null) as told_at,
        to_microseconds(clocks.error_us) as error
    from said
    join steps using (verb)
    left join clocks using (clock)
),

-- Once is enough: a kubelet that starts anew says it again.
of_uses as (
    select
        milestone,
        any_value(volume_id) as volume_id,
        use_id,
        if(milestone = 'staged', any_value(attachment_uid), null) as attachment_uid,
        min(told_at) as told_at,
        arg_min(error, told_at) as error,
        any_value(clock) as clock,
        any_value(verb) as verb,
        min(placed.seq) as seq
    from placed
    join _use_names using (pod_uid, spec_name)
    where milestone != 'unstaged'
    group by milestone, use_id
),

-- A volume may be staged again before it is detached: the last time counts.
of_attachments as (
    select
        milestone,
        any_value(lives.volume_id) as volume_id,
        any_value(lives.ended_by) as use_id,
        lives.attachment_uid,
        max(told_at) as told_at,
        arg_max(error, told_at) as error,
        any_value(clock) as clock,
        any_value(verb) as verb,
        arg_max(seq, told_at) as seq
    from (select placed.*, _volumes.volume_id from placed join _volumes on _volumes.pv_name = placed.spec_name where milestone = 'unstaged')
        as placed
    asof join _attachment_lives as lives
        on lives.volume_id = placed.volume_id and lives.node = placed.node and placed.told_at >= lives.begins_at
    group by milestone, lives.attachment_uid
)

select
    milestone,
    volume_id,
    use_id,
    attachment_uid,
    1 as occurrence,
    told_at,
    told_at - error as earliest,
    told_at as latest,
    clock,
    'kubelet ' || verb as source,
    1 as rank,
    seq
from (
    from of_uses
    union all by name
    from of_attachments
)
