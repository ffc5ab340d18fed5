-- One stretch of time in which one stream was covered in one way. Where a stream has no row it was not followed.
with notes as (
    select
        seq,
        observed_at,
        stream,
        what,
        detail,
        first_value(case when what in ('synced', 'relisted', 'resumed', 'gap', 'rewound') then what end ignore nulls)
            over (partition by stream order by seq rows between current row and unbounded following) as settled_by
    from streams
),

states as (
    select
        seq,
        observed_at,
        stream,
        what,
        detail,
        case
            when what in ('gap', 'rewound') then 'gap'
            when what in ('synced', 'relisted', 'resumed', 'bookmark') then 'synced'
            -- Interrupted: what came next says whether something was missed meanwhile.
            when settled_by in ('gap', 'rewound') then 'gap'
            when settled_by = 'resumed' then 'synced'
            -- A log is read from its beginning; there is no list to wait for.
            when what = 'opened' and starts_with(stream, 'log/') then 'synced'
            else 'unobserved'
        end as state
    from notes
),

changes as (
    select
        *,
        (state is distinct from lag(state) over stream_history)::int as is_change
    from states
    window stream_history as (partition by stream order by seq)
),

numbered as (
    select *, sum(is_change) over (partition by stream order by seq) as stretch
    from changes
),

stretches as (
    select
        stream,
        state,
        min(seq) as seq,
        min(observed_at) as noted_at,
        arg_min(what, seq) as first_what,
        coalesce(
            arg_min(concat_ws(': ', what, detail), seq) filter (what in ('gap', 'rewound')),
            arg_min(concat_ws(': ', what, detail), seq) filter (what in ('forbidden', 'failed')),
            arg_min(concat_ws(': ', what, detail), seq)
        ) as why
    from numbered
    group by stream, stretch, state
),

-- Up to here nothing was missed: what arrived, and the notes that say so. Only where a gap asks for it.
certain as (
    select seq, observed_at, stream from objects
    union all
    select seq, observed_at, stream from logs
    union all
    select seq, observed_at, stream from streams
    where what in ('synced', 'relisted', 'resumed', 'bookmark', 'closed')
),

last_certain as (
    select stretches.seq, max(certain.observed_at) as observed_at
    from stretches
    join certain on certain.stream = stretches.stream and certain.seq <= stretches.seq
    where stretches.state = 'gap'
    group by stretches.seq
),

bounded as (
    select
        stretches.stream,
        stretches.state,
        stretches.seq,
        stretches.first_what,
        stretches.why,
        coalesce(last_certain.observed_at, stretches.noted_at) as begins_at
    from stretches
    left join last_certain on last_certain.seq = stretches.seq
),

noted as (
    select *, lead(begins_at) over (partition by stream order by seq) as ends_at
    from bounded
),

without_notes as (
    select stream, min(seq) as seq, min(observed_at) as begins_at
    from (
        select seq, observed_at, stream from objects
        union all
        select seq, observed_at, stream from logs
    )
    where stream not in (select stream from streams where stream is not null)
    group by stream
),

every_stretch as (
    select stream, begins_at, ends_at, state, if(state = 'synced', null, why) as why, seq
    from noted
    where not (first_what = 'closed' and state = 'unobserved' and ends_at is null)
        and (state = 'gap' or ends_at is null or ends_at > begins_at)
    union all
    select stream, begins_at, null, 'unobserved', 'no note of the recorder says what was covered', seq
    from without_notes
)

select
    -- The stream.
    stream,
    -- Beginning of the stretch. A gap begins where the stream was last certain, not where the loss was noticed.
    begins_at,
    -- End of the stretch; null where it goes on to the end of the trace.
    ends_at,
    -- `synced`: nothing was missed. `gap`: something may have been missed. `unobserved`: nobody was looking.
    state,
    -- The recorder's reason for a gap or for not looking; null while synced.
    why,
    -- Row of the trace that began the stretch (in `streams`; where a stream has no notes, its first row).
    seq
from every_stretch
order by begins_at, seq
