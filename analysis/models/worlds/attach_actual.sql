-- One stretch of time in which a volume's attachment to a node stood in one way: as its VolumeAttachment says it, and
-- as the Node's status does.
with versions as (
    select
        attachment_uid,
        seq,
        observed_at,
        type,
        case
            when is_gone then 'none'
            when deletion_requested_at is not null then 'detaching'
            when attached then 'attached'
            else 'attaching'
        end as standing,
        standing != 'none' and coalesce(attached, false) as is_attached,
        if(standing = 'none', null, if(standing = 'detaching', detach_error, attach_error)) as last_error
    from _attachment_versions
),

attachment_turns as (
    select
        _attachments.node,
        coalesce(_volumes.unique_name, _attachments.attachment_uid) as name,
        _attachments.volume_id,
        versions.seq,
        versions.observed_at,
        versions.type != 'LISTED' as since_known,
        {
            standing: versions.standing,
            is_attached: versions.is_attached,
            last_error: versions.last_error,
            uid: versions.attachment_uid
        } as told,
        null::boolean as listed
    from versions
    join _attachments using (attachment_uid)
    left join _volumes on _volumes.volume_id = _attachments.volume_id
    window life as (partition by attachment_uid order by versions.seq)
    qualify told is distinct from lag(told) over life
),

listings as (
    select * from _node_lists where list = 'volumesAttached'
),

node_turns as (
    select
        node,
        unique_name as name,
        seq_from as seq,
        valid_from as observed_at,
        since_known,
        true as listed
    from listings
    union all
    select node, unique_name, seq_to, valid_to, true, false
    from listings
    where valid_to is not null
),

turns as (
    from attachment_turns
    union all by name
    from node_turns
),

-- What neither of the two rows says stays as it was.
stretches as (
    select
        node,
        name,
        seq,
        observed_at,
        since_known,
        last_value(told ignore nulls) over up_to_here as told,
        coalesce(last_value(listed ignore nulls) over up_to_here, false) as listed,
        last_value(volume_id ignore nulls) over up_to_here as volume_id,
        lead(observed_at) over entries as valid_to,
        lead(seq) over entries as seq_to
    from turns
    window
        entries as (partition by node, name order by seq),
        up_to_here as (partition by node, name order by seq rows unbounded preceding)
),

named as (
    select unique_name, volume_id, first_seq
    from _volumes
    where unique_name is not null
)

select
    -- The node.
    stretches.node,
    -- The volume; null where its PersistentVolume is not in the trace.
    coalesce(stretches.volume_id, named.volume_id) as volume_id,
    -- How the controllers call it; null where that is not known.
    if(told.uid = stretches.name, null, stretches.name) as unique_name,
    -- UID of the VolumeAttachment; null where there is none.
    if(told.standing != 'none', told.uid, null) as attachment_uid,
    -- What the VolumeAttachment says: `attaching`, `attached`, `detaching` (its deletion was asked for), or `none`:
    -- there is none.
    coalesce(told.standing, 'none') as standing,
    -- Whether its status says that it is attached; often still so when it goes away.
    coalesce(told.is_attached, false) as attached,
    -- Whether the Node's status.volumesAttached lists the volume: only then a kubelet mounts it.
    stretches.listed,
    -- The error that the VolumeAttachment shows; null where there is none.
    told.last_error as last_error,
    -- From when on, on the recorder's clock.
    stretches.observed_at as valid_from,
    -- Until when, exclusive; null while it goes on.
    stretches.valid_to,
    -- Whether the beginning was seen; if not it had been so before.
    stretches.since_known,
    -- Row of the trace that began it.
    stretches.seq as seq_from,
    -- Row of the trace that ended it; null while it goes on.
    stretches.seq_to
from stretches
asof left join named on named.unique_name = stretches.name and stretches.seq >= named.first_seq
where coalesce(told.standing, 'none') != 'none' or stretches.listed
