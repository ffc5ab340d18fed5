-- One stretch between two milestones that follow each other in the chain of one volume or of one use. A phase that has
-- begun and whose next milestone has not come is open. Those of one volume, or of one use, up or down, never overlap.
with stretches as (
    select
        _stretches.*,
        _subjects.* exclude (subject_id),
        named.phase,
        named.link,
        named.owner,
        named.watched_until,
        case
            when from_not_before > to_not_after then 'contradiction'
            when to_position is not null then 'done'
            when is_gone then 'abandoned'
            else 'open'
        end as state
    from _stretches
    join _subjects using (subject_id)
    join _named_stretches as named using (subject_id, from_position)
    -- What was given up before is not waited for.
    where to_position is not null or gone_at is null or gone_at >= begins_at
),

bounded as (
    select
        *,
        if(state = 'abandoned', gone_at, ends_at) as ended_at,
        case state
            when 'open' then watched_until
            when 'abandoned' then coalesce(gone_not_before, begins_at)
            else to_not_before
        end as ends_not_before,
        if(state = 'abandoned', gone_not_after, to_not_after) as ends_not_after
    from stretches
),

-- A try belongs to the phase of its step in which it was told of; an Event may arrive, and a log's clock be, a moment
-- late.
placed_tries as (
    select
        _tries.try_id,
        unnest(
            min_by(
                {subject_id: bounded.subject_id, from_position: bounded.from_position},
                greatest(bounded.begins_at - _tries.tried_at, _tries.tried_at - bounded.ended_at, interval 0 seconds)
            )
        )
    from bounded
    join _tries
        on _tries.chain = bounded.chain
        and _tries.id = bounded.id
        and _tries.last_position > bounded.from_position
        and (bounded.to_position is null or _tries.first_position <= bounded.to_position)
        and (bounded.begins_at is null or _tries.tried_at > bounded.begins_at - interval 1 second)
        and (bounded.ended_at is null or _tries.tried_at < bounded.ended_at + interval 1 second)
    group by _tries.try_id
),

tried as (
    select
        subject_id,
        from_position,
        source,
        sum(tries) as tries,
        max(tried_at) filter (error is not null) as last_error_at,
        arg_max(error, tried_at) as last_error
    from placed_tries
    join _tries using (try_id)
    group by subject_id, from_position, source
),

-- What one log stamps lies as far apart as its stamps: how far its clock is off does not matter.
read_off_one_log as (
    select
        bounded.subject_id,
        bounded.from_position,
        epoch_us(last_line.logged_at) - epoch_us(first_line.logged_at) as apart_us
    from bounded
    join logs as first_line on first_line.seq = bounded.evidence_from
    join logs as last_line on last_line.seq = bounded.evidence_to and last_line.stream = first_line.stream
    -- Stamps to the microsecond, of both lines.
    where epoch_us(first_line.logged_at) % 1000 != 0 and epoch_us(last_line.logged_at) % 1000 != 0
),

counted as (
    select
        subject_id,
        from_position,
        max(tries) filter (source = 'call') as calls,
        max(tries) filter (source = 'Event of a try') as announced,
        max(tries) filter (source not in ('call', 'Event of a try')) as failures,
        arg_max(last_error, last_error_at) as last_error
    from tried
    group by subject_id, from_position
)

select
    -- The volume; null where a use's claim never existed.
    volume_id,
    -- The use, of which it is a phase on the way up or down; null for the volume's own phases.
    use_id,
    -- The VolumeAttachment, where it is the link `attach` or `detach`.
    if(link in ('attach', 'detach'), attachment_uid, null) as attachment_uid,
    -- `up`: to a running pod. `down`: back from it. `beside`: expanding, snapshots, modifying.
    case
        when chain in ('claim', 'pod') then 'up'
        when chain in ('claim_end', 'pod_end') then 'down'
        else 'beside'
    end as direction,
    -- Link of the chain: provision, bind, schedule, attach, stage, publish, start, stop, unpublish, unstage, detach,
    -- release, delete, expand, snapshot, modify. Null where the milestones that part two links are not known.
    link,
    -- Name of the step; where several steps cannot be told apart, their link, or all their links joined by `+`.
    phase,
    -- Who had the time, or has it: the component, `user`, or `unknown`.
    owner,
    -- The milestone that it began with.
    from_milestone,
    -- The milestone that ended it; null where it has not come.
    to_milestone,
    -- On the recorder's clock; null where it began at an unknown instant, before the recording or in a gap.
    begins_at,
    -- On the recorder's clock: the next milestone, or when it was abandoned; null while open, and where that instant
    -- is not known.
    ended_at as ends_at,
    -- Up to when it was seen to last: ends_at, or while open the last instant that the trace knows of; null where
    -- neither is known.
    if(state = 'open', watched_until, ended_at) as seen_until,
    -- From begins_at to ends_at, in microseconds; null where one of them is not known, and in a contradiction.
    if(state = 'contradiction', null, epoch_us(ended_at) - epoch_us(begins_at)) as duration_us,
    -- It took at least so long, in microseconds; 0 where nothing says more, null in a contradiction. While open: so
    -- long it has been seen to wait.
    case
        when state = 'contradiction' then null
        when apart_us = epoch_us(ended_at) - epoch_us(begins_at) then greatest(apart_us - 1, 0)
        else greatest(epoch_us(ends_not_before) - epoch_us(from_not_after), 0)
    end as shortest_us,
    -- It took at most so long, in microseconds; null where nothing says so, and while open.
    case
        when state in ('open', 'contradiction') then null
        when apart_us = epoch_us(ended_at) - epoch_us(begins_at) then apart_us + 1
        -- Not `greatest`, which would make 0 of what is not known.
        when ends_not_after < from_not_before then 0
        else epoch_us(ends_not_after) - epoch_us(from_not_before)
    end as longest_us,
    -- `done`; `open`: the next milestone has not come; `abandoned`: given up or deleted before it came;
    -- `contradiction`: the evidence says that it ended before it began.
    state,
    -- Whether it began at an unknown instant.
    begins_at is null as left_censored,
    -- Whether its end was not seen: it is open or abandoned, or the next milestone came at an unknown instant.
    state in ('open', 'abandoned') or ended_at is null as right_censored,
    -- How many tries it took, or has taken so far: calls in the logs, else what Events and objects tell; null:
    -- nothing tells.
    coalesce(calls, announced, nullif(failures, 0) + (state = 'done')::int)::bigint as attempts,
    -- The last error in it, as it came; null if there was none.
    last_error,
    -- Row of the trace that shows how it began.
    evidence_from,
    -- Row of the trace that shows how it ended; null where it has not.
    evidence_to,
    -- How manieth time the volume goes this way: with which claim, in which expansion, snapshot, modification. 1 for
    -- a use.
    occurrence
from bounded
left join counted using (subject_id, from_position)
left join read_off_one_log using (subject_id, from_position)
