-- One object of the kind $kind as it stood at $at: its newest version that had arrived by then, if it was not gone. With
-- $namespace, $name and $uid only what has them.
with lives as (
    select
        max(seq) filter (object is not null) as seq,
        arg_max(type, seq) as last_type,
        arg_min(type, seq) as first_type
    from objects
    where kind = $kind
        and observed_at <= $at
        and ($namespace::varchar is null or namespace = $namespace)
        and ($name::varchar is null or name = $name)
        and ($uid::varchar is null or uid = $uid)
    group by stream, namespace, name, uid
)

select objects.*, lives.first_type
from lives
join objects using (seq)
where lives.last_type not in ('DELETED', 'VANISHED')
order by objects.seq
