select key,
    max(change) as change,
    (array_agg(digest order by index desc) filter (where digest is not null))[1] as digest,
    (array_agg(head order by index desc) filter (where head is not null))[1] as head,
    one ->> 0 as service,
    min(index) as index,
    min(at) as first,
    max(at) as last,
    min(at) filter (where stage = 'apply' and decision = 'allowed') as applied,
    max(approved) as approved,
    count(*) as decisions,
    count(*) filter (where decision = 'denied') as denied,
    max((one ->> 1)::bigint) as resources,
    bool_or(overridden) as overridden,
    bool_or(waived) as waived,
    bool_or(frozen) as frozen
from tally, jsonb_array_elements(services) one
group by key, one ->> 0
