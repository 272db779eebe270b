// The list of customers, what each of them did, and the ways that lead there from the drawings.
const DataTable = window.DataTable;
const found = JSON.parse(document.getElementById("customer-list").textContent);
const [list, person] = document.querySelectorAll('section[data-page="customers"] > div');
const filters = list.querySelector("form.filters");
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const forecasts = ["Value in a year", "Chance to buy"];
const share = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1 });
const written = { Orders: whole, Spend: money, "Value in a year": money, "Chance to buy": share };
const plain = DataTable.render.text().display;
const wayTo = (words) => `customers?${new URLSearchParams(words)}`;

// What is shown is text, never HTML: an id may be anything. Sorting and files take the value.
function column(label, index) {
  const words = found.words[label];
  return {
    title: label,
    data: (row) => (words ? words[row[index]] : row[index]) ?? "",
    className: (written[label] ? "dt-right" : "dt-left") + (forecasts.includes(label) ? " forecast" : ""),
    type: written[label] ? "num" : "string",
    render: (value, kind) => {
      if (kind !== "display" || value === "") return value;
      if (label === "Customer") return `<a href="#${wayTo({ id: value })}">${plain(value)}</a>`;
      return written[label] ? written[label].format(value) : plain(value);
    },
    visible: (!words || words.length > 0) && !found.quiet.includes(label),
  };
}

// A spreadsheet runs what begins so. An apostrophe before it is safe in a text; an id with one is the
// id of somebody else.
const isFormula = (value) => typeof value === "string" &&
  found.formula_signs.some((sign) => value.startsWith(sign));
const harmless = (value) => isFormula(value) ? `'${value}` : value;

// The rows of the file: the first ones of what is shown, in the order in which they are shown.
let taken = new Set();

function download(event, shown, button, settings, done) {
  const most = Number(filters.elements.most.value) || Infinity;
  const places = shown.rows({ search: "applied", order: "applied" }).indexes().toArray();
  taken = new Set(places.slice(0, most));
  const formulas = [...taken].filter((place) => isFormula(found.rows[place][0])).length;
  list.querySelector(".notice").textContent = formulas === 0 ? "" :
    `There is no file: ${formulas} of these ids begin with = + - or @, which a spreadsheet runs as ` +
    "a formula. The published parquet files hold them as they are.";
  if (formulas > 0) return done();
  return DataTable.ext.buttons.csvHtml5.action.call(this, event, shown, button, settings, done);
}

const csv = (filename, action, rows) => ({
  buttons: [{
    extend: "csvHtml5",
    text: "Download as CSV",
    title: null,
    filename,
    charset: "utf-8",
    bom: true,
    exportOptions: { orthogonal: "export", columns: ":visible", rows, format: { body: harmless } },
    ...(action && { action }),
  }],
});
const language = { info: "_START_ to _END_ of _TOTAL_", infoFiltered: "(of _MAX_ listed)" };

let table;
function makeTable() {
  table = new DataTable(list.querySelector("table"), {
    data: found.rows,
    columns: found.columns.map(column),
    order: [[found.columns.indexOf("Value in a year"), "desc"]],
    pageLength: 25,
    autoWidth: false,
    deferRender: true,
    search: { caseInsensitive: true },
    layout: { topStart: csv("customers", download, (place) => taken.has(place)), topEnd: { search: { placeholder: "id or word" } } },
    language,
  });
}

// #customers?Segment=At%20Risk is the list of that segment.
function wanted() {
  const [page, words = ""] = location.hash.slice(1).split("?");
  return page === "customers" ? new URLSearchParams(words) : null;
}

function applyFilters() {
  for (const choice of filters.querySelectorAll("select")) {
    const index = found.columns.indexOf(choice.name);
    if (found.quiet.includes(choice.name)) choice.parentElement.hidden = choice.value === "";
    // A customer may be in several audiences, whose names share a cell.
    if (choice.name === "Audience") {
      const pattern = choice.value && `(^|, )${DataTable.util.escapeRegex(choice.value)}(, |$)`;
      table.column(index).search(pattern, { regex: true, smart: false });
    } else {
      table.column(index).search(choice.value, { exact: choice.value !== "" });
    }
  }
  table.draw();
}

// One customer: the row of the list in words, and their months.
const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const dayOf = (text) => dayName.format(new Date(text));

function monthsOf(place) {
  const [path, , ...cells] = found.histories[place];
  const done = new Map();
  for (let at = 0; at < cells.length; at += 3)
    done.set(found.months[cells[at]], [cells[at + 1], cells[at + 2]]);
  const steps = [];
  for (let at = 0; at < found.paths[path].length; at += 2)
    steps.push([found.dates[found.paths[path][at]].slice(0, 7), found.segments[found.paths[path][at + 1]]]);
  const rows = [];
  const last = found.as_of_date.slice(0, 7);
  for (let month = [...done.keys()].sort()[0]; month <= last;) {
    const [orders, spend] = done.get(month) ?? [0, 0];
    rows.push([month, orders, spend, steps.filter(([date]) => date <= month).at(-1)?.[1] ?? ""]);
    const [year, number] = month.split("-").map(Number);
    month = new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
  }
  return rows.reverse();
}

function isCut(month) {
  const next = new Date(new Date(found.as_of_date).getTime() + 864e5);
  return found.as_of_date.startsWith(month) && next.getUTCDate() !== 1;
}

function spendBar(spend, most) {
  const width = most > 0 ? Math.max(0, Math.round(100 * spend / most)) : 0;
  return `<span class="bar" style="width: ${width}px"></span>${money.format(spend)}`;
}

let months;
function showPerson(id) {
  const place = found.rows.findIndex((row) => row[0] === id);
  const values = {};
  found.columns.forEach((label, index) => {
    const value = place < 0 ? null : found.rows[place][index];
    values[label] = found.words[label] && value !== null ? found.words[label][value] : value;
  });
  const say = (selector, text) => { person.querySelector(selector).textContent = text; };
  say("h1", `Customer ${id}`);
  say(".notice", place < 0 ? "This page's list does not hold this customer; the table customers does, if " +
    "the id is right." : "");
  say(".summary", place < 0 ? "" :
    [values.Segment, values["Value tier"], values.Cluster].filter(Boolean).join(", ") + ". " +
    `${whole.format(values.Orders)} order${values.Orders === 1 ? "" : "s"} brought ` +
    `${money.format(values.Spend)}, the last on ${dayOf(values["Last order"])}. Forecast for a year: ` +
    money.format(values["Value in a year"]) +
    (values["Chance to buy"] === null ? "." : `; chance to buy: ${share.format(values["Chance to buy"])}.`));
  const known = place >= 0 ? found.histories?.[place] : undefined;
  const reasons = place < 0 ? [] : [
    `${values.Segment}: ${found.meanings[values.Segment]}.`,
    values.Action && `${values.Action} is the playbook's action for this segment, tier and cluster, and whether they have lapsed.`,
    values["Next mailing"] && `Next mailing: ${values["Next mailing"]}.`,
    values.Audience && `May be addressed as one of: ${values.Audience}.`,
    known && found.reasons[known[1]].length > 0 &&
      `The chance to buy: ${found.reasons[known[1]].join(", ")}.`,
  ].filter(Boolean);
  person.querySelector(".reasons").replaceChildren(...reasons.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  months?.destroy();
  months = undefined;
  person.querySelector("table").replaceChildren();
  if (place >= 0 && !known)
    say(".notice", `The months of this customer are not on the page, which holds those of the first ` +
      `${whole.format(found.histories?.length ?? 0)} of the list.`);
  if (!known) return;
  const rows = monthsOf(place);
  const most = Math.max(...rows.map((row) => row[2]));
  months = new DataTable(person.querySelector("table"), {
    data: rows,
    columns: [
      { title: "Month", type: "string", render: (value, kind) => kind !== "display" ? value :
        monthName.format(new Date(value)) + (isCut(value) ? ` (until ${dayOf(found.as_of_date)})` : "") },
      { title: "Orders", type: "num", className: "dt-right" },
      { title: "Spend", type: "num", className: "dt-right", render: (value, kind) =>
        kind === "display" ? spendBar(value, most) : value },
      { title: "Segment at its end", type: "string", render: (value, kind) =>
        kind === "display" ? plain(value) : value },
    ],
    order: [[0, "desc"]],
    pageLength: 36,
    searching: false,
    lengthChange: false,
    paging: rows.length > 36,
    layout: { topStart: csv("customer_months"), topEnd: null },
    language,
  });
}

function showList() {
  const words = wanted();
  if (!words) return;
  const id = words.get("id");
  list.hidden = id !== null;
  person.hidden = id === null;
  if (id !== null) return showPerson(id);
  if (!table) makeTable();
  for (const choice of filters.querySelectorAll("select")) choice.value = words.get(choice.name) ?? "";
  // What was searched for before has nothing to do with where a link leads.
  table.search("");
  applyFilters();
}

filters.addEventListener("change", () => {
  const words = new URLSearchParams();
  for (const choice of filters.querySelectorAll("select"))
    if (choice.value) words.set(choice.name, choice.value);
  history.replaceState(null, "", `#customers?${words}`);
  applyFilters();
});
filters.addEventListener("reset", () => setTimeout(() => {
  history.replaceState(null, "", "#customers");
  table.search("");
  applyFilters();
}));

// A part of a drawing may name the column and the value of its list, or several: Cluster|Core|Action|…
function lead(element, way, name) {
  const go = () => { location.hash = wayTo(way); };
  element.classList.add("way");
  element.setAttribute("role", "link");
  element.setAttribute("tabindex", "0");
  element.setAttribute("aria-label", `${name}: list of customers`);
  element.addEventListener("click", go);
  element.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
}

const isListed = (way) => Object.entries(way).every(([label, value]) =>
  label === "Audience" || found.words[label]?.includes(value));
const drawings = "main > section:not([data-page=customers]) svg";
for (const part of document.querySelectorAll(`${drawings} [data-way]:not([data-way=""])`)) {
  const words = part.dataset.way.split("|");
  const way = {};
  for (let at = 0; at < words.length; at += 2) way[words[at]] = words[at + 1];
  const name = part.querySelector(":scope > title")?.textContent ?? part.textContent.trim();
  if (isListed(way)) lead(part, way, name);
}

// A drawing names a group alone, or with its size or share after it; two pages have words of their own.
const ways = new Map();
for (const label of ["Action", "Cluster", "Value tier", "Segment"])
  for (const word of found.words[label] ?? []) ways.set(word, { [label]: word });
for (const word of found.audiences) ways.set(word, { Audience: word });
const own = {
  overview: { Rose: { Moved: "rose" }, Slipped: { Moved: "slipped" } },
  act: {
    "To be written to": { "Next mailing": "to be written to" },
    "Written to": { "Next mailing": "to be written to" },
    "Held out": { "Next mailing": "held out" },
  },
};
for (const text of document.querySelectorAll(`${drawings} text`)) {
  const word = text.textContent.trim().replace(/ [\d,.]+%?$/, "");
  const way = own[text.closest("section").dataset.page]?.[word] ?? ways.get(word);
  if (way && isListed(way) && !text.closest(".way, [data-way='']")) lead(text, way, word);
}

addEventListener("hashchange", showList);
showList();
