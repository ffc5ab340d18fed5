-- One finding that has a beginning; it stands at an instant, not on a row.
select distinct from_at as observed_at, null::bigint as seq
from findings
where from_at is not null
order by observed_at
