-- One note of the recorder that a stream may have missed something.
select observed_at, seq
from streams
where what in ('gap', 'rewound')
order by observed_at, seq
