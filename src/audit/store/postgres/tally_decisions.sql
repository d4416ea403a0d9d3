-- Decisions about a change, once each, with their lists put back. The statement of a signed record lies in an envelope,
-- base64. Settings say what is asked, since a statement that makes a table takes no parameters: `changegate.since`, a
-- second or nothing, and `changegate.production`, the environments that are counted, as JSON.
--
-- Materialized: otherwise a record is parsed anew for every mention of its statement, fourteen times as long in all.
create temporary table tally on commit drop as
with leaf as (
    select r.index,
        case when substr(r.leaf, 1, 10) = '{"payload"'::bytea
            then decode(convert_from(r.leaf, 'UTF8')::jsonb ->> 'payload', 'base64')
            else r.leaf
        end as payload
    from changegate.record r where r.leaf is not null
), statement as materialized (
    select index, convert_from(payload, 'UTF8')::jsonb as s from leaf
), decision as (
    select index, s -> 'predicate' as p,
        (select e -> 'digest' ->> 'gitCommit' from jsonb_array_elements(s -> 'subject') e
            where e -> 'digest' ? 'gitCommit' limit 1) as head,
        -- Whole seconds: the database rounds what is finer than its clock.
        extract(epoch from regexp_replace(s #>> '{predicate,when,judged_at}', '\.\d+', '')::timestamptz)::bigint as at
    from statement
    where coalesce(s #>> '{predicate,kind}', 'decision') = 'decision'
        and s #>> '{predicate,stage}' <> 'commit'
        and (s #>> '{predicate,mode}' = 'difference' or s #>> '{predicate,what,change}' is not null)
), listed as materialized (
    select index, p, head, at,
        case when jsonb_typeof(p #> '{what,resources}') = 'object'
            then (select convert_from(b.bytes, 'UTF8')::jsonb from changegate.part b
                where b.sha256 = decode(p #>> '{what,resources,sha256}', 'hex'))
            else p #> '{what,resources}' end as resources,
        case when jsonb_typeof(p -> 'why') = 'object'
            then (select convert_from(b.bytes, 'UTF8')::jsonb from changegate.part b
                where b.sha256 = decode(p #>> '{why,sha256}', 'hex'))
            else coalesce(p -> 'why', '[]') end as why,
        case when jsonb_typeof(p #> '{used,approvals}') = 'object'
            then (select convert_from(b.bytes, 'UTF8')::jsonb from changegate.part b
                where b.sha256 = decode(p #>> '{used,approvals,sha256}', 'hex'))
            else p #> '{used,approvals}' end as approvals
    from decision
    where at >= coalesce(nullif(current_setting('changegate.since'), '')::bigint, at)
)
select index, at, head, why,
    p #>> '{what,change}' as change,
    p #>> '{what,change_digest}' as digest,
    coalesce(p #>> '{what,change}', p #>> '{what,change_digest}', head, p ->> 'id') as key,
    p ->> 'decision' as decision,
    p ->> 'stage' as stage,
    (p #> '{used,override}') is not null and jsonb_typeof(p #> '{used,override}') <> 'null'
        or jsonb_path_exists(why, '$[*].findings[*].status ? (@ == "overridden")') as overridden,
    coalesce(jsonb_array_length(p #> '{used,waivers}'), 0) > 0
        or jsonb_path_exists(why, '$[*].findings[*].status ? (@ == "waived")') as waived,
    jsonb_path_exists(why, '$[*] ? (@.id == "CHG-001" && @.verdict == "fail")') as frozen,
    (select max(extract(epoch from regexp_replace(a ->> 'at', '\.\d+', '')::timestamptz)::bigint)
        from jsonb_array_elements(approvals) a
        where a ->> 'valid' = 'true'
            and a ->> 'at' ~ '^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$') as approved,
    -- [[service, resources], …]; empty when everything lies in other environments.
    (select case
            when jsonb_array_length(coalesce(resources, '[]')) = 0 then '[[null, 0]]'::jsonb
            when count(*) = 0 then '[]'::jsonb
            when count(service) = 0 then jsonb_build_array(jsonb_build_array(null, sum(n)))
            else jsonb_agg(jsonb_build_array(service, n)) filter (where service is not null)
        end
        from (select r ->> 'service' as service, count(*) as n
            from jsonb_array_elements(coalesce(resources, '[]')) r
            where r ->> 'environment' is null or lower(r ->> 'environment')
                = any (array(select jsonb_array_elements_text(current_setting('changegate.production')::jsonb)))
            group by 1) counted) as services
from listed
