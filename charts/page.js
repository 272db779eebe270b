// The tabs, and the way of a drawing onto paper.
function show() {
  const pages = [...document.querySelectorAll("main > section")];
  const name = location.hash.slice(1).split("?")[0];
  const page = pages.find((section) => section.dataset.page === name) || pages[0];
  pages.forEach((section) => section.classList.toggle("current", section === page));
  document.querySelectorAll("nav a").forEach((link) => {
    const here = link.hash === "#" + page.dataset.page;
    link.classList.toggle("current", here);
    link.setAttribute("aria-current", here ? "page" : "false");
  });
  window.scrollTo(0, 0);
}
document.querySelector("main").classList.add("tabbed");
addEventListener("hashchange", show);
show();

// What a sheet of A4 takes of a drawing that is as wide as its 190 mm, of 276 mm.
const SHEET = 276 / 190;

// A browser cuts a drawing where the sheet ends. Here it ends between two charts instead, so each
// sheet shows a part of the drawing; one that is higher than a sheet is made smaller.
function sheets(drawing) {
  const scale = drawing.viewBox.baseVal.width / drawing.getBoundingClientRect().width;
  const top = drawing.getBoundingClientRect().top;
  const blocks = [...drawing.querySelectorAll("[data-chart-id], [data-authored-kind=header]")]
    .filter((block) => !block.parentElement.closest("[data-chart-id]"))
    .map((block) => {
      const { y } = block.getBoundingClientRect();
      const height = Number(block.dataset.chartHeight ?? block.getBBox().height);
      const start = (y - top) * scale;
      return [start, start + height];
    })
    .sort(([one], [other]) => one - other);
  const rows = [];
  for (const [start, end] of blocks) {
    const row = rows.at(-1);
    if (row && start < row[1] - 1) row[1] = Math.max(row[1], end);
    else rows.push([start, end]);
  }
  const room = drawing.viewBox.baseVal.width * SHEET;
  const parts = [];
  for (const [start, end] of rows) {
    const part = parts.at(-1);
    if (part && end - part[0] <= room) part[1] = end;
    else parts.push([part ? start : 0, end]);
  }
  return parts;
}

addEventListener("beforeprint", () => {
  const board = document.querySelector("section.current .wide");
  if (!board) return;
  const drawing = board.querySelector("svg");
  board.classList.add("measured");
  const width = drawing.viewBox.baseVal.width;
  const shown = document.createElement("div");
  shown.className = "printed";
  for (const [start, end] of sheets(drawing)) {
    const sheet = drawing.cloneNode(false);
    sheet.setAttribute("viewBox", `0 ${start - 4} ${width} ${end - start + 8}`);
    sheet.removeAttribute("width");
    sheet.removeAttribute("height");
    const use = document.createElementNS(sheet.namespaceURI, "use");
    use.setAttribute("href", `#${drawing.querySelector(":scope > g[id]").id}`);
    sheet.append(use);
    shown.append(sheet);
  }
  board.after(shown);
});
addEventListener("afterprint", () => {
  document.querySelectorAll(".printed").forEach((shown) => shown.remove());
  document.querySelectorAll(".measured").forEach((board) => board.classList.remove("measured"));
});
