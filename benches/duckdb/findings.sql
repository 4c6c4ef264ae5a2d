-- The findings of an audit, computed by DuckDB from the same CSV and NDJSON files: the yardstick for speed and memory.
--
-- Set before, as variables: `folder` (the world), `personal` (the list of personal domains), `as_of`, and `findings`
-- (the CSV to write). Every rule that decides whether there is a finding is here; what a finding is worth (risk, status, plan,
-- hashes, explanations) is not. The data must be plain: a domain is normalized by `lower(trim())`, a Salesforce id is
-- compared by its first 15 characters, no record comes twice or has a `deleted_at`, and the
-- configuration is the default one.

SET threads = 2;
SET preserve_insertion_order = false;  -- less memory; the findings are ordered at the end
SET enable_progress_bar = false;

-- A Salesforce id of 15 or 18 characters is the same record; anything else is compared without case.
CREATE MACRO account_key(id) AS
    CASE WHEN length(id) IN (15, 18) AND regexp_full_match(id, '[0-9A-Za-z]+') THEN left(id, 15) ELSE lower(id) END;

-- The reference.

CREATE TEMP TABLE personal AS
SELECT DISTINCT lower(regexp_extract(line, '^[^\s,;#]+')) AS domain  -- '' for a comment
FROM (SELECT unnest(string_split(content, chr(10))) AS line FROM read_text(getvariable('personal')));

CREATE TEMP TABLE accounts AS
SELECT
    account_key(trim(sf_account_id)) AS account,
    trim(sf_account_id) AS sf_account_id,
    coalesce(nullif(trim(zendesk_domain_override), ''), account_domains) AS domains,
    coalesce(lower(trim(zendesk_expected)), '') NOT IN ('no', 'false', 'n', '0') AS org_expected
FROM read_csv(getvariable('folder') || '/salesforce_accounts.csv', header = true, all_varchar = true);

-- Which account expects which domain; `shared` when another one does too.
CREATE TEMP TABLE expected AS
SELECT account, domain, count(*) OVER (PARTITION BY domain) > 1 AS shared
FROM (SELECT DISTINCT account, unnest(regexp_split_to_array(lower(domains), '[,;|\s]+')) AS domain FROM accounts)
WHERE domain <> '' AND domain NOT IN (FROM personal);

-- The orgs.

CREATE TEMP TABLE orgs AS
SELECT id, account_key(nullif(trim(external_id), '')) AS external_account, domain_names
FROM read_ndjson(getvariable('folder') || '/organizations.ndjson',
    columns = {id: 'BIGINT', external_id: 'VARCHAR', domain_names: 'VARCHAR[]'});

CREATE TEMP TABLE held AS
SELECT DISTINCT id AS org, lower(trim(unnest(domain_names))) AS domain FROM orgs;

-- Resolution: by external id, and for the accounts without one by the domains.

CREATE TEMP TABLE resolved AS
WITH by_id AS (
    SELECT external_account AS account, count(*) AS orgs, min(id) AS org
    FROM orgs WHERE external_account IS NOT NULL GROUP BY ALL
),
by_domain AS (
    SELECT account, count(DISTINCT org) AS orgs, min(org) AS org
    FROM expected JOIN held USING (domain)
    WHERE NOT shared AND account NOT IN (SELECT account FROM by_id)
    GROUP BY ALL
),
claims AS (
    SELECT org, count(DISTINCT account) AS accounts FROM held JOIN expected USING (domain) WHERE NOT shared GROUP BY ALL
)
SELECT
    account, sf_account_id, org_expected,
    CASE
        WHEN by_id.orgs = 1 THEN 'linked'
        WHEN by_id.orgs > 1 THEN 'duplicate'
        WHEN by_domain.orgs IS DISTINCT FROM 1 THEN 'missing'
        WHEN orgs.external_account IS NOT NULL THEN 'conflict'
        WHEN claims.accounts > 1 THEN 'contested'
        ELSE 'domain_linked'
    END AS resolution,
    coalesce(by_id.org, by_domain.org) AS org
FROM accounts
LEFT JOIN by_id USING (account)
LEFT JOIN by_domain USING (account)
LEFT JOIN orgs ON orgs.id = by_domain.org
LEFT JOIN claims ON claims.org = by_domain.org;

CREATE TEMP TABLE placed AS  -- the uniquely resolved accounts and their orgs
SELECT account, sf_account_id, org FROM resolved WHERE resolution IN ('linked', 'domain_linked');

-- What the domain of a user leads to. `accounts`: how many expect it; `orgs`: how many hold it, the expected one included.
CREATE TEMP TABLE routes AS
WITH per_domain AS (
    SELECT domain, count(*) AS accounts, any_value(account) AS account FROM expected GROUP BY domain
)
SELECT
    domain, accounts,
    CASE WHEN accounts = 1 THEN resolution END AS resolution,
    CASE WHEN accounts = 1 THEN sf_account_id END AS sf_account_id,
    CASE WHEN accounts = 1 AND resolution IN ('linked', 'domain_linked') THEN org END AS org,
    (SELECT count(*) FROM held WHERE held.domain = per_domain.domain AND held.org <> resolved.org) AS other_orgs
FROM per_domain JOIN resolved USING (account)
WHERE accounts > 1 OR resolution IN ('linked', 'domain_linked', 'duplicate');

-- The users in scope whose domain leads somewhere, and their memberships.

CREATE TEMP TABLE candidates AS
SELECT id AS user_id, domain, organization_id
FROM (
    SELECT id, organization_id, lower(trim(split_part(email, '@', -1))) AS domain
    FROM read_ndjson(getvariable('folder') || '/users.ndjson',
        columns = {id: 'BIGINT', role: 'VARCHAR', active: 'BOOLEAN', suspended: 'BOOLEAN', shared: 'BOOLEAN',
                   email: 'VARCHAR', organization_id: 'BIGINT'})
    WHERE role = 'end-user' AND active IS NOT FALSE AND suspended IS NOT TRUE AND shared IS NOT TRUE
        AND contains(email, '@')
)
SEMI JOIN routes USING (domain);

CREATE TEMP TABLE memberships AS
SELECT id, user_id, organization_id AS org, "default"
FROM read_ndjson(getvariable('folder') || '/organization_memberships.ndjson',
    columns = {id: 'BIGINT', user_id: 'BIGINT', organization_id: 'BIGINT', "default": 'BOOLEAN'})
SEMI JOIN candidates USING (user_id);

CREATE TEMP TABLE users AS
WITH chosen AS (
    SELECT user_id, arg_min(org, id) AS org FROM memberships WHERE "default" GROUP BY user_id
)
SELECT user_id, domain, coalesce(chosen.org, organization_id) AS default_org
FROM candidates LEFT JOIN chosen USING (user_id);

-- A domain whose users mostly belong to three or more other orgs is a provider's, and nobody is judged by it.
CREATE TEMP TABLE spread AS
SELECT domain
FROM users JOIN routes USING (domain) SEMI JOIN orgs ON orgs.id = default_org
WHERE routes.org IS NOT NULL
GROUP BY domain
HAVING count(*) FILTER (default_org <> routes.org) > count(*) FILTER (default_org = routes.org)
    AND count(DISTINCT default_org) FILTER (default_org <> routes.org) >= 3;

-- The verdict on each user. `expected_org` is known where tickets can be judged by it.
CREATE TEMP TABLE judged AS
WITH several AS (  -- for users whose domain several accounts expect: whose org is the default one, whose orgs they are in
    SELECT
        user_id,
        count(DISTINCT placed.account) FILTER (placed.org = default_org) AS defaults,
        count(DISTINCT placed.account) FILTER (memberships.org = placed.org) AS member_of,
        any_value(placed.sf_account_id) FILTER (memberships.org = placed.org) AS sf_account_id
    FROM users
    JOIN routes USING (domain)
    JOIN expected USING (domain)
    JOIN placed USING (account)
    LEFT JOIN memberships USING (user_id)
    WHERE routes.accounts > 1
    GROUP BY user_id
),
members AS (
    SELECT DISTINCT user_id, org FROM memberships
),
verdicts AS (
    SELECT
        user_id, domain, routes.org,
        CASE WHEN accounts = 1 THEN routes.sf_account_id WHEN member_of = 1 THEN several.sf_account_id END AS sf_account_id,
        CASE
            WHEN resolution = 'duplicate' THEN 'user_resolution_blocked_duplicate_external_id'
            WHEN accounts > 1 THEN CASE WHEN defaults = 1 THEN 'settled' ELSE 'user_domain_ambiguous' END
            WHEN other_orgs > 0 THEN CASE WHEN default_org = routes.org THEN 'settled' ELSE 'user_domain_ambiguous' END
            WHEN members.user_id IS NULL THEN 'user_missing_expected_membership'
            WHEN default_org IS DISTINCT FROM routes.org THEN 'user_default_org_not_expected'
            ELSE 'as_expected'
        END AS verdict
    FROM users
    JOIN routes USING (domain)
    LEFT JOIN several USING (user_id)
    LEFT JOIN members ON members.user_id = users.user_id AND members.org = routes.org
    WHERE domain NOT IN (FROM spread)
)
SELECT * FROM verdicts WHERE verdict <> 'settled';

-- Everything together.

COPY (
    WITH gaps AS (  -- domains that a resolved account expects alone and that its org lacks, or others have too
        SELECT
            placed.account, placed.sf_account_id, placed.org, domain,
            count(held.org) AS holders,
            count(held.org) FILTER (held.org <> placed.org) AS other_holders
        FROM placed JOIN expected USING (account) LEFT JOIN held USING (domain)
        WHERE NOT shared
        GROUP BY ALL
    ),
    tickets AS (
        SELECT id, requester_id, organization_id
        FROM read_ndjson(getvariable('folder') || '/tickets.ndjson',
            columns = {id: 'BIGINT', requester_id: 'BIGINT', organization_id: 'BIGINT', status: 'VARCHAR',
                       updated_at: 'TIMESTAMP'})
        WHERE updated_at BETWEEN getvariable('as_of')::TIMESTAMP - INTERVAL 30 DAYS AND getvariable('as_of')::TIMESTAMP
            AND status <> 'deleted'
    ),
    findings (issue_code, sf_account_id, org_id, user_id, ticket_id, domain, missing_domains) AS (
        SELECT
            CASE resolution
                WHEN 'duplicate' THEN 'org_duplicate_external_id'
                WHEN 'conflict' THEN 'org_external_id_conflict'
                WHEN 'missing' THEN 'account_missing_zendesk_org'
                ELSE 'org_missing_external_id'
            END,
            sf_account_id, CASE WHEN resolution <> 'missing' THEN org END, NULL, NULL, NULL, NULL
        FROM resolved
        WHERE resolution <> 'linked' AND (resolution <> 'missing' OR org_expected)
        UNION ALL
        SELECT 'org_missing_expected_domain', sf_account_id, org, NULL, NULL, NULL, string_agg(domain, ';' ORDER BY domain)
        FROM gaps WHERE holders = 0 GROUP BY ALL
        UNION ALL
        SELECT 'org_domain_attached_elsewhere', sf_account_id, org, NULL, NULL, domain, NULL
        FROM gaps WHERE other_holders > 0
        UNION ALL
        SELECT
            verdict, sf_account_id,
            CASE WHEN verdict IN ('user_missing_expected_membership', 'user_default_org_not_expected') THEN org END,
            user_id, NULL, domain, NULL
        FROM judged WHERE verdict <> 'as_expected'
        UNION ALL
        SELECT
            CASE WHEN org IS NULL THEN 'ticket_resolution_blocked_duplicate_external_id' ELSE 'ticket_org_mismatch' END,
            sf_account_id, org, user_id, tickets.id, domain, NULL
        FROM tickets JOIN judged ON judged.user_id = requester_id
        WHERE verdict <> 'user_domain_ambiguous' AND (org IS NULL OR organization_id IS DISTINCT FROM org)
    )
    FROM findings ORDER BY ALL
) TO (getvariable('findings')) (HEADER);
