// The list of runs: two rows chosen for a comparison, a part of the strip chart as the period, and news of later runs.
import { fetchJson, formatNumber } from "./dom.js";

const form = document.getElementById("compare-form");
const button = document.getElementById("compare");
const boxes = [...(form?.querySelectorAll("[data-compare]") ?? [])];

// The oldest choice gives way to the third.
const chosen = [];
function choose(box) {
  const place = chosen.indexOf(box);
  if (place >= 0) chosen.splice(place, 1);
  if (box.checked) chosen.push(box);
  if (chosen.length > 2) chosen.shift().checked = false;
  if (button) button.disabled = chosen.length !== 2;
}
for (const box of boxes) {
  box.addEventListener("change", () => choose(box));
  if (box.checked) choose(box); // Browsers keep the ticks over a reload.
}
form?.addEventListener("submit", (event) => {
  if (chosen.length !== 2) return event.preventDefault();
  // Newest first in the list: the older run is the one that the newer is compared with.
  const [newer, older] = boxes.filter((box) => chosen.includes(box));
  form.elements.a.value = older.value;
  form.elements.b.value = newer.value;
});

const strip = document.getElementById("strip");
if (strip) {
  const brush = document.getElementById("strip-brush");
  const [from, to] = [Date.parse(strip.dataset.from), Date.parse(strip.dataset.to)];
  const at = (event) => Math.min(1000, Math.max(0, ((event.clientX - strip.getBoundingClientRect().left) / strip.clientWidth) * 1000));
  const moment = (x) => new Date(from + ((x - 12) / 976) * (to - from));
  let start = null;

  strip.addEventListener("pointerdown", (event) => {
    start = at(event);
  });
  addEventListener("pointermove", (event) => {
    if (start === null) return;
    const x = at(event);
    if (Math.abs(x - start) < 6) return;
    brush.setAttribute("x", Math.min(x, start));
    brush.setAttribute("width", Math.abs(x - start));
  });
  addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [left, right] = [Math.min(start, at(event)), Math.max(start, at(event))];
    start = null;
    if (right - left < 6 || !(to > from)) return brush.setAttribute("width", 0);
    const query = new URLSearchParams(location.search);
    query.set("from", moment(left).toISOString());
    query.set("to", moment(right).toISOString());
    for (const name of ["before", "after"]) query.delete(name);
    location.search = query.toString();
  });
  strip.addEventListener("dragstart", (event) => event.preventDefault());
}

// A bar says what came meanwhile, so that no row moves under the pointer; rows that run are told how they stand.
const bar = document.getElementById("runs-news");
const PAUSE = 4000;
const MOST_NEWS = 99;

async function lookForNews() {
  const query = new URLSearchParams(location.search);
  query.set("newest", bar.dataset.newest);
  const open = [...document.querySelectorAll("#runs [data-open]")];
  query.set("open", open.map((row) => row.dataset.run).join(","));
  const { count, rows } = await fetchJson(`${bar.dataset.url}?${query}`);
  bar.hidden = !count;
  if (count) bar.lastElementChild.textContent = count < MOST_NEWS ? interpolate(ngettext("%s new run", "%s new runs", count), [formatNumber(count)]) : gettext("Many new runs");
  for (const row of open) {
    const now = rows[row.dataset.run];
    if (!now) continue;
    for (const name of ["status", "duration"]) {
      const cell = row.querySelector(`[data-cell="${name}"]`);
      if (cell && cell.innerHTML !== now[name]) cell.innerHTML = now[name];
    }
    if (["succeeded", "failed", "cancelled"].includes(now.state)) row.removeAttribute("data-open");
  }
}

if (bar) {
  let looking = false;
  setInterval(async () => {
    if (looking || document.visibilityState !== "visible") return;
    looking = true;
    try {
      await lookForNews();
    } catch {
      // Away for a moment: the next look tells all that was missed.
    } finally {
      looking = false;
    }
  }, PAUSE);
}
