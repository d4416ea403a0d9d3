-- The audit log of changegate in PostgreSQL 14 or later. Run by `changegate audit init` in one transaction.
--
-- Records are appended by one function, which takes the next index under a lock and computes the Merkle root (RFC 6962
-- §2.1) itself: a client that may execute it can add records and nothing else. Triggers that fire always refuse to
-- change or remove what is there, for the owner as for superusers.

create schema changegate;
revoke all on schema changegate from public;

create table changegate.record (
    index bigint primary key check (index >= 0),
    id text not null unique check (length(id) between 1 and 200),
    idempotency_key text not null,
    hash bytea not null check (octet_length(hash) = 32),
    -- Null once it was pruned: proofs need only the hash.
    leaf bytea check (octet_length(leaf) <= 65535 and sha256('\x00'::bytea || leaf) = hash),
    root bytea not null check (octet_length(root) = 32)
);
create index on changegate.record (idempotency_key);

create table changegate.head (
    one boolean primary key default true check (one),
    size bigint not null,
    root bytea not null,
    -- Roots of the complete subtrees, from the largest.
    peaks bytea[] not null
);
insert into changegate.head values (true, 0, sha256(''::bytea), '{}');

create table changegate.part (
    sha256 bytea primary key,
    bytes bytea not null check (pg_catalog.sha256(bytes) = sha256)
);
create table changegate.disclosure (like changegate.part including all);

create function changegate.refuse() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% of changegate.% is refused', lower(tg_op), tg_table_name
        using errcode = 'restrict_violation', hint = 'The audit log is only ever appended to.';
end $$;

-- A head may only step forward, onto a record that is there.
create function changegate.step() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform from changegate.record r where r.index = old.size and r.root = new.root and new.size = old.size + 1;
    if not found then
        raise exception 'update of changegate.head is refused'
            using errcode = 'restrict_violation', hint = 'The audit log is only ever appended to.';
    end if;
    return new;
end $$;

-- A record may only lose its leaf, and only to prune().
create function changegate.lose_leaf() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if current_setting('changegate.forgetting', true) is distinct from 'leaves' or new.leaf is not null
        or (new.index, new.id, new.idempotency_key, new.hash, new.root)
            is distinct from (old.index, old.id, old.idempotency_key, old.hash, old.root)
    then
        raise exception 'update of changegate.record is refused'
            using errcode = 'restrict_violation', hint = 'The audit log is only ever appended to.';
    end if;
    return new;
end $$;

-- A disclosure may only be removed by erase().
create function changegate.lose_disclosure() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if current_setting('changegate.forgetting', true) is distinct from 'disclosures' then
        raise exception 'delete of changegate.disclosure is refused'
            using errcode = 'restrict_violation', hint = 'Append a redaction record: `changegate audit redact`.';
    end if;
    return old;
end $$;

create trigger lose_leaf before update on changegate.record for each row execute function changegate.lose_leaf();
create trigger refuse before delete or truncate on changegate.record for each statement execute function changegate.refuse();
create trigger step before update on changegate.head for each row execute function changegate.step();
create trigger refuse before insert or delete or truncate on changegate.head for each statement execute function changegate.refuse();
create trigger refuse before update or delete or truncate on changegate.part for each statement execute function changegate.refuse();
create trigger lose_disclosure before delete on changegate.disclosure for each row execute function changegate.lose_disclosure();
create trigger refuse before update or truncate on changegate.disclosure for each statement execute function changegate.refuse();
alter table changegate.record enable always trigger lose_leaf, enable always trigger refuse;
alter table changegate.head enable always trigger step, enable always trigger refuse;
alter table changegate.part enable always trigger refuse;
alter table changegate.disclosure enable always trigger lose_disclosure, enable always trigger refuse;

-- Appends a record, unless its id is known, and says where it stands and on what tree it was put.
create function changegate.append(
    p_id text, p_key text, p_leaf bytea, p_parts bytea[], p_disclosures bytea[],
    out index bigint, out root bytea, out known boolean, out before bytea[]
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    tip changegate.head;
    node bytea := sha256('\x00'::bytea || p_leaf);
    leaf_hash bytea := node;
    after bytea[];
    n bigint;
begin
    if current_setting('synchronous_commit') = 'off' then
        raise exception 'synchronous_commit is off' using errcode = 'object_not_in_prerequisite_state';
    end if;
    select * into strict tip from changegate.head for update;
    select r.index, r.root into index, root from changegate.record r where r.id = p_id;
    known := found;
    if known then
        return;
    end if;
    if tip.size > 0 then
        perform from changegate.record r where r.index = tip.size - 1 and r.root = tip.root;
        if not found then
            raise exception 'the head is not that of record %', tip.size - 1 using errcode = 'data_corrupted';
        end if;
    end if;
    before := tip.peaks;
    after := tip.peaks;
    n := tip.size;
    while n & 1 = 1 loop
        node := sha256('\x01'::bytea || after[cardinality(after)] || node);
        after := trim_array(after, 1);
        n := n >> 1;
    end loop;
    after := after || node;
    root := node;
    for i in reverse cardinality(after) - 1 .. 1 loop
        root := sha256('\x01'::bytea || after[i] || root);
    end loop;
    index := tip.size;
    insert into changegate.part select sha256(b), b from unnest(p_parts) b on conflict do nothing;
    insert into changegate.disclosure select sha256(b), b from unnest(p_disclosures) b on conflict do nothing;
    insert into changegate.record values (index, p_id, p_key, leaf_hash, p_leaf, root);
    update changegate.head set size = tip.size + 1, root = append.root, peaks = after;
end $$;

-- Drops the leaves of all records below an index. The caller has appended the retention record.
create function changegate.prune(p_below bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform set_config('changegate.forgetting', 'leaves', true);
    update changegate.record r set leaf = null where r.index < p_below and r.leaf is not null;
    perform set_config('changegate.forgetting', '', true);
end $$;

-- Removes a disclosure. The caller has appended the redaction record.
create function changegate.erase(p_sha256 bytea) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform set_config('changegate.forgetting', 'disclosures', true);
    delete from changegate.disclosure d where d.sha256 = p_sha256;
    perform set_config('changegate.forgetting', '', true);
end $$;

revoke all on all tables in schema changegate from public;
revoke all on all functions in schema changegate from public;
-- The owner keeps what the functions above need.
revoke update, delete, truncate on changegate.record, changegate.part, changegate.head, changegate.disclosure from current_user;
grant update (leaf) on changegate.record to current_user;
grant update on changegate.head to current_user;
grant delete on changegate.disclosure to current_user;
comment on schema changegate is 'changegate audit log, layout 1';
