-- One version of one Node, or the notice that it went away, in which one of its lists of volumes is not as before. Most
-- versions of a Node are heartbeats.
with versions as (
    select
        name as node,
        uid,
        seq,
        observed_at,
        stream,
        type,
        coalesce(revision, seq) as revision,
        type in ('DELETED', 'VANISHED') as is_gone,
        coalesce(volumes_attached, []) as attached,
        coalesce(volumes_in_use, []) as in_use
    from objects
    where kind = 'Node'
)

from versions
window lives as (partition by uid order by seq)
qualify is_gone is distinct from lag(is_gone) over lives
    or attached != lag(attached) over lives
    or in_use != lag(in_use) over lives
