-- One version of a Node in which a milestone of a VolumeAttachment is first seen: it is listed as attached, or as in
-- use no longer. Its lists hold UniqueNames, so which attachment is meant follows from when it was.
with versions as (
    select
        node,
        seq,
        stream,
        revision,
        attached as listed,
        in_use,
        min(seq) over lives as first_seq,
        coalesce(lag(listed) over lives, []) as listed_before,
        coalesce(lag(in_use) over lives, []) as in_use_before
    from _node_versions
    where not is_gone
    window lives as (partition by uid order by seq)
    qualify listed != listed_before or in_use != in_use_before
),

changes as (
    select
        *,
        (
            (
                select count(*)
                from streams
                where what = 'rewound' and streams.stream = versions.stream and streams.seq < versions.seq
            ) << 44
        ) + revision as position
    from versions
),

turns as (
    select
        node,
        seq,
        first_seq,
        position,
        'node_lists_attached' as milestone,
        unnest(list_filter(listed, lambda name: not list_contains(listed_before, name))) as unique_name
    from changes
    union all
    select
        node,
        seq,
        first_seq,
        position,
        'no_longer_in_use',
        unnest(list_filter(in_use_before, lambda name: not list_contains(in_use, name)))
    from changes
),

attachments as (
    select attachment_uid, _attachments.volume_id, node, unique_name, from_position, to_position
    from _attachments
    join _volumes using (volume_id)
),

-- The first time that it is listed counts, and the last time that it is let go.
found as (
    select
        attachments.attachment_uid,
        attachments.volume_id,
        turns.milestone,
        if(turns.milestone = 'node_lists_attached', min(turns.seq), max(turns.seq)) as seq,
        any_value(turns.first_seq) as first_seq
    from turns
    asof join attachments
        on attachments.node = turns.node
        and attachments.unique_name = turns.unique_name
        and turns.position >= attachments.from_position
    where attachments.to_position is null or turns.position < attachments.to_position
    group by attachments.attachment_uid, attachments.volume_id, turns.milestone
)

select
    milestone,
    found.volume_id,
    if(milestone = 'node_lists_attached', caused_by, ended_by) as use_id,
    attachment_uid,
    1 as occurrence,
    seq,
    first_seq,
    if(milestone = 'node_lists_attached', 'Node status.volumesAttached', 'Node status.volumesInUse') as source,
    null::timestamptz as stamped_at,
    null::varchar as stamp_clock,
    null::varchar as stamp_source
from found
join _attachment_uses using (attachment_uid)
