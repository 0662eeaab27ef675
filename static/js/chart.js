// Draws plotly figures with the design tokens; plotly itself is loaded once, from this server, when a page has a chart.
import { language, readJson } from "./dom.js";

let loading = null;
const drawn = new Map();

/** Names of days and months from the browser: plotly itself brings English only. */
function speakOurLanguage(library) {
  const names = (options, dates) => dates.map((date) => new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(date));
  const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2026, 1, 1 + day))); // 1 February 2026 is a Sunday.
  const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 1)));
  library.register({
    moduleType: "locale",
    name: language,
    dictionary: {},
    format: {
      days: names({ weekday: "long" }, days),
      shortDays: names({ weekday: "short" }, days),
      months: names({ month: "long" }, months),
      shortMonths: names({ month: "short" }, months),
      // Ours replaces plotly's own English entry too, so it has to be complete.
      date: "%Y-%m-%d",
      dateTime: "%Y-%m-%d %H:%M:%S",
      time: "%H:%M:%S",
      // What stands under a time axis.
      year: "%Y",
      month: language === "ko" ? "%Y년 %b" : "%b %Y",
      dayMonth: language === "ko" ? "%b %-d일" : "%b %-d",
      dayMonthYear: language === "ko" ? "%Y년 %b %-d일" : "%b %-d, %Y",
      periods: ["AM", "PM"],
      decimal: ".",
      thousands: ",",
      grouping: [3],
      currency: ["", ""],
    },
  });
}

function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../vendor/plotly.min.js", import.meta.url).href;
    script.onload = () => {
      speakOurLanguage(window.Plotly);
      resolve(window.Plotly);
    };
    script.onerror = () => reject(new Error(gettext("The chart library could not be loaded.")));
    document.head.append(script);
  });
  return loading;
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function theme() {
  const axis = { gridcolor: token("--line"), linecolor: token("--line-strong"), zerolinecolor: token("--line-strong"), tickcolor: token("--line-strong"), automargin: true };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("--font"), size: 12, color: token("--ink-soft") },
    colorway: [1, 2, 3, 4, 5, 6].map((n) => token(`--series-${n}`)),
    margin: { l: 44, r: 12, t: 12, b: 36 },
    hoverlabel: { bgcolor: token("--surface-overlay"), bordercolor: token("--line-strong"), font: { color: token("--ink") } },
    legend: { orientation: "h", y: 1.14, x: 0 },
    xaxis: axis,
    yaxis: axis,
  };
}

function merge(base, extra) {
  const result = { ...base };
  for (const [key, value] of Object.entries(extra ?? {}))
    result[key] = value && typeof value === "object" && !Array.isArray(value) && base[key] ? merge(base[key], value) : value;
  return result;
}

/** Draws (or redraws) traces into an element; colours written as `var(--name)` are read from the tokens. */
export async function draw(element, data, layout = {}) {
  const library = await plotly();
  drawn.set(element, [data, layout]);
  const resolved = JSON.parse(JSON.stringify(data), (_, value) =>
    typeof value === "string" && value.startsWith("var(--") ? token(value.slice(4, -1)) : value,
  );
  const shapes = JSON.parse(JSON.stringify(layout), (_, value) =>
    typeof value === "string" && value.startsWith("var(--") ? token(value.slice(4, -1)) : value,
  );
  const full = merge(theme(), shapes);
  for (const key of Object.keys(full)) if (/^[xy]axis\d+$/.test(key)) full[key] = merge(theme().xaxis, full[key]);
  element.classList.remove("skeleton");
  await library.react(element, resolved, full, { displayModeBar: false, responsive: true, locale: language });
}

function redraw() {
  for (const [element, [data, layout]] of drawn) if (element.isConnected) draw(element, data, layout);
}

document.addEventListener("portal:theme", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

/** Draws every `data-chart` element below `root` once it comes into view. */
export function initCharts(root) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      const figure = readJson(entry.target.dataset.chart);
      if (figure) draw(entry.target, figure.data, figure.layout);
    }
  }, { rootMargin: "200px" });
  for (const element of root.querySelectorAll("[data-chart]:not([data-ready])")) {
    element.dataset.ready = "";
    seen.observe(element);
  }
}
