-- One stretch of `_stretches` with its name: the step that it was, or all those that it may have been.
with missing as (
    select
        stretches.subject_id,
        stretches.from_position,
        stretches.begins_at,
        stretches.ends_at,
        stretches.to_position is null as is_open,
        _links.position,
        _links.phase,
        _links.link,
        _links.owner,
        coalesce(_links.position = stretches.to_position, false) as is_end,
        _links.need = 'may' as is_skippable,
        coalesce(list_contains(_subjects.doubts, _links.only_for), false) as is_doubtful,
        _links.shown_by,
        _links.shown_by in ('kubelet', 'csi-attacher', 'csi-provisioner') as is_shown_by_log,
        case
            when _links.shown_by = 'kubelet' then [_subjects.node]
            when is_shown_by_log then [_subjects.driver]
            else ['', _subjects.namespace]
        end as places
    from _stretches as stretches
    join _subjects using (subject_id)
    join _links
        on _links.chain = _subjects.chain
        and _links.position > stretches.from_position
        and _links.position <= coalesce(stretches.to_position, stretches.last_position)
        and (
            _links.position = stretches.to_position
            or (
                _links.need != 'extra'
                and coalesce(list_contains(_subjects.features || _subjects.doubts, _links.only_for), true)
            )
        )
),

watched as (
    select
        subject_id,
        from_position,
        position,
        any_value(is_doubtful) as is_doubtful,
        max(_watched.ends_at) as watched_until
    from (select *, unnest(places) as place from missing where not is_end) as sought
    join _watched
        on _watched.source = sought.shown_by
        and _watched.place = sought.place
        and if(
            is_open,
            -- A log that begins later may have told of it before; an object would still show it.
            _watched.ends_at > sought.begins_at and (not is_shown_by_log or _watched.begins_at <= sought.begins_at),
            _watched.begins_at <= sought.begins_at and _watched.ends_at >= sought.ends_at
        )
    group by subject_id, from_position, position
),

-- What some go without and would have been shown had no part in what is over; of what goes on it is the next to be
-- shown.
next_shown as (
    select subject_id, from_position, min(position) as next_position
    from watched
    where not is_doubtful
    group by subject_id, from_position
),

-- A milestone that came at an unknown instant had its part.
happened as (
    select subject_id, position
    from _chain_milestones
    where happened_at is null
),

parts as (
    select
        subject_id,
        from_position,
        count(*) as steps,
        arg_min(phase, position) as phase,
        any_value(owner) as owner,
        count(distinct owner) as owners,
        list(link order by position) as links,
        any_value(is_open) as is_open,
        arg_max(watched_until, position) as watched_until
    from missing
    left join watched using (subject_id, from_position, position)
    left join next_shown using (subject_id, from_position)
    left join happened using (subject_id, position)
    where case
            when is_open then position <= next_position
            else is_end
                or happened.position is not null
                or watched_until is null
                or not (is_skippable or missing.is_doubtful)
        end
    group by subject_id, from_position
),

-- Each link once, in their order.
told as (
    select *, list_filter(links, lambda link, place: place = 1 or link != links[place - 1]) as distinct_links
    from parts
)

select
    subject_id,
    from_position,
    -- The step's name; of several of one owner the first one's; else the link they lie in, or all their links.
    if(owners = 1, phase, array_to_string(distinct_links, '+')) as phase,
    -- Null where it may have been several.
    if(owners = 1 or len(distinct_links) = 1, links[1], null) as link,
    if(owners = 1, owner, 'unknown') as owner,
    -- Of what goes on: the instant up to which the next milestone would have been shown, and was not.
    if(is_open, watched_until, null) as watched_until
from told
