-- Decisions about a change, once each, with their lists put back. The statement of a signed record lies in an envelope,
-- base64. Settings say what is asked, since a statement that makes a table takes no parameters: `changegate.since`, a
-- second or nothing, `changegate.production`, the environments that are counted, as JSON, and `changegate.plain`, how an
-- instant is written as a rule. Others (`told`, `odd`) are left to the program, so that there is one reader of instants:
-- a cast would take `yesterday` for one. A decision that lacks what the program needs of it has no instant (`at`), and
-- a list that lies beside the log and is not there is named (`gone`).
--
-- `offset '0'`: otherwise a record is parsed, and looked through, anew for every mention of its statement, many times as
-- long. `materialized` would prevent it, too, but copies each statement and keeps other processes from helping, and so
-- does a plain 0, which is a call that makes a bigint of it.
create temporary table tally on commit drop as
with leaf as (
    select r.index,
        case when substr(r.leaf, 1, 10) = '{"payload"'::bytea
            then decode(convert_from(r.leaf, 'UTF8')::jsonb ->> 'payload', 'base64')
            else r.leaf
        end as payload
    from changegate.record r where r.leaf is not null
), statement as (
    select index, convert_from(payload, 'UTF8')::jsonb as s from leaf offset '0'
), shaped as (
    -- A filter looks into a list by itself: what must be text is asked for its type without one.
    select index, case when jsonb_path_exists(s, '$ ? (
        (!exists(@.subject) || @.subject.type() == "array" && !exists(@.subject[*] ? (
            !(@.digest.type() == "object") || exists(@.digest.gitCommit)
                && !(@.digest.gitCommit.type() == "string" || @.digest.gitCommit.type() == "null"))))
        && @.predicate.type() == "object"
        && @.predicate.id.type() == "string"
        && @.predicate.stage.type() == "string"
        && @.predicate.decision.type() == "string"
        && @.predicate.when.judged_at.type() == "string"
        && (!exists(@.predicate.kind) || @.predicate.kind.type() == "string" || @.predicate.kind.type() == "null")
        && (!exists(@.predicate.mode) || @.predicate.mode.type() == "string" || @.predicate.mode.type() == "null")
        && @.predicate.what.type() == "object"
        && (!exists(@.predicate.what.change)
            || @.predicate.what.change.type() == "string" || @.predicate.what.change.type() == "null")
        && (!exists(@.predicate.what.change_digest)
            || @.predicate.what.change_digest.type() == "string" || @.predicate.what.change_digest.type() == "null")
        && (!exists(@.predicate.what.resources) || @.predicate.what.resources.sha256.type() == "string"
            || @.predicate.what.resources.type() == "array" && !exists(@.predicate.what.resources[*] ? (
                !(@.type() == "object")
                || exists(@.service) && !(@.service.type() == "string" || @.service.type() == "null")
                || exists(@.environment) && !(@.environment.type() == "string" || @.environment.type() == "null"))))
        && (!exists(@.predicate.why) || @.predicate.why.sha256.type() == "string"
            || @.predicate.why.type() == "array" && !exists(@.predicate.why[*] ? (
                !(@.id.type() == "string" && @.verdict.type() == "string")
                || exists(@.evaluations) && !(@.evaluations >= 0)
                || exists(@.findings) && !(@.findings.type() == "array")
                || exists(@.findings[*] ? (!(@.status.type() == "string"))))))
        && (!exists(@.predicate.used) || @.predicate.used.type() == "object")
        && (!exists(@.predicate.used.waivers) || @.predicate.used.waivers.type() == "array")
        && (!exists(@.predicate.used.approvals) || @.predicate.used.approvals.sha256.type() == "string"
            || @.predicate.used.approvals.type() == "array" && !exists(@.predicate.used.approvals[*] ? (
                !(@.type() == "object")
                || exists(@.valid) && !(@.valid.type() == "boolean")
                || exists(@.at) && !(@.at.type() == "string" || @.at.type() == "null")))))')
        then s end as s
    from statement
    where jsonb_typeof(s #> '{predicate,kind}') is distinct from 'string' or s #>> '{predicate,kind}' = 'decision'
    offset '0'
), decision as (
    select index, s -> 'predicate' as p, told,
        (select e -> 'digest' ->> 'gitCommit' from jsonb_array_elements(s -> 'subject') e
            where e -> 'digest' ->> 'gitCommit' is not null limit 1) as head,
        -- Whole seconds: the database rounds what is finer than its clock.
        case when told ~ current_setting('changegate.plain')
            then extract(epoch from (substr(told, 1, 19) || 'Z')::timestamptz)::bigint end as at
    from (select index, s, s #>> '{predicate,when,judged_at}' as told from shaped) told
    where s is null or s #>> '{predicate,stage}' <> 'commit'
        and (s #>> '{predicate,mode}' = 'difference' or s #>> '{predicate,what,change}' is not null)
), listed as (
    select index, p, head, at, told,
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
    where coalesce(at >= nullif(current_setting('changegate.since'), '')::bigint, true)
    offset '0'
)
select index, at, head, why, told,
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
    (select max(case when a ->> 'at' ~ current_setting('changegate.plain')
            then extract(epoch from (substr(a ->> 'at', 1, 19) || 'Z')::timestamptz)::bigint end)
        from jsonb_array_elements(approvals) a where a ->> 'valid' = 'true') as approved,
    (select array_agg(a ->> 'at') from jsonb_array_elements(approvals) a
        where a ->> 'valid' = 'true' and a ->> 'at' !~ current_setting('changegate.plain')) as odd,
    case when resources is null and jsonb_typeof(p #> '{what,resources}') = 'object' then p #>> '{what,resources,sha256}'
        when why is null and jsonb_typeof(p -> 'why') = 'object' then p #>> '{why,sha256}'
        when approvals is null and jsonb_typeof(p #> '{used,approvals}') = 'object' then p #>> '{used,approvals,sha256}'
    end as gone,
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
