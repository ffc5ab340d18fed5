-- One life of an object of the kind $kind: what a name can mean.
select
    namespace,
    name,
    uid,
    min(observed_at) as from_at,
    arg_min(type, seq) as first_type,
    max(observed_at) filter (type in ('DELETED', 'VANISHED')) as to_at
from objects
where kind = $kind and uid is not null
group by namespace, name, uid
order by from_at, uid
