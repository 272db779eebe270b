// The list of customers, and the ways that lead to it from the drawings.
const DataTable = window.DataTable;
const found = JSON.parse(document.getElementById("customer-list").textContent);
const list = document.querySelector('section[data-page="customers"]');
const filters = list.querySelector("form.filters");
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const share = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1 });
const written = { Orders: whole, Spend: money, "Value in a year": money, "Chance to buy": share };
const plain = DataTable.render.text().display;

// What is shown is text, never HTML: an id may be anything. Sorting and files take the value.
function column(label, index) {
  const words = found.words[label];
  return {
    title: label,
    data: (row) => (words ? words[row[index]] : row[index]) ?? "",
    className: written[label] ? "dt-right" : "dt-left",
    type: written[label] ? "num" : "string",
    render: (value, kind) => {
      if (kind !== "display" || value === "") return value;
      return written[label] ? written[label].format(value) : plain(value);
    },
    visible: !words || words.length > 0,
  };
}

// A spreadsheet runs what begins so. An apostrophe before it is safe in a text; an id with one is the
// id of somebody else.
const isFormula = (value) => typeof value === "string" &&
  found.formula_signs.some((sign) => value.startsWith(sign));
const harmless = (value) => isFormula(value) ? `'${value}` : value;

function download(event, shown, button, settings, done) {
  const formulas = shown.rows({ search: "applied" }).data().toArray()
    .filter((row) => isFormula(row[0])).length;
  list.querySelector(".notice").textContent = formulas === 0 ? "" :
    `There is no file: ${formulas} of these ids begin with = + - or @, which a spreadsheet runs as ` +
    "a formula. The published parquet files hold them as they are.";
  if (formulas > 0) return done();
  return DataTable.ext.buttons.csvHtml5.action.call(this, event, shown, button, settings, done);
}

let table;
function makeTable() {
  table = new DataTable(list.querySelector("table"), {
    data: found.rows,
    columns: found.columns.map(column),
    order: [[found.columns.indexOf("Value in a year"), "desc"]],
    pageLength: 25,
    scrollX: true,
    deferRender: true,
    search: { caseInsensitive: true },
    layout: {
      topStart: {
        buttons: [{
          extend: "csvHtml5",
          text: "Download as CSV",
          title: null,
          filename: "customers",
          charset: "utf-8",
          bom: true,
          exportOptions: { orthogonal: "export", columns: ":visible", format: { body: harmless } },
          action: download,
        }],
      },
      topEnd: { search: { placeholder: "id or word" } },
    },
    language: { info: "_START_ to _END_ of _TOTAL_", infoFiltered: "(of _MAX_ listed)" },
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
    table.column(index).search(choice.value, { exact: choice.value !== "" });
  }
  table.draw();
}

function showList() {
  const words = wanted();
  if (!words) return;
  if (!table) makeTable();
  for (const choice of filters.querySelectorAll("select")) choice.value = words.get(choice.name) ?? "";
  applyFilters();
  table.columns.adjust();
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
  applyFilters();
}));

// A drawing names a group alone, or with its size or share after it.
const ways = new Map();
for (const label of ["Action", "Cluster", "Value tier", "Segment"])
  for (const word of found.words[label] ?? []) ways.set(word, label);
for (const text of document.querySelectorAll("main > section:not([data-page=customers]) svg text")) {
  const word = text.textContent.trim().replace(/ [\d,.]+%?$/, "");
  if (!ways.has(word)) continue;
  const go = () => { location.hash = `customers?${new URLSearchParams({ [ways.get(word)]: word })}`; };
  text.classList.add("way");
  text.setAttribute("role", "link");
  text.setAttribute("tabindex", "0");
  text.setAttribute("aria-label", `${word}: list of customers`);
  text.addEventListener("click", go);
  text.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
}

addEventListener("hashchange", showList);
showList();
