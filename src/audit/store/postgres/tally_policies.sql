select w ->> 'id' as id,
    count(*) as decisions,
    coalesce(sum((w ->> 'evaluations')::bigint), 0)::bigint as evaluations,
    count(*) filter (where w ->> 'verdict' = 'pass') as passed,
    count(*) filter (where w ->> 'verdict' = 'fail') as failed,
    count(*) filter (where w ->> 'verdict' = 'unknown') as unknown,
    count(*) filter (where jsonb_path_exists(w, '$.findings[*].status ? (@ == "waived")')) as waived,
    count(*) filter (where jsonb_path_exists(w, '$.findings[*].status ? (@ == "overridden")')) as overridden,
    max(index) as last
from tally, jsonb_array_elements(why) w
where w ->> 'verdict' <> 'not_applicable'
group by 1
