// Draws an area on the map of listings: click, or move the cross with the arrow keys and press Enter.
const map = document.querySelector("[data-draw]");

function start() {
  const [latitude, longitude, span] = [map.dataset.latitude, map.dataset.longitude, map.dataset.span].map(Number);
  const field = document.getElementById(map.dataset.draw);
  const shape = map.querySelector("[data-shape]");
  const cross = map.querySelector("[data-cross]");
  const count = document.querySelector("[data-corners]");
  let corners = [];
  let at = [500, 320];

  // The same projection as the server's: one degree of longitude is 0.79 of one of latitude at Seoul.
  const toPlace = ([x, y]) => [latitude + ((320 - y) * span) / 1000, longitude + ((x - 500) * span) / 790];
  const toPoint = ([lat, lon]) => [500 + ((lon - longitude) * 790) / span, 320 - ((lat - latitude) / span) * 1000];

  function show() {
    shape.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
    field.value = corners.length > 2 ? JSON.stringify(corners.map(toPlace).map((p) => p.map((n) => Number(n.toFixed(6))))) : "";
    count.textContent = corners.length;
  }

  function add(point) {
    if (corners.length < 60) corners.push(point.map((number) => Math.round(number * 10) / 10));
    show();
  }

  map.addEventListener("click", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    add([point.x, point.y]);
  });
  map.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] }[event.key];
    if (step) at = [Math.min(Math.max(at[0] + step[0], 0), 1000), Math.min(Math.max(at[1] + step[1], 0), 640)];
    else if (event.key === "Enter") add(at);
    else if (event.key === "Backspace") { corners.pop(); show(); } else return;
    event.preventDefault();
    cross.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
  });
  document.querySelector("[data-clear-area]").addEventListener("click", () => { corners = []; show(); });
  if (field.value) corners = JSON.parse(field.value).map(toPoint);
  show();
}

if (map) start();
