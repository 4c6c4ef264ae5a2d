// The interactive part of report.html. All data is in the page; texts reach the document as text alone, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 200;
  const RISKS = ["critical", "high", "medium"];
  const number = new Intl.NumberFormat("en-US");
  const make = (name, options = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(options)) {
      if (key === "class") element.className = value;
      else if (key === "on") for (const [event, action] of Object.entries(value)) element.addEventListener(event, action);
      else element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const link = (base, path, text) =>
    base ? make("a", { href: base + path, rel: "noreferrer noopener", target: "_blank" }, text) : text;
  const org = (id) => link(data.zendesk, "/agent/organizations/" + id, "org " + id);
  const user = (id) => link(data.zendesk, "/agent/users/" + id, "user " + id);
  const ticket = (id) => link(data.zendesk, "/agent/tickets/" + id, "ticket " + id);

  // One entry per account; the issues of no single account are the last.
  const accounts = data.accounts.map(([id, name], at) => ({ at, id, name, issues: [], prepared: 0, blocked: 0, counts: [0, 0, 0] }));
  for (const issue of data.issues) {
    const account = accounts[issue.a];
    account.issues.push(issue);
    if (issue.s !== "suppressed") account.counts[RISKS.indexOf(data.codes[issue.c].risk)] += 1;
  }
  for (const action of data.plan) accounts[action.a].prepared += 1;
  for (const at of data.blocked) accounts[at].blocked += 1;
  const open = (account) => account.counts[0] + account.counts[1] + account.counts[2];

  const filters = { search: "", code: "", risk: "", status: "", reason: "" };
  let sort = { key: "worst", descending: false };
  let shown = PAGE;
  const keys = {
    worst: (a, b) => b.counts[0] - a.counts[0] || b.counts[1] - a.counts[1] || b.counts[2] - a.counts[2] || b.blocked - a.blocked || a.at - b.at,
    id: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    name: (a, b) => a.name.localeCompare(b.name, "en"),
    issues: (a, b) => open(b) - open(a) || a.at - b.at,
    prepared: (a, b) => b.prepared - a.prepared || a.at - b.at,
    blocked: (a, b) => b.blocked - a.blocked || a.at - b.at,
  };
  const matchesIssue = (issue) =>
    (!filters.code || issue.c === filters.code) &&
    (!filters.risk || data.codes[issue.c].risk === filters.risk) &&
    (!filters.status || issue.s === filters.status) &&
    (!filters.reason || issue.b === filters.reason);
  const text = (account) => (account.id + "\n" + account.name).toLowerCase();
  const issueText = (issue) => [issue.c, issue.o, issue.u, issue.t, issue.d, issue.e, issue.i].join("\n").toLowerCase();
  const matching = (account) => {
    const issues = account.issues.filter(matchesIssue);
    if (!filters.search || text(account).includes(filters.search)) return issues;
    return issues.filter((issue) => issueText(issue).includes(filters.search));
  };

  const body = document.getElementById("accounts");
  const status = document.getElementById("count");
  const more = document.getElementById("more");

  const finding = (issue) => {
    const code = data.codes[issue.c];
    const about = [issue.o && org(issue.o), issue.u && user(issue.u), issue.t && ticket(issue.t), issue.d && make("code", {}, issue.d)];
    const line = make("div", {}, make("code", {}, issue.c), " ", make("span", { class: code.risk }, code.risk), ", " + issue.s.replace("_", " "));
    for (const part of about) if (part) line.append(", ", part);
    if (issue.n) line.append(" ", make("b", {}, "new"));
    const block = make("div", { class: "finding" }, line, make("div", {}, issue.e));
    if (issue.b) block.append(make("div", {}, "Blocked: ", make("code", {}, issue.b), ". " + data.reasons[issue.b].title + ". " + data.reasons[issue.b].what));
    if (issue.p) block.append(make("div", {}, "Suppressed: " + issue.p));
    if (issue.x) block.append(make("div", {}, "Actions: " + issue.x));
    if (!issue.b && !issue.p) block.append(make("div", { class: "dim" }, code.what));
    return block;
  };

  const row = (account, issues) => {
    const detail = make("tr", { class: "detail", hidden: "" });
    const toggle = make("button", { type: "button", "aria-expanded": "false" }, account.name);
    const show = () => {
      const expanded = toggle.getAttribute("aria-expanded") === "true";
      toggle.setAttribute("aria-expanded", String(!expanded));
      detail.hidden = expanded;
      if (!expanded && !detail.firstChild) {
        const cell = make("td", { colspan: "6" });
        if (account.id && data.salesforce) cell.append(link(data.salesforce, "/" + encodeURIComponent(account.id), "Open the account in Salesforce"));
        for (const issue of issues.slice(0, PAGE)) cell.append(finding(issue));
        if (issues.length > PAGE) cell.append(make("p", {}, number.format(issues.length - PAGE) + " more are in all_exceptions.csv."));
        detail.append(cell);
      }
    };
    toggle.addEventListener("click", show);
    const worst = RISKS[account.counts.findIndex((count) => count > 0)] || "";
    const cells = [
      make("td", {}, make("code", {}, account.id)),
      make("td", {}, toggle),
      make("td", { class: worst }, worst || "none open"),
      make("td", { class: "n" }, number.format(issues.length)),
      make("td", { class: "n" }, number.format(account.prepared)),
      make("td", { class: "n" }, number.format(account.blocked)),
    ];
    return [make("tr", {}, ...cells), detail];
  };

  const render = () => {
    const found = [];
    for (const account of accounts) {
      const issues = matching(account);
      if (issues.length > 0) found.push([account, issues]);
    }
    found.sort(([a], [b]) => (sort.descending ? keys[sort.key](b, a) : keys[sort.key](a, b)));
    const rows = [];
    for (const [account, issues] of found.slice(0, shown)) rows.push(...row(account, issues));
    body.replaceChildren(...rows);
    const total = found.reduce((sum, [, issues]) => sum + issues.length, 0);
    const count = Math.min(shown, found.length);
    status.textContent = number.format(total) + " findings in " + number.format(found.length) + " accounts; " + number.format(count) + " accounts are shown.";
    more.hidden = count === found.length;
  };

  const changed = () => {
    shown = PAGE;
    render();
  };
  let timer = 0;
  for (const name of Object.keys(filters)) {
    const control = document.getElementById(name);
    control.addEventListener(name === "search" ? "input" : "change", () => {
      filters[name] = name === "search" ? control.value.trim().toLowerCase() : control.value;
      clearTimeout(timer);
      timer = setTimeout(changed, name === "search" ? 120 : 0);
    });
  }
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("reset").addEventListener("click", () => {
    for (const name of Object.keys(filters)) {
      filters[name] = "";
      document.getElementById(name).value = "";
    }
    changed();
  });
  more.addEventListener("click", () => {
    shown += PAGE;
    render();
  });
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => {
      const key = button.dataset.sort;
      sort = { key, descending: sort.key === key && !sort.descending };
      for (const other of document.querySelectorAll("[data-sort]")) other.closest("th").removeAttribute("aria-sort");
      button.closest("th").setAttribute("aria-sort", sort.descending ? "descending" : "ascending");
      render();
    });
  }
  document.getElementById("interactive").hidden = false;
  render();
})();
