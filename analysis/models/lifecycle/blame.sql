-- One stretch of a use's way up (from its pod's creation to started containers) or down (from the pod's deletion to
-- the volume's detach, and on to the volume's end where that was asked for meanwhile). The stretches of a way follow
-- each other without a hole: their durations sum to the whole. What goes on ends at the last instant that the trace
-- knows of.
with stretches as (
    select
        use_id,
        volume_id,
        occurrence,
        direction,
        from_milestone,
        link,
        phase,
        if(state = 'contradiction', 'unknown', owner) as owner,
        begins_at,
        seen_until as ends_at
    from phases
    where direction != 'beside' and seen_until > begins_at
),

turns as (
    select
        uses.use_id,
        uses.pod_uid,
        uses.node,
        uses.attachment_uid,
        uses.volume_id,
        coalesce(volume_claims.occurrence, 1) as occurrence
    from uses
    left join volume_claims on volume_claims.volume_id = uses.volume_id and volume_claims.claim_uid = uses.claim_uid
),

claim_waits as (
    select turns.use_id, turns.pod_uid, stretches.owner, stretches.phase, stretches.begins_at, stretches.ends_at
    from turns
    join stretches using (volume_id, occurrence)
    where stretches.use_id is null and stretches.direction = 'up'
),

use_stretches as (
    select stretches.*, turns.pod_uid, turns.node, turns.attachment_uid
    from stretches
    join turns on turns.use_id = stretches.use_id
),

siblings as (
    select turns.use_id, other.use_id as other_id
    from turns
    join turns as other on other.pod_uid = turns.pod_uid and other.use_id != turns.use_id
),

-- What a use waited for behind a milestone that is told of elsewhere, the nearest cause first.
causes as (
    -- Its own claim. A pod that was placed by hand waits for it on its node.
    select
        use_id,
        unnest(['pod_created', 'pod_scheduled']) as from_milestone,
        1 as rank,
        owner,
        phase,
        begins_at,
        ends_at
    from claim_waits
    union all
    -- An attach that another pod on the node had asked for.
    select turns.use_id, 'pod_scheduled', 2, other.owner, other.phase, other.begins_at, other.ends_at
    from turns
    join use_stretches as other
        on other.attachment_uid = turns.attachment_uid
        and other.use_id != turns.use_id
        and other.direction = 'up'
        and other.link in ('attach', 'stage')
    union all
    -- The volume's leaving of the node that it was attached to before.
    select turns.use_id, 'pod_scheduled', 3, other.owner, other.phase, other.begins_at, other.ends_at
    from turns
    join use_stretches as other
        on other.volume_id = turns.volume_id
        and other.node != turns.node
        and other.direction = 'down'
    union all
    -- The pod's other volumes.
    select
        siblings.use_id,
        'pod_created',
        4,
        'other volume',
        'other_volume',
        claim_waits.begins_at,
        claim_waits.ends_at
    from siblings
    join claim_waits on claim_waits.use_id = siblings.other_id
    union all
    select siblings.use_id, 'published', 4, 'other volume', 'other_volume', other.begins_at, other.ends_at
    from siblings
    join use_stretches as other
        on other.use_id = siblings.other_id
        and other.direction = 'up'
        and other.link in ('attach', 'stage', 'publish')
),

clipped as (
    select
        waiting.use_id,
        waiting.begins_at as waiting_from,
        causes.rank,
        causes.owner,
        causes.phase,
        greatest(causes.begins_at, waiting.begins_at) as begins_at,
        least(causes.ends_at, waiting.ends_at) as ends_at
    from use_stretches as waiting
    join causes
        on causes.use_id = waiting.use_id
        and causes.from_milestone = waiting.from_milestone
        and causes.begins_at < waiting.ends_at
        and causes.ends_at > waiting.begins_at
    where waiting.direction = 'up'
),

-- Beginnings of the pieces into which the causes cut a wait.
cuts as (
    select use_id, waiting_from, unnest([waiting_from, begins_at, ends_at]) as begins_at
    from clipped
),

pieces as (
    select
        use_stretches.use_id,
        use_stretches.begins_at as waiting_from,
        cuts.begins_at,
        coalesce(
            lead(cuts.begins_at) over (partition by cuts.use_id, cuts.waiting_from order by cuts.begins_at),
            use_stretches.ends_at
        ) as ends_at,
        use_stretches.volume_id,
        use_stretches.owner,
        use_stretches.phase
    from (select distinct use_id, waiting_from, begins_at from cuts) as cuts
    join use_stretches
        on use_stretches.use_id = cuts.use_id
        and use_stretches.direction = 'up'
        and use_stretches.begins_at = cuts.waiting_from
),

explained as (
    select
        pieces.use_id,
        any_value(pieces.volume_id) as volume_id,
        'up' as direction,
        coalesce(arg_min(clipped.owner, clipped.rank), any_value(pieces.owner)) as owner,
        coalesce(arg_min(clipped.phase, clipped.rank), any_value(pieces.phase)) as phase,
        pieces.begins_at,
        any_value(pieces.ends_at) as ends_at
    from pieces
    left join clipped
        on clipped.use_id = pieces.use_id
        and clipped.waiting_from = pieces.waiting_from
        and clipped.begins_at <= pieces.begins_at
        and clipped.ends_at >= pieces.ends_at
    where pieces.ends_at > pieces.begins_at
    group by pieces.use_id, pieces.waiting_from, pieces.begins_at
),

-- The end of the last use is followed by the volume's own, if it was asked for before.
last_ends as (
    select volume_id, arg_max(use_id, ends_at) as use_id, max(ends_at) as ends_at
    from use_stretches
    where direction = 'down'
    group by volume_id
),

endings as (
    select
        last_ends.use_id,
        volume_id,
        'down' as direction,
        stretches.owner,
        stretches.phase,
        greatest(stretches.begins_at, last_ends.ends_at) as begins_at,
        stretches.ends_at
    from last_ends
    join stretches using (volume_id)
    where stretches.use_id is null and stretches.direction = 'down' and stretches.ends_at > last_ends.ends_at
        and (
            from stretches as first
            select min(first.begins_at)
            where first.volume_id = last_ends.volume_id and first.use_id is null and first.direction = 'down'
                and first.occurrence = stretches.occurrence
        ) <= last_ends.ends_at
),

every_piece as (
    select use_id, volume_id, direction, owner, phase, begins_at, ends_at
    from use_stretches
    anti join cuts
        on cuts.use_id = use_stretches.use_id
        and cuts.waiting_from = use_stretches.begins_at
        and use_stretches.direction = 'up'
    union all by name
    from explained
    union all by name
    from endings
),

-- Pieces that follow each other and say the same are one.
runs as (
    select
        *,
        (
            owner is distinct from lag(owner) over way or phase is distinct from lag(phase) over way
        )::int as is_new
    from every_piece
    window way as (partition by use_id, direction order by begins_at)
),

numbered as (
    select *, sum(is_new) over (partition by use_id, direction order by begins_at) as position
    from runs
)

select
    -- The use.
    use_id,
    -- The volume.
    any_value(volume_id) as volume_id,
    -- `up` or `down`.
    direction,
    -- Place in the way: 1 is the first.
    position::int as position,
    -- Who had the time; `unknown` where the trace does not tell.
    any_value(owner) as owner,
    -- What it went into: a phase of the use, or of what the use waited for.
    any_value(phase) as phase,
    -- On the recorder's clock.
    min(begins_at) as begins_at,
    -- On the recorder's clock.
    max(ends_at) as ends_at,
    -- In microseconds.
    epoch_us(max(ends_at)) - epoch_us(min(begins_at)) as duration_us
from numbered
group by use_id, direction, position
order by use_id, direction, position
