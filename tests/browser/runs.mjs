// Runs for the browser: made by the built program from plain exports that are written here.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const PROGRAM = path.join(target, process.env.G_GREMLIN_PROFILE ?? "debug", "g-gremlin");
const HOSTILE = ["<img src=x onerror=hit=1>", "</script><script>hit=1</script>", "<b><i>bold</i></b>", "{{hit=1}} ${hit=1}", "&lt;b&gt; &amp;"];

function gremlin(args, cwd) {
  const { status, stderr } = spawnSync(PROGRAM, ["zendesk", "drift", ...args], { cwd, encoding: "utf8", env: { PATH: process.env.PATH } });
  if (status !== 0) throw new Error(`${args.join(" ")}: exit ${status}\n${stderr}`);
}

const id = (number) => `${String(number).padStart(15, "0").replace(/^000/, "001")}AAA`;
const csv = (rows) => rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n") + "\n";

/** Writes an export: accounts as [name, domain], and orgs, users and memberships as Zendesk has them. */
function write(folder, accounts, { orgs = [], users = [], memberships = [] }) {
  fs.mkdirSync(folder, { recursive: true });
  const lines = (name, records) => fs.writeFileSync(path.join(folder, `${name}.ndjson`), records.map((record) => JSON.stringify(record) + "\n").join(""));
  fs.writeFileSync(path.join(folder, "accounts.csv"), csv([["sf_account_id", "account_name", "account_domains"], ...accounts.map(([name, domain], at) => [id(at + 1), name, domain])]));
  lines("organizations", orgs);
  lines("users", users);
  lines("organization_memberships", memberships);
  lines("tickets", []);
  fs.writeFileSync(path.join(folder, "account_settings.json"), '{"settings":{"user":{"multiple_organizations":true}}}');
  fs.writeFileSync(
    path.join(folder, "drift.yml"),
    "version: 1\nzendesk:\n  subdomain: acme\nsalesforce:\n  instance_url: https://acme.my.salesforce.com\n  accounts_csv: accounts.csv\n",
  );
}

function audit(folder, day, more = []) {
  gremlin(["audit", "--config", "drift.yml", "--snapshot", ".", "--out", "out", "--as-of", `${day}T08:00:00Z`, ...more], folder);
  return folder;
}

const runs = (out) => fs.readdirSync(out).filter((name) => name.endsWith("_audit")).sort().map((name) => path.join(out, name));

/** The newest run folder beside a report. */
export const newestRun = (out) => runs(out).at(-1);

/** Writes report.html of the newest run of a world, compared with the one before; the result is the file. */
export function reportOf(folder) {
  const out = path.join(folder, "out");
  const [newest, earlier] = runs(out).reverse();
  gremlin(["report", "--config", "drift.yml", "--to", "html", newest, ...(earlier ? ["--baseline", earlier] : [])], folder);
  return path.join(out, "report.html");
}

/** Three runs of a world in which every risk, several codes, statuses and reasons occur, some with hostile names; the last run has
 * one issue more than the one before. */
export function smallWorld(folder, { hostile = true } = {}) {
  const accounts = [["Alpha", "alpha.example"], ["Beta", "beta.example"], ["Gamma", "gamma.example"], ["Delta", "delta.example"], ["Epsilon", "epsilon.example"]];
  for (const [at, name] of (hostile ? HOSTILE : []).entries()) accounts.push([name, `hostile${at}.example`]);
  const org = (number, name, external_id, domain_names) => ({ id: number, name, external_id, domain_names, shared_tickets: number === 103, updated_at: "2026-01-05T00:00:00Z" });
  const user = (number, email, organization_id) => ({ id: number, role: "end-user", active: true, suspended: false, verified: true, email, organization_id, updated_at: "2026-01-05T00:00:00Z" });
  const member = (number, user_id, organization_id) => ({ id: number, user_id, organization_id, default: true, updated_at: "2026-01-05T00:00:00Z" });
  const orgs = [
    org(101, "Alpha", id(1), ["alpha.example"]),
    org(102, "Alpha again", id(1), []),
    org(103, "Beta", null, ["beta.example"]),
    org(104, "Gamma", id(3), []),
    org(105, "Delta", "001000000000999AAA", ["delta.example"]),
    org(106, "Epsilon", id(5), ["epsilon.example"]),
  ];
  const users = [user(201, "a@alpha.example", 101), user(202, "e@epsilon.example", null), user(203, "b@beta.example", 106)];
  const memberships = [member(301, 201, 101), member(302, 203, 106)];
  write(folder, accounts, { orgs, users: users.slice(0, 1).concat(users.slice(2)), memberships });
  audit(folder, "2026-02-01");
  audit(folder, "2026-02-02", ["--baseline", newestRun(path.join(folder, "out"))]);
  write(folder, accounts, { orgs, users, memberships });
  return audit(folder, "2026-02-03", ["--baseline", newestRun(path.join(folder, "out"))]);
}

/** A run with this many findings: as many accounts that have no org. */
export function largeWorld(folder, findings) {
  const accounts = Array.from({ length: findings }, (_, at) => [`Customer ${at}`, `customer${at}.example`]);
  write(folder, accounts, {});
  return audit(folder, "2026-02-01");
}
